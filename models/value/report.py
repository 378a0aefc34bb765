"""What a company reads about its customers' value: totals and groups of a date, and what moved since an earlier one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from models.contract import Frozen
from models.tiers import Tiers
from models.value.equity import Equity, Movement
from models.value.quadrants import QUADRANTS
from models.value.score import Firmness
from models.value.segments import SEGMENTS
from models.value.standing import GROUPS, SCORE, Groups
from models.value.worth import AT_RISK, GOODS_COST, INFLUENCE, LIFETIME, POTENTIAL, REALISED

TOTALS = (REALISED, POTENTIAL, LIFETIME, AT_RISK, INFLUENCE)


class Part(Frozen):
    """One group: its customers, sums of their values (null where no column tells), and their mean score."""

    name: str
    name_zh: str
    customers: int
    sums: dict[str, float | None]
    mean_score: float | None
    does: str | None = None  # the strategy that a quadrant calls for
    does_zh: str | None = None


class Grouping(Frozen):
    """All groups of one kind, every customer in exactly one; and from where to where they went since the earlier date.

    `migration` has one row for each group then and one column for each group now; the last are those who were not known.
    """

    kind: str
    parts: tuple[Part, ...]
    migration: tuple[tuple[int, ...], ...] | None


class ScoreReport(Frozen):
    """The weights as configured, which components there are, and how firmly the order stands."""

    weights: dict[str, float]
    components: tuple[str, ...]
    firmness: Firmness


class SegmentFigure(Frozen):
    """One company figure of one segment on one date, with the customers it is taken over and a 95 % interval."""

    figure: str
    segment: str
    as_of: date
    value: float
    customers: int
    lower: float
    upper: float


class ValueReport(Frozen):
    """The value layer of a date. Money is in the project's currency; potential value looks `horizon_days` ahead."""

    as_of: date
    models: dict[str, str]  # the versions whose numbers it adds up, by task
    before: date | None
    horizon_days: int
    discount_rate_per_year: float
    unrecorded: tuple[str, ...]  # costs that nothing tells; they count as 0
    influence_unknown: str | None  # why there is no influence value
    totals: dict[str, float | None]
    equity: Equity | None
    movement: Movement | None
    tiers: Tiers | None  # where they begin; None where nothing tells what customers spent
    groupings: tuple[Grouping, ...]
    score: ScoreReport | None
    alerts: int
    figures: tuple[SegmentFigure, ...]

    @property
    def is_of_margins(self) -> bool:
        """Whether what goods cost is taken off; else values are of net spend."""
        return GOODS_COST not in self.unrecorded

    def grouping(self, kind: str) -> Grouping | None:
        """The groups of one kind, where they can be told."""
        return next((one for one in self.groupings if one.kind == kind), None)


def totals(columns: pd.DataFrame) -> dict[str, float | None]:
    """Sums over customers; null for what no column tells."""
    return {name: float(np.nansum(columns[name])) if _is_known(columns, name) else None for name in TOTALS}


def parts_of(kind: str, columns: pd.DataFrame, groups: Groups) -> tuple[Part, ...]:
    """One for each group, also where nobody is in it."""
    named = {name: (name_zh, does, does_zh) for name, name_zh, does, does_zh in names_of(kind, groups)}
    return tuple(
        Part(
            name=name,
            name_zh=name_zh,
            customers=len(own),
            sums=totals(own) if len(own) else dict.fromkeys(TOTALS, 0.0),
            mean_score=float(own[SCORE].mean()) if SCORE in own and own[SCORE].notna().any() else None,
            does=does,
            does_zh=does_zh,
        )
        for name, (name_zh, does, does_zh) in named.items()
        for own in [columns[columns[kind] == name]]
    )


def names_of(kind: str, groups: Groups) -> list[tuple[str, str, str | None, str | None]]:
    """English and Chinese name of each group of a kind, and what to do about it, in order."""
    if kind == "tier":
        return [(step.name, step.in_chinese, None, None) for step in (groups.tiers.steps if groups.tiers else ())]
    if kind == "life_stage":
        return [(stage.name, stage.in_chinese, None, None) for stage in groups.stages]
    if kind == "quadrant":
        return [(one.name, one.name_zh, one.strategy, one.strategy_zh) for one in QUADRANTS]
    return [(one.name, one.name_zh, None, None) for one in SEGMENTS]


def kinds_in(columns: pd.DataFrame) -> list[str]:
    """Which kinds of groups can be told."""
    return [kind for kind in GROUPS if kind in columns]


def places_of(columns: pd.DataFrame, ids: Sequence[str], kind: str, groups: Groups) -> pd.Series:
    """The place of each customer's group among those of its kind, by customer_id; who is in none is left out."""
    order: Mapping[str, int] = {name: k for k, (name, *_) in enumerate(names_of(kind, groups))}
    return pd.Series(columns[kind].map(order).to_numpy(), index=pd.Index(ids)).dropna().astype(np.intp)


def _is_known(columns: pd.DataFrame, name: str) -> bool:
    return name in columns and bool(columns[name].notna().any())
