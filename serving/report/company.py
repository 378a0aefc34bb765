"""The company: its figures and how they moved, its tiers and its segments, each with the customers behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.feature import Feature, Words
from features.figures import figure_values
from features.project import Project
from features.snapshots import Manifest, load_snapshot
from features.tables import EVENTS_OF_CUSTOMERS
from models.bundle import CHURN
from models.languages import writer
from models.spend import Counted
from models.tiers import Tiers
from models.value.report import Grouping, ValueReport
from serving.report.customers import Group
from serving.report.wording import count, day, money, percent
from serving.scoring.scorer import Scorer

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
NEW_DAYS, ACTIVE_DAYS = 90, 365
FIGURES = {  # title, what it is, and who is counted
    "repurchase_rate": ("Repurchase rate", "buyers who have ordered on two days or more", "ordered on two days or more"),
    "first_time_return_rate": (
        "First-time buyers who came back",
        "of those whose first order was one to two horizons ago, ordered on another day",
        "first order one to two horizons ago, and ordered on another day",
    ),
    "refund_rate": ("Refund rate", "buyers who have been given money back", "have been given money back"),
    "complaint_rate_365d": ("Complaint rate", "buyers of the last 365 days who complained", "complained in the last 365 days"),
    "csat": ("CSAT", "customers whose last score is 4 or 5, of those who answered", "last CSAT score 4 or 5"),
    "nps": ("NPS", "promoters less detractors in per cent of those who answered", "promoters"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One figure on the last date and a year or so before, and the customers it counts."""

    title: str
    says: str
    now: str
    customers: str  # of whom it speaks
    before: str  # "-" where it was not known
    group: str  # the id of who is counted


@dataclass(frozen=True)
class Part:
    """One tier or segment; `above` is the amount a tier begins above."""

    name: str
    above: str
    group: str
    customers: str
    share: str
    of_all: float
    spend_share: str
    risk: str
    value: str
    at_risk: str


@dataclass(frozen=True)
class Company:
    """Everything the section on the company shows, and the groups it links to."""

    as_of: str
    before: str  # the date compared with; empty where there is none
    figures: tuple[Line, ...]
    tiers: tuple[Part, ...]
    segments: tuple[Part, ...]
    tiers_say: str
    spend_title: str
    groups: list[Group]


def gather_company(
    project: Project,
    manifest: Manifest,
    scorer: Scorer,
    predictions: pd.DataFrame,
    snapshot: pd.DataFrame,
    value: ValueReport,
) -> Company:
    """The facts on the last date; `predictions` and `snapshot` have the same rows in the same order."""
    groups: list[Group] = [Group("all", "all known customers", np.ones(len(snapshot), dtype=bool))]
    lines = [*_counts(project, manifest, snapshot, groups), *_figures(manifest, snapshot, groups)]
    eligible = predictions["eligible"].to_numpy()
    (tiers, by_tier), (named, by_segment) = (
        _places(value.grouping(kind), kind, predictions[eligible]) for kind in ("tier", "rfm_segment")
    )
    before, above = _a_year_ago(manifest), _above(value.tiers, manifest) if value.tiers else {}
    return Company(
        as_of=day(manifest.scored_at),
        before=day(before) if before else "",
        figures=tuple(lines),
        tiers=tuple(_parts(tiers, by_tier, eligible, scorer, predictions, snapshot, groups, above)),
        tiers_say=_tiers_say(value.tiers, manifest) if value.tiers else "",
        segments=tuple(_parts(named, by_segment, eligible, scorer, predictions, snapshot, groups, {})),
        spend_title=f"share of {_said(spend)}" if (spend := Counted.net_spend(snapshot)) else "",
        groups=groups,
    )


def _counts(project: Project, manifest: Manifest, snapshot: pd.DataFrame, groups: list[Group]) -> list[Line]:
    """How many customers there are, are new, and are active."""
    known, before = len(snapshot), _a_year_ago(manifest)
    earlier = load_snapshot(project, before) if before else None
    was = "-" if earlier is None else count(len(earlier))
    lines = [Line("Known customers", who_is_known(manifest.words), count(known), count(known), was, "all")]
    for column, days, title, says in (
        ("days_since_first_order", NEW_DAYS, "New customers", f"first order in the last {NEW_DAYS} days"),
        ("days_since_last_order", ACTIVE_DAYS, "Active customers", f"an order in the last {ACTIVE_DAYS} days"),
    ):
        if column in snapshot.columns:
            members = snapshot[column].to_numpy() <= days
            groups.append(Group(title.split()[0].lower(), says, members))
            was = "-" if earlier is None else count((earlier[column] <= days).sum())
            lines.append(Line(title, says, count(members.sum()), count(known), was, groups[-1].id))
    return lines


def who_is_known(words: Words) -> str:
    """By the tables that tell it (see `features.cohort`); where there are no events, labels do alone."""
    if not any(map(words.has, EVENTS_OF_CUSTOMERS)):
        return "all who have a label of that date"
    tables = filter(words.has, (*EVENTS_OF_CUSTOMERS, "customers"))
    return f"all with a row in {' or '.join(tables)} so far"


def _figures(manifest: Manifest, snapshot: pd.DataFrame, groups: list[Group]) -> list[Line]:
    lines, before = [], _a_year_ago(manifest)
    table = pa.Table.from_pandas(snapshot.select_dtypes("number"), preserve_index=False)
    for name, values in figure_values(table, manifest.horizon_days).items():
        title, says, counted = FIGURES[name]
        if np.isnan(values).all():
            continue
        groups.append(Group(name.replace("_", "-"), counted, values > 0))
        was = manifest.cohorts[before].figures.get(name) if before else None
        now = float(np.nanmean(values))
        before_said = say_figure(name, was.value) if was else "-"
        lines.append(Line(title, says, say_figure(name, now), count(np.isfinite(values).sum()), before_said, groups[-1].id))
    return lines


def say_figure(name: str, value: float) -> str:
    """A share in per cent, the NPS with its sign.

    >>> say_figure("csat", 0.512), say_figure("nps", -0.3), say_figure("nps", 12.4)
    ('51.2 %', '0', '+12')
    """
    if name != "nps":
        return percent(value)
    return f"{points:+}" if (points := round(value)) else "0"


def _a_year_ago(manifest: Manifest) -> date | None:
    """The snapshot nearest to a year before the last one, else the first; None where there is only one."""
    others = [as_of for as_of in manifest.cohorts if as_of < manifest.scored_at]
    return min(others, key=lambda as_of: abs((manifest.scored_at - as_of).days - 365), default=None)


def _places(
    grouping: Grouping | None, kind: str, eligible: pd.DataFrame
) -> tuple[list[tuple[str, str]], NDArray[np.intp] | None]:
    """The groups of a kind with the ids they are linked by, and the place of every eligible customer among them."""
    if grouping is None or kind not in eligible:
        return [], None
    names = [part.name for part in grouping.parts]
    if kind == "tier":
        names.reverse()  # the highest is on top
    place: NDArray[np.intp] = np.asarray(eligible[kind].map({name: k for k, name in enumerate(names)}), dtype=np.intp)
    prefix = kind.removeprefix("rfm_")
    return [(name, f"{prefix}-{name.replace(' ', '-')}") for name in names], place


def _said(counted: Counted) -> str:
    """What is counted of spend, in words."""
    days = counted.by.removeprefix("spend_sum").removeprefix("_").removesuffix("d")
    return f"net spend, last {days} days" if days else "net spend so far"


def _tiers_say(tiers: Tiers, manifest: Manifest) -> str:
    """What tiers go by."""
    return f"What counts: {_said(tiers.counted) if tiers.counted.less else _feature(tiers, manifest).meaning}."


def _above(tiers: Tiers, manifest: Manifest) -> dict[str, str]:
    """The amount that each tier begins above, by its name; the lowest has none."""
    unit = _feature(tiers, manifest).unit
    say = writer(unit, manifest.currency, "en") if unit != "money" else lambda amount: money(amount, manifest.currency)
    return {step.name: say(amount) for step, amount in zip(tiers.steps[1:], tiers.begin, strict=True)}


def _feature(tiers: Tiers, manifest: Manifest) -> Feature:
    return next(feature for feature in manifest.features() if feature.name == tiers.counted.by)


def _parts(
    names: list[tuple[str, str]],
    place: NDArray[np.intp] | None,
    eligible: Bools,
    scorer: Scorer,
    predictions: pd.DataFrame,
    snapshot: pd.DataFrame,
    groups: list[Group],
    above: dict[str, str],
) -> list[Part]:
    """One line for each part of the eligible customers, those without anybody left out."""
    if place is None:
        return []
    outputs = {task: model.bundle.contract.outputs[0].name for task, model in scorer.models.items()}
    scored, spend = predictions[eligible], Counted.net_spend(snapshot)
    spent = spend.of(snapshot[eligible]) if spend else np.zeros(len(scored))
    found, currency = [], next(iter(scorer.models.values())).bundle.contract.currency
    for k, (name, group) in enumerate(names):
        here = place == k
        if not here.any():
            continue
        members = np.zeros(len(eligible), dtype=bool)
        members[np.flatnonzero(eligible)[here]] = True
        groups.append(Group(group, name, members))
        risk = scored[CHURN].to_numpy()[here] if "churn" in outputs else None
        value = scored[outputs["clv"]].to_numpy()[here] if "clv" in outputs else None
        found.append(
            Part(
                name=name,
                above=above.get(name, "-"),
                group=group,
                customers=count(here.sum()),
                share=percent(here.mean()),
                of_all=float(here.mean()),
                spend_share=percent(np.nansum(spent[here]) / total) if (total := np.nansum(spent)) > 0 else "-",
                risk=percent(risk.mean()) if risk is not None else "-",
                value=money(value.sum(), currency) if value is not None else "-",
                at_risk=money((risk * value).sum(), currency) if risk is not None and value is not None else "-",
            )
        )
    return found
