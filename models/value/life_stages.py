"""Life stages: from prospect to advocate, and from lapsing to lost or won back. The first condition that holds decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.rules import holds
from models.value.settings import LifeStageSettings, Stage

Places = NDArray[np.intp]
LOYAL_DAYS = 4  # with an order: the fourth is where a habit is usually said to begin
LAPSING_GAPS, LOST_GAPS = 2, 4  # of her usual days between orders without one; but at least one horizon, and two


def default_stages(columns: Sequence[str], horizon_days: int, windows_days: Sequence[int]) -> tuple[Stage, ...]:
    """Stages from what orders tell; none where the snapshots know nothing of orders.

    Lapsing is who has not ordered for twice her usual days between orders and one horizon, lost for four times and two. Won
    back is who ordered within the recent window, but nowhere else in the longest, and had ordered before it.
    """
    if not {"order_day_count", "days_since_last_order", "gap_days_mean"} <= set(columns):
        return ()
    silent = "days_since_last_order > greatest({periods} * {horizon}, {gaps} * coalesce(gap_days_mean, 0))"
    advocate = [
        condition
        for name, condition in (("referral_count", "referral_count > 0"), ("nps_class", "nps_class = 1"))
        if name in columns
    ]
    stages = [
        Stage(name="prospect", name_zh="潜在客户", where="coalesce(order_day_count, 0) = 0"),
        *_won_back(horizon_days, windows_days),
        Stage(
            name="lost",
            name_zh="已流失客户",
            where=silent.format(periods=2, horizon=horizon_days, gaps=LOST_GAPS),
            is_lost=True,
        ),
        Stage(name="lapsing", name_zh="沉默客户", where=silent.format(periods=1, horizon=horizon_days, gaps=LAPSING_GAPS)),
        Stage(name="first-time", name_zh="首购客户", where="order_day_count = 1"),
        *([Stage(name="advocate", name_zh="口碑客户", where=" or ".join(advocate))] if advocate else []),
        Stage(name="loyal", name_zh="忠诚客户", where=f"order_day_count >= {LOYAL_DAYS}"),
        Stage(name="repeat", name_zh="复购客户"),
    ]
    return tuple(stages)


def _won_back(horizon_days: int, windows_days: Sequence[int]) -> list[Stage]:
    recent = [days for days in windows_days if days <= horizon_days]
    if not recent or max(windows_days) <= 2 * max(recent):
        return []
    near, far = max(recent), max(windows_days)
    came_back = f"order_count_{near}d > 0 and order_count_{far}d = order_count_{near}d and days_since_first_order > {far}"
    return [Stage(name="won back", name_zh="赢回客户", where=came_back)]


def stages_of(
    settings: LifeStageSettings, columns: Sequence[str], horizon_days: int, windows_days: Sequence[int]
) -> tuple[Stage, ...]:
    """Those of the mapping file, else the default ones."""
    return settings.steps or default_stages(columns, horizon_days, windows_days)


def life_stages(rows: pa.Table, stages: Sequence[Stage]) -> Places:
    """The place in `stages` of every row: the first whose condition holds.

    Raises BadConfig for a condition that cannot be read.
    """
    place = np.full(len(rows), len(stages) - 1)
    taken = np.zeros(len(rows), dtype=bool)
    for k, stage in enumerate(stages[:-1]):
        here = holds(str(stage.where), rows, f"life_stages.steps.{stage.name}.where") & ~taken
        place[here] = k
        taken |= here
    return place
