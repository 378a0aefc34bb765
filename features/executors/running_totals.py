"""Features from facts in memory: sort a customer's facts by day once, take running totals once, then look them up.

A window is the difference of two running totals, so a further snapshot date costs a few look-ups per customer and not
another pass over the facts. This is the embedded engine's way, and the online way: one customer is a small table.

    facts of one customer    day 3   day 5   day 9          as_of = day 8, window of 4 days: days 4 to 7
    order_count                  1       2       1
    running total            0   1       3       4          3 (before day 8) less 1 (before day 4) = 2

Facts that happened before `as_of` but became known later break that order. They are few: the customers who have any
are computed again from what was known, by the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.definitions import DaysSinceFirst, DaysSinceLast, Gaps, Largest, Latest, OverFacts, Sum, measure_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Days = NDArray[np.int32]
NAN = float("nan")
EARLIEST = -(2**31)  # no day is before it
Rule = Callable[["Facts", str], NDArray[Any]]  # what is made of a measure once, for every date


@dataclass(frozen=True)
class Measure:
    """One measure of every fact: whole numbers of `1 / scale`, and whether it is there at all."""

    values: NDArray[Any]  # int64 or float64
    scale: int = 1
    present: NDArray[np.bool_] | None = None  # None: always

    def of(self, rows: NDArray[Any]) -> Measure:
        """The measure of some facts."""
        return Measure(self.values[rows], self.scale, None if self.present is None else self.present[rows])


class Facts:
    """One table of facts in memory, sorted by customer (0 to customers - 1), day and the day it became known."""

    def __init__(self, code: Days, day: Days, known_day: Days, measures: Mapping[str, Measure], customers: int) -> None:
        order = _order(code, day, known_day)
        self.code, self.day, self.known_day = code[order], day[order], known_day[order]
        self.measures = {name: measure.of(order) for name, measure in measures.items()}
        self.customers = customers
        self._by_measure: dict[tuple[Rule, str], NDArray[Any]] = {}
        self._making = RLock()  # dates that are computed at the same time wait for one to make what all need

    @cached_property
    def bounds(self) -> Ints:
        """Where each customer's facts begin; one more than customers, the last is the number of facts."""
        return _total_of(np.bincount(self.code, minlength=self.customers))

    def kept(self, name: str, make: Rule) -> NDArray[Any]:
        """What `make` makes of a measure, made once."""
        with self._making:
            if (make, name) not in self._by_measure:
                self._by_measure[make, name] = make(self, name)
            return self._by_measure[make, name]

    def counts_between(self, first_day: int, end_day: int) -> Ints:
        """How many facts each customer has from a day on and before another."""
        numbers, bits = self._by_day
        first, end = np.searchsorted(numbers, (np.array((first_day, end_day)) - EARLIEST) << bits)
        return np.bincount(numbers[first:end] & ((1 << bits) - 1), minlength=self.customers)

    @cached_property
    def _by_day(self) -> tuple[Ints, int]:
        """Day and customer of every fact as one number, in order, and how many bits of it are the customer."""
        bits = self.customers.bit_length()
        numbers = (self.day.astype(np.int64) - EARLIEST) << bits
        numbers |= self.code
        numbers.sort()
        return numbers, bits

    def known_by(self, as_of: int, customers: Ints) -> Facts:
        """What was known of some customers before a day, numbered in their order."""
        counts = self.bounds[customers + 1] - self.bounds[customers]
        number = np.repeat(np.arange(len(customers), dtype=np.int32), counts)
        rows = np.arange(len(number)) + np.repeat(self.bounds[customers] - (np.cumsum(counts) - counts), counts)
        is_known = self.known_day[rows] < as_of
        number, rows = number[is_known], rows[is_known]
        measures = {name: measure.of(rows) for name, measure in self.measures.items()}
        return Facts(number, self.day[rows], self.known_day[rows], measures, len(customers))

    @cached_property
    def _late(self) -> Ints:
        return np.flatnonzero(self.known_day > self.day)

    def late_customers(self, as_of: int) -> Ints:
        """Who has facts that happened before a day and became known from it on."""
        late = self._late[(self.day[self._late] < as_of) & (self.known_day[self._late] >= as_of)]
        return np.unique(self.code[late]).astype(np.int64)


def _order(code: Days, day: Days, known_day: Days) -> Ints:
    """The order of facts by customer, day and the day they became known.

    To sort whole numbers is many times faster than to find their order, so each fact becomes one number, its row the last part.
    """
    if not len(code):
        return np.zeros(0, dtype=np.int64)
    lag = known_day - day
    first_day, least_lag = int(day.min()), int(lag.min())
    days, lags = int(day.max()) - first_day + 1, int(lag.max()) - least_lag + 1
    row_bits = len(code).bit_length()
    if ((int(code.max()) + 1) * days * lags) << row_bits >= 2**63:
        return np.lexsort((known_day, day, code)).astype(np.int64)
    key = (code.astype(np.int64) * days + (day - first_day)) * lags + (lag - least_lag)
    key = (key << row_bits) | np.arange(len(code))
    key.sort()
    key &= (1 << row_bits) - 1
    return key


def compute(facts: Facts, definitions: Mapping[str, OverFacts], as_of: int, history_days: int) -> dict[str, Floats]:
    """The columns of one date by name: one value per customer, as if only what was known before it existed."""
    seen = Seen(facts, as_of, history_days)
    columns = {name: seen.value(definition) for name, definition in definitions.items()}
    late = facts.late_customers(as_of)
    if len(late):
        again = Seen(facts.known_by(as_of, late), as_of, history_days)
        for name, definition in definitions.items():
            columns[name][late] = again.value(definition)
    return columns


class Seen:
    """The facts that happened before a date, all of them taken as known."""

    def __init__(self, facts: Facts, as_of: int, history_days: int) -> None:
        self.facts, self.as_of, self.history_days = facts, as_of, history_days
        self.starts = facts.bounds[:-1]
        self._until: dict[int, Ints] = {as_of - int(facts.day.min(initial=as_of)): self.starts}
        self._totals: dict[tuple[str, int], Ints] = {}
        self.ends = self.until(0)

    def until(self, days_ago: int) -> Ints:
        """Per customer the first fact that is at most `days_ago` days ago, so that the ones before it are older."""
        if days_ago not in self._until:
            near = min(self._until, key=lambda there: abs(there - days_ago))
            first_day, end_day = sorted((self.as_of - near, self.as_of - days_ago))
            between = self.facts.counts_between(first_day, end_day)
            self._until[days_ago] = self._until[near] + between if days_ago < near else self._until[near] - between
        return self._until[days_ago]

    def value(self, definition: OverFacts) -> Floats:
        """One value per customer."""
        name = measure_of(definition)
        match definition:
            case Sum():
                return self._sum(definition, name)
            case Largest():
                return self._largest(self.facts.kept(name, _or_least), self.facts.measures[name].scale)
            case Latest():
                return self._latest(name)
            case DaysSinceLast():
                return self._days_since(self._last(name, _last_positive))
            case DaysSinceFirst():
                return self._days_since(self._first(name))
            case Gaps():
                return self._gaps(definition, name)

    def _sum(self, definition: Sum, name: str) -> Floats:
        if self.history_days < definition.history_days:
            return np.full(self.facts.customers, NAN)
        since = definition.since_days
        before = self.facts.kept(name, _total_before) if since is None else self._total(name, since)
        whole = self._total(name, definition.until_days) - before
        scale = self.facts.measures[name].scale
        return whole.astype(np.float64) if scale == 1 else whole / scale

    def _total(self, name: str, days_ago: int) -> Ints:
        """The running total of a measure before the facts that are at most `days_ago` days ago."""
        if (name, days_ago) not in self._totals:
            self._totals[name, days_ago] = self.facts.kept(name, _running_total).take(self.until(days_ago))
        return self._totals[name, days_ago]

    def _largest(self, values: NDArray[Any], scale: int) -> Floats:
        """`values` has one more at its end, so that every customer's facts have a next one."""
        empty = self.ends <= self.starts
        if len(values) == 1:
            return np.full(self.facts.customers, NAN)
        pairs = np.column_stack((self.starts, self.ends)).ravel()
        largest = np.maximum.reduceat(values, pairs)[::2]
        missing = empty | (largest == _least(values))
        return np.where(missing, NAN, largest.astype(np.float64) / scale)

    def _latest(self, name: str) -> Floats:
        row = self._last(name, _last_present)
        measure = self.facts.measures[name]
        return np.where(row < 0, NAN, _taken(measure.values, row).astype(np.float64) / measure.scale)

    def _last(self, name: str, rule: Rule) -> Ints:
        """Per customer the last fact that a rule lets pass, -1 without any."""
        row = _taken(self.facts.kept(name, rule), self.ends - 1)
        return np.where((self.ends > self.starts) & (row >= self.starts), row, -1)

    def _first(self, name: str) -> Ints:
        row = _taken(self.facts.kept(name, _next_positive), self.starts)
        return np.where((self.ends > self.starts) & (row < self.ends), row, -1)

    def _days_since(self, row: Ints) -> Floats:
        return np.where(row < 0, NAN, (self.as_of - _taken(self.facts.day, row)).astype(np.float64))

    def _gaps(self, definition: Gaps, name: str) -> Floats:
        if definition.statistic == "largest":
            largest = self._largest(self.facts.kept(name, _gap_or_least), 1)
            return np.where(largest <= 0, NAN, largest)
        rule = {"sum": _gap_total, "squares": _gap_squares}.get(definition.statistic, _gap_count)
        totals = self.facts.kept(name, rule)
        result: Floats = (totals[self.ends] - totals[self.starts]).astype(np.float64)
        if definition.statistic == "days":
            result += self._last(name, _last_positive) >= 0
        return result


def _taken(values: NDArray[Any], rows: Ints) -> NDArray[Any]:
    """The values of some facts; numbers that are none (-1, or one past the last) take any, for the caller to leave out."""
    return values.take(rows, mode="clip") if len(values) else np.zeros(len(rows), dtype=values.dtype)


def _least(values: NDArray[Any]) -> float:
    return -np.inf if values.dtype == np.float64 else np.iinfo(np.int64).min


def _or_least(facts: Facts, name: str) -> NDArray[Any]:
    measure = facts.measures[name]
    values = measure.values if measure.values.dtype == np.float64 else measure.values.astype(np.int64)
    least = _least(values)
    present = values if measure.present is None else np.where(measure.present, values, least)
    return np.append(present, least).astype(values.dtype)


def _running_total(facts: Facts, name: str) -> Ints:
    """The totals before each fact and after the last. Sums that pass 2^63 come back when they are subtracted."""
    measure = facts.measures[name]
    values = measure.values if measure.present is None else np.where(measure.present, measure.values, 0)
    return _total_of(values.astype(np.int64, copy=False))


def _total_before(facts: Facts, name: str) -> Ints:
    """The running total where each customer's facts begin."""
    before: Ints = facts.kept(name, _running_total).take(facts.bounds[:-1])
    return before


def _total_of(values: Ints) -> Ints:
    totals = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=totals[1:])
    return totals


def _positive(facts: Facts, name: str) -> NDArray[np.bool_]:
    measure = facts.measures[name]
    positive: NDArray[np.bool_] = measure.values > 0
    return positive if measure.present is None else positive & measure.present


def _last_where(rows: NDArray[np.bool_]) -> Ints:
    """For each fact the last one so far that counts, -1 without any."""
    return np.maximum.accumulate(np.where(rows, np.arange(len(rows)), -1))


def _last_positive(facts: Facts, name: str) -> Ints:
    return _last_where(_positive(facts, name))


def _last_present(facts: Facts, name: str) -> Ints:
    present = facts.measures[name].present
    return _last_where(np.ones(len(facts.day), dtype=bool) if present is None else present)


def _next_positive(facts: Facts, name: str) -> Ints:
    """For each fact the first one from it on that counts, the number of facts without any."""
    rows = np.where(_positive(facts, name), np.arange(len(facts.day)), len(facts.day))
    return np.minimum.accumulate(rows[::-1])[::-1]


def _gap(facts: Facts, name: str) -> Ints:
    """The days since the customer's last fact before that counts, 0 for facts that do not count or are the first."""
    counts = _positive(facts, name)
    before = np.append(-1, facts.kept(name, _last_positive)[:-1]) if len(counts) else np.zeros(0, dtype=np.int64)
    own = counts & (before >= facts.bounds[facts.code])
    return np.where(own, facts.day - _taken(facts.day, before), 0).astype(np.int64)


def _gap_count(facts: Facts, name: str) -> Ints:
    return _total_of((facts.kept(name, _gap) > 0).astype(np.int64))


def _gap_total(facts: Facts, name: str) -> Ints:
    return _total_of(facts.kept(name, _gap))


def _gap_squares(facts: Facts, name: str) -> Ints:
    gap = facts.kept(name, _gap)
    return _total_of(gap * gap)


def _gap_or_least(facts: Facts, name: str) -> Ints:
    return np.append(facts.kept(name, _gap), np.iinfo(np.int64).min)
