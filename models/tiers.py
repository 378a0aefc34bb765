"""The pyramid: the few customers who bring most on top, the many who bring little at its foot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.contract import Frozen
from models.inputs import Columns, column

Floats = NDArray[np.float64]
YEAR_DAYS = 365


@dataclass(frozen=True)
class Tier:
    """One step of the pyramid, and the share of customers who stand below it."""

    name: str
    name_zh: str
    below: float


# Zeithaml, Rust, Lemon (2001): four tiers; the shares are Curry and Curry's (2000) pyramid, top 1, 4, 15 and 80 %.
TIERS = (Tier("bronze", "铜级", 0.0), Tier("silver", "银级", 0.8), Tier("gold", "金级", 0.95), Tier("platinum", "铂金级", 0.99))


class Tiers(Frozen):
    """Where the tiers of a company begin: amounts of one column, the lowest tier's left out."""

    by: str  # the column that counts
    begin: tuple[float, ...]

    @classmethod
    def fit(cls, rows: Columns) -> Self | None:
        """From the customers of one date; None where no column says what they spent."""
        by = spend_column(rows)
        if by is None:
            return None
        spend = column(rows, by)
        return cls(by=by, begin=tuple(float(np.nanquantile(spend, tier.below)) for tier in TIERS[1:]))

    def of(self, rows: Columns) -> NDArray[np.intp]:
        """The place in TIERS of every row's tier; -1 where it is not known what she spent."""
        spend = column(rows, self.by)
        place = np.searchsorted(np.asarray(self.begin), spend, side="right")
        return np.where(np.isnan(spend), -1, place)


def spend_column(rows: Columns) -> str | None:
    """The spend over the longest window of at most a year, else so far."""
    windows = {int(found[1]): found[0] for name in rows.columns if (found := re.fullmatch(r"spend_sum_(\d+)d", name))}
    within = [days for days in windows if days <= YEAR_DAYS]
    if within:
        return windows[max(within)]
    return "spend_sum" if "spend_sum" in rows.columns else None
