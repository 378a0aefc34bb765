"""What counts as a customer's spend: net of the money given back."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.contract import Frozen
from models.inputs import Columns, column

Floats = NDArray[np.float64]
YEAR_DAYS = 365
YEAR = (f"spend_sum_{YEAR_DAYS}d", f"refund_sum_{YEAR_DAYS}d")
SO_FAR = ("spend_sum", "refund_sum")


class Counted(Frozen):
    """An amount of every customer: a feature, and the one of what was given back of it."""

    by: str
    less: str | None = None

    @classmethod
    def net_spend(cls, rows: Columns) -> Self | None:
        """Of the last year, where snapshots look back so far, else since the first order; None where nothing tells of it.

        A model may read no refunds, as where there are none: then spend counts as it is.
        """
        for spend, refund in (YEAR, SO_FAR):
            if spend in rows.columns:
                return cls(by=spend, less=refund if refund in rows.columns else None)
        return None

    @classmethod
    def net_spend_so_far(cls) -> Self:
        """Since the first order."""
        return cls(by=SO_FAR[0], less=SO_FAR[1])

    def of(self, rows: Columns) -> Floats:
        """One amount per row; missing where the feature is. Whoever has no refund was given nothing back."""
        amounts = column(rows, self.by)
        return amounts if self.less is None else amounts - np.nan_to_num(column(rows, self.less))
