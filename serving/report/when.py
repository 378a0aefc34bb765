"""When they leave: how the days until leaving are spread over the scored customers, and the mean chance by horizon."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from models.bundle import CHURN, DAYS_UNTIL_LEAVING, Bundle
from models.leaving import DAYS_MAX
from serving.report.leavers import how_days_are_found
from serving.report.wording import count, percent
from serving.scoring.until_leaving import GONE, TOO_FAR

ENDS = {30.5: "within 30 days", 90.5: "31 to 90 days", 180.5: "91 to 180 days", 365.5: "181 days to a year"}
ENDS |= {730.5: "one to two years", float(DAYS_MAX): "two to five years"}  # what is below an end, above the one before


@dataclass(frozen=True)
class Group:
    """The customers whose median lies in some days."""

    days: str
    customers: str
    share: str
    of_all: float


@dataclass(frozen=True)
class HorizonLine:
    """The chance of leaving within some days, over all scored customers."""

    days: str
    mean: str
    leavers: str


@dataclass(frozen=True)
class When:
    """Everything the part on when they leave shows."""

    groups: tuple[Group, ...]
    horizons: tuple[HorizonLine, ...]
    head: str  # of what the chance by horizon is
    how: str


def gather_when(churn: Bundle, eligible: pd.DataFrame) -> When:
    """The facts about when the scored customers leave."""
    contract = churn.contract
    columns = {contract.horizon_days: CHURN} | {days: f"{CHURN}_{days}d" for days in churn.other_horizons_days}
    head = {"orders": "no order within", "subscriptions": "no subscription after", "labels": "leaves within"}[contract.told_by]
    return When(
        groups=group_by_days(eligible[DAYS_UNTIL_LEAVING[1]]),
        horizons=tuple(
            HorizonLine(
                f"{days} days" + (", the model's own" if len(columns) > 1 and days == contract.horizon_days else ""),
                percent(float(eligible[columns[days]].mean())),
                count(float(eligible[columns[days]].sum())),
            )
            for days in sorted(columns)
        ),
        head=head,
        how=how_days_are_found(contract),
    )


def group_by_days(days: pd.Series) -> tuple[Group, ...]:
    """Groups that are there; those at the ends have names of their own."""
    left = days < 0.5
    found = {GONE["en"]: int(left.sum())}
    start = 0.5
    for end, name in ENDS.items():
        found[name] = int(((days >= start) & (days < end)).sum())
        start = end
    found[TOO_FAR["en"]] = int((days >= DAYS_MAX).sum())
    found["not known"] = int(days.isna().sum())
    return tuple(Group(name, count(n), percent(n / len(days)), n / len(days)) for name, n in found.items() if n)
