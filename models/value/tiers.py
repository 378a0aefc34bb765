"""The pyramid: the few customers who bring most on top, the many who bring little at its foot."""

from __future__ import annotations

import re
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.contract import Frozen
from models.inputs import Columns, column
from models.value.settings import TIERS, Tier, TierSettings

Floats = NDArray[np.float64]
YEAR_DAYS = 365


class Tiers(Frozen):
    """Where the tiers of a company begin: amounts of one column, the lowest tier's left out."""

    by: str  # the column that counts
    begin: tuple[float, ...]
    steps: tuple[Tier, ...] = TIERS

    @classmethod
    def fit(cls, rows: Columns, settings: TierSettings | None = None) -> Self | None:
        """From the customers of one date; None where no column says what counts."""
        settings = settings or TierSettings()
        by = spend_column(rows) if settings.by is None else settings.by
        if by is None or by not in rows.columns or np.isnan(column(rows, by)).all():
            return None
        amounts = column(rows, by)
        begin = tuple(float(np.nanquantile(amounts, step.below)) for step in settings.steps[1:])
        return cls(by=by, begin=begin, steps=settings.steps)

    def of(self, rows: Columns) -> NDArray[np.intp]:
        """The place in `steps` of every row's tier; -1 where what counts is not known of her.

        Whoever lies on a border is below it: where most have the same, as 0, they stay together at the foot.
        """
        amounts = column(rows, self.by)
        place = np.searchsorted(np.asarray(self.begin), amounts, side="left")
        return np.where(np.isnan(amounts), -1, place)


def spend_column(rows: Columns) -> str | None:
    """The spend over the longest window of at most a year, else so far."""
    windows = {int(found[1]): found[0] for name in rows.columns if (found := re.fullmatch(r"spend_sum_(\d+)d", name))}
    within = [days for days in windows if days <= YEAR_DAYS]
    if within:
        return windows[max(within)]
    return "spend_sum" if "spend_sum" in rows.columns else None
