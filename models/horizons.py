"""One churn model, several horizons: a longer one never has the higher chance that nothing happens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.calibration import inverse_link
from models.contract import Frozen

Floats = NDArray[np.float64]


class OtherHorizon(Frozen):
    """How the log-odds of leaving within another horizon follow from those within the model's own.

    margin + slope * (what the prior lets expect within this horizon less what it does within the own one) + shift.
    """

    days: int
    slope: float
    shift: float


class Horizons(Frozen):
    """The chance of leaving within other horizons, from the served one.

    "Leaves" means for orders: places none within the horizon, which becomes rarer the longer one waits; for subscriptions:
    has none at its end, which becomes more frequent. Whichever it is, no answer contradicts that of the next horizon: from the
    model's own outwards, one that would is set to its neighbour's.
    """

    own_days: int
    others: tuple[OtherHorizon, ...]  # ascending
    falls: bool  # whether the chance falls with the horizon

    @property
    def all_days(self) -> tuple[int, ...]:
        """Every horizon there is an answer for."""
        return tuple(sorted({self.own_days, *(other.days for other in self.others)}))

    def probabilities(self, margin: Floats, offsets: dict[int, Floats]) -> dict[int, Floats]:
        """The chance by horizon, the own one included: one number per row.

        `margin` is the served log-odds within the own horizon, `offsets` what the prior expects by horizon (empty: nothing).
        """
        found = {self.own_days: inverse_link(margin, "sigmoid")}
        for other in self.others:
            moved = offsets[other.days] - offsets[self.own_days] if offsets else 0.0
            found[other.days] = inverse_link(margin + other.slope * moved + other.shift, "sigmoid")
        inner = [days for days in sorted(found, reverse=True) if days < self.own_days]
        outer = [days for days in sorted(found) if days > self.own_days]
        for outwards, not_below in ((inner, self.falls), (outer, not self.falls)):
            last = self.own_days
            for days in outwards:
                found[days] = (np.maximum if not_below else np.minimum)(found[days], found[last])
                last = days
        return dict(sorted(found.items()))
