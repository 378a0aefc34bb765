"""A trial: customers on whom actions were tried by chance, beside others who were withheld by chance."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.tables import NO_ACTION

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places = NDArray[np.intp]
GROUPS = 5


@dataclass(frozen=True)
class Trial:
    """One row per customer and campaign; `event` and `value` are what followed within the horizon."""

    customer_id: NDArray[np.str_]
    as_of: NDArray[np.object_]  # the campaign's day
    action: NDArray[np.str_]
    propensity: Floats  # the chance of the action that was drawn
    rows: pd.DataFrame  # features as of the campaign's day
    event: Floats  # 0 or 1
    value: Floats | None  # money; None where nothing tells it

    def __len__(self) -> int:
        return len(self.action)

    @property
    def actions(self) -> tuple[str, ...]:
        """What was tried, the most frequent first."""
        names, counts = np.unique(self.action[self.action != NO_ACTION], return_counts=True)
        return tuple(str(name) for name in names[np.argsort(-counts, kind="stable")])

    @property
    def weights(self) -> Floats:
        """One over the chance of the action drawn: weighed so, every arm looks like all customers (Horvitz, Thompson 1952)."""
        weights: Floats = 1 / self.propensity
        return weights

    @property
    def groups(self) -> Places:
        """A group for each customer, the same in all campaigns, by which models are fitted without her."""
        return np.array([crc32(f"trial {customer}".encode()) % GROUPS for customer in self.customer_id], dtype=np.intp)

    def compared(self, action: str) -> Bools:
        """The rows that tell what an action changed: of days on which some drew it and others were withheld.

        Controls of other days are other customers in another season, and no coin decided between them and the treated.
        """
        treated, withheld = self.action == action, self.action == NO_ACTION
        days = np.intersect1d(self.as_of[treated], self.as_of[withheld])
        found: Bools = (treated | withheld) & np.isin(self.as_of, days)
        return found

    def against_controls(self, action: str) -> tuple[Trial, Bools]:
        """The customers with one action and those withheld on the same days; and who was treated."""
        rows = self.compared(action)
        found = Trial(
            customer_id=self.customer_id[rows],
            as_of=self.as_of[rows],
            action=self.action[rows],
            propensity=self.propensity[rows],
            rows=self.rows[rows],
            event=self.event[rows],
            value=None if self.value is None else self.value[rows],
        )
        return found, found.action == action

    def alike(self, treated: Bools) -> Floats:
        """Weights that make two arms look like the same customers and weigh as much, 1 on average."""
        weights = self.weights
        for arm in (treated, ~treated):
            weights[arm] *= len(weights) / 2 / weights[arm].sum()
        return weights
