"""The pyramid: the few customers who bring most on top, the many who bring little at its foot."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.contract import Frozen
from models.inputs import Columns
from models.value.settings import TIERS, Tier, TierSettings
from models.value.spend import Counted


class Tiers(Frozen):
    """Where the tiers of a company begin: amounts of what counts, the lowest tier's left out."""

    counted: Counted
    begin: tuple[float, ...]
    steps: tuple[Tier, ...] = TIERS

    @classmethod
    def fit(cls, rows: Columns, settings: TierSettings | None = None) -> Self | None:
        """From the customers of one date; None where no column says what counts."""
        settings = settings or TierSettings()
        counted = Counted.net_spend(rows) if settings.by is None else Counted(by=settings.by)
        if counted is None or counted.by not in rows.columns:
            return None
        amounts = counted.of(rows)
        if np.isnan(amounts).all():
            return None
        begin = tuple(float(np.nanquantile(amounts, step.below)) for step in settings.steps[1:])
        return cls(counted=counted, begin=begin, steps=settings.steps)

    def of(self, rows: Columns) -> NDArray[np.intp]:
        """The place in `steps` of every row's tier; -1 where what counts is not known of her.

        Whoever lies on a border is below it: where most have the same, as 0, they stay together at the foot.
        """
        amounts = self.counted.of(rows)
        place = np.searchsorted(np.asarray(self.begin), amounts, side="left")
        return np.where(np.isnan(amounts), -1, place)
