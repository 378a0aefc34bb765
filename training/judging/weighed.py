"""A judged sample seen under weights, one set per draw: a figure of every resampled company without sorting it again.

A weight says how often a row was drawn, so a figure under weights is the figure of the rows repeated that often.
Customers with the same prediction are never told apart: what they brought is shared evenly among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
TENTHS = 10


@dataclass(frozen=True)
class Sample:
    """What came and what was predicted: one row per customer, or per customer and date."""

    actual: Floats
    predicted: Floats

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """Rows from the lowest prediction to the highest."""
        return np.argsort(self.predicted, kind="stable")

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """In that order, the first place of each distinct prediction."""
        ranked = self.predicted[self.order]
        return np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))

    @cached_property
    def ranks(self) -> tuple[Floats, Floats]:
        """Place of each row by what came and by prediction, ties in the middle; less the mean."""
        by_actual, by_prediction = (np.asarray(rankdata(column)) for column in (self.actual, self.predicted))
        return by_actual - by_actual.mean(), by_prediction - by_prediction.mean()

    def as_it_is(self) -> Weighed:
        """Every row once."""
        return Weighed(self, np.ones((1, len(self.actual))))


@dataclass(frozen=True)
class Weighed:
    """A sample under weights: one row per draw, one column per row of the sample. Sums come one per draw."""

    sample: Sample
    weights: Floats

    @property
    def actual(self) -> Floats:
        """What came, one per row of the sample."""
        return self.sample.actual

    @property
    def predicted(self) -> Floats:
        """What was predicted, one per row of the sample."""
        return self.sample.predicted

    @cached_property
    def customers(self) -> Floats:
        """How many rows were drawn, repetitions counted."""
        customers: Floats = self.weights.sum(axis=1)
        return customers

    @cached_property
    def brought(self) -> Floats:
        """Sum of what came."""
        return self.total(self.actual)

    def total(self, values: Floats) -> Floats:
        """Sum of a value of each row."""
        return self.weights @ values

    def mean(self, values: Floats) -> Floats:
        """Mean of a value of each row."""
        return self.total(values) / self.customers

    @cached_property
    def group_customers(self) -> Floats:
        """How many have each distinct prediction, lowest first: one row per draw."""
        return self._grouped(self._ranked)

    @cached_property
    def group_actual(self) -> Floats:
        """What those customers brought."""
        return self._grouped(self._ranked * self.actual[self.sample.order])

    @cached_property
    def running_customers(self) -> Floats:
        """Customers predicted at most as much as each distinct prediction, zero first: one row per draw."""
        return _running(self.group_customers)

    @cached_property
    def running_actual(self) -> Floats:
        """What those customers brought."""
        return _running(self.group_actual)

    @cached_property
    def running_predicted(self) -> Floats:
        """What they were predicted to bring."""
        return _running(self.group_customers * self.predicted[self.sample.order][self.sample.starts])

    @cached_property
    def area(self) -> Floats:
        """Under the line that `running_actual` draws over `running_customers`."""
        middle = self.running_actual[:, 1:] + self.running_actual[:, :-1]
        area: Floats = np.einsum("ij,ij->i", self.group_customers, middle) / 2
        return area

    @cached_property
    def tenth_customers(self) -> Floats:
        """How many are in each tenth by prediction, lowest first; sizes differ by one at most."""
        return np.diff(self._cuts, axis=1)

    @cached_property
    def tenth_actual(self) -> Floats:
        """What each tenth brought."""
        return np.diff(self._up_to(self._cuts, self.running_actual), axis=1)

    @cached_property
    def tenth_predicted(self) -> Floats:
        """What each tenth was predicted to bring."""
        return np.diff(self._up_to(self._cuts, self.running_predicted), axis=1)

    @cached_property
    def top_tenth(self) -> tuple[Floats, Floats]:
        """How many are in the tenth predicted highest, one at least, and what they brought."""
        size = np.maximum(1, self.customers // TENTHS)
        below = self._up_to((self.customers - size)[:, None], self.running_actual)[:, 0]
        return size, self.running_actual[:, -1] - below

    @cached_property
    def _ranked(self) -> Floats:
        return np.take(self.weights, self.sample.order, axis=1)

    @cached_property
    def _cuts(self) -> Floats:
        """How many customers lie below each tenth and below the end of the last: the first ones take the remainder."""
        place = np.arange(TENTHS + 1, dtype=np.float64)
        each, rest = np.divmod(self.customers[:, None], TENTHS)
        return place * each + np.minimum(place, rest)

    @cached_property
    def _lift(self) -> Floats:
        """Each draw stands above the one before it, so that one search finds places in all of them."""
        lift: Floats = np.arange(len(self.weights), dtype=np.float64)[:, None] * (self.customers.max() + 1)
        return lift

    @cached_property
    def _ladder(self) -> Floats:
        return (self.running_customers + self._lift).ravel()

    def _grouped(self, ranked: Floats) -> Floats:
        starts = self.sample.starts
        return ranked if len(starts) == ranked.shape[1] else np.add.reduceat(ranked, starts, axis=1)

    def _up_to(self, places: Floats, running: Floats) -> Floats:
        """A running sum after so many customers. Within a prediction that several share it grows evenly."""
        draw, lift = np.arange(len(running))[:, None], self._lift
        reached = np.searchsorted(self._ladder, places + lift) - draw * running.shape[1]
        right = np.maximum(reached, 1)
        before, after = self.running_customers[draw, right - 1], self.running_customers[draw, right]
        into = np.divide(places - before, after - before, out=np.zeros_like(places), where=after > before)
        start: Floats = running[draw, right - 1]
        reached_sum: Floats = start + into * (running[draw, right] - start)
        return reached_sum


def _running(groups: Floats) -> Floats:
    running = np.zeros((groups.shape[0], groups.shape[1] + 1))
    np.cumsum(groups, axis=1, out=running[:, 1:])
    return running
