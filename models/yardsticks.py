"""What readers compare a customer's value with: her own usual one, or the median of her tier; and what was ever seen."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.feature import Usual
from models.contract import Frozen, InputColumn
from models.inputs import Columns, Inputs
from models.tiers import Tiers

Floats = NDArray[np.float64]
Numbers = tuple[float | None, ...]  # one per explained column; None where nobody has it


class Yardsticks(Frozen):
    """Medians of all customers and of each tier on the last date learned from, and the range of what was learned from.

    Of what is yes or no it is the share of customers with yes.
    """

    tiers: Tiers | None  # None: no column says what customers spent
    medians: tuple[Numbers, ...]  # of all customers, then of the tiers from the lowest
    lowest: Numbers
    highest: Numbers

    @classmethod
    def fit(cls, columns: tuple[InputColumn, ...], latest: Inputs, seen: Inputs) -> Self:
        """From the customers of the last date, and from all rows that were learned from."""
        tiers = Tiers.fit(latest)
        is_yes_no = np.array([column.unit == "yes or no" for column in columns])
        groups = [latest.numbers]
        if tiers is not None:
            place = tiers.of(latest)
            groups += [latest.numbers[place == k] for k in range(len(tiers.begin) + 1)]
        return cls(
            tiers=tiers,
            medians=tuple(_known(_middle(group, is_yes_no)) for group in groups),
            lowest=_known(_ends(seen.numbers, np.fmin, np.inf)),
            highest=_known(_ends(seen.numbers, np.fmax, -np.inf)),
        )

    def of(self, rows: Columns) -> NDArray[np.intp]:
        """Which of `medians` is every row's: 0, all customers, where her tier is not known."""
        return np.zeros(len(rows), dtype=np.intp) if self.tiers is None else self.tiers.of(rows) + 1


def own_usual(usual: Usual | None, read: Inputs, rows: NDArray[np.intp]) -> Floats | None:
    """What a feature usually is for some customers; None where the model does not read what it would follow from."""
    if usual is None or usual.feature not in read.place or (usual.since is not None and usual.since not in read.place):
        return None
    found: Floats = read.numbers[rows, read.place[usual.feature]]
    if usual.since is not None and usual.days is not None:
        found = found * usual.days / np.maximum(read.numbers[rows, read.place[usual.since]], usual.days)
    return found


def _middle(group: Floats, is_yes_no: NDArray[np.bool_]) -> Floats:
    found = np.full(group.shape[1], np.nan)
    filled = ~np.isnan(group).all(axis=0) if len(group) else np.zeros(group.shape[1], dtype=bool)
    found[filled] = np.nanmedian(group[:, filled], axis=0)
    shares = filled & is_yes_no
    found[shares] = np.nanmean(group[:, shares], axis=0)
    return found


def _ends(numbers: Floats, end: np.ufunc, start: float) -> Floats:
    found: Floats = end.reduce(numbers, axis=0, initial=start)
    return np.where(np.isinf(found), np.nan, found)


def _known(numbers: Floats) -> Numbers:
    return tuple(float(number) if np.isfinite(number) else None for number in numbers)
