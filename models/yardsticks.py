"""What readers compare a customer's value with: her own usual one, or the median of her tier; and what was ever seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.contract import Frozen, InputColumn
from models.inputs import Columns, Inputs
from models.tiers import Tiers, TierSettings

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
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
    def fit(
        cls, columns: tuple[InputColumn, ...], latest: Inputs, seen: Inputs, tier_settings: TierSettings | None = None
    ) -> Self:
        """From the customers of the last date, and from all rows that were learned from."""
        tiers = Tiers.fit(latest, tier_settings)
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

    def of(self, rows: Columns) -> Places:
        """Which of `medians` is every row's: 0, all customers, where her tier is not known."""
        return np.zeros(len(rows), dtype=np.intp) if self.tiers is None else self.tiers.of(rows) + 1


@dataclass(frozen=True)
class Usuals:
    """Where each column of a model finds what is usual for the same customer: one entry per column."""

    place: Places  # of the column that tells; -1: none does
    since: Places  # of the days since that began, where it is told per window; else -1
    days: Floats  # the window

    @classmethod
    def of(cls, columns: Sequence[InputColumn]) -> Self:
        """A column has no usual value where the model does not read what it would follow from."""
        where = {column.name: k for k, column in enumerate(columns)}
        place, since, days = np.full(len(columns), -1), np.full(len(columns), -1), np.zeros(len(columns))
        for k, column in enumerate(columns):
            usual = column.usual
            if usual is None or usual.feature not in where:
                continue
            if usual.since is None or usual.days is None:
                place[k] = where[usual.feature]
            elif usual.since in where:
                place[k], since[k], days[k] = where[usual.feature], where[usual.since], usual.days
        return cls(place, since, days)

    def at(self, read: Inputs, rows: Places, columns: Places) -> Floats:
        """The usual values of some columns, one for each of `rows`; missing where there is none."""
        found: Floats = np.where(self.place[columns] < 0, np.nan, read.numbers[rows, self.place[columns]])
        days = self.days[columns]
        per_window = np.flatnonzero(days)
        if len(per_window):
            days, own = days[per_window], read.numbers[rows[per_window], self.since[columns[per_window]]]
            found[per_window] *= days / np.maximum(own, days)
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
