"""Drift: which features of today's customers stand elsewhere than those the models learned from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.families.calendar import DAY_OF_YEAR
from features.project import Project
from features.snapshots import load_snapshot
from models.contract import Contract, InputColumn
from models.drift import MOVED, drift
from models.languages import writer
from serving.report.wording import count, days, percent

DATES_MAX, CUSTOMERS_MAX, SHOWN = 3, 20_000, 12


@dataclass(frozen=True)
class Line:
    """One feature then and now."""

    label: str
    psi: str
    verdict: str
    then: str
    now: str
    missing_then: str
    missing_now: str


@dataclass(frozen=True)
class DriftPart:
    """The features that moved most, and how many of all moved."""

    then: str
    rows_then: str  # one for each customer and date
    is_same_date: bool  # then is now, so nothing can have moved
    moved: int
    features: int
    lines: tuple[Line, ...]


def gather_drift(project: Project, contract: Contract, eligible: pd.DataFrame) -> DriftPart:
    """Today's eligible customers beside those of the last dates that the model was fitted on."""
    dates = contract.roles.fitted_on[-DATES_MAX:]
    learned = load_snapshot(project, *dates)
    learned = learned[learned["not_eligible_because"].isna()]
    then, now = (rows.sample(min(len(rows), CUSTOMERS_MAX), random_state=contract.seed) for rows in (learned, eligible))
    columns = {column.name: column for column in contract.inputs if column.name != DAY_OF_YEAR}
    found = [drift(name, *(rows[name].to_numpy(dtype=np.float64) for rows in (then, now))) for name in columns]
    found.sort(key=lambda one: -one.psi)
    lines = []
    for one in found[:SHOWN]:
        write = _writer(columns[one.name], contract.currency)
        lines.append(
            Line(
                label=columns[one.name].meaning,
                psi=f"{one.psi:.2f}",
                verdict=one.verdict,
                then=write(one.median_then),
                now=write(one.median_now),
                missing_then=percent(one.missing_then),
                missing_now=percent(one.missing_now),
            )
        )
    return DriftPart(
        then=days(dates),
        rows_then=count(len(learned)),
        is_same_date=set(dates) == set(pd.to_datetime(eligible["as_of"]).dt.date),
        moved=sum(one.psi >= MOVED for one in found),
        features=len(found),
        lines=tuple(lines),
    )


def _writer(column: InputColumn, currency: str) -> Callable[[float | None], str]:
    write = writer(column.unit, currency, "en")
    return lambda value: "-" if value is None else write(value)
