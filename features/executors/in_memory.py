"""The embedded engine's way: facts fetched once into arrays, then the rows of each date from running totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.util import gen_name
from numpy.typing import NDArray

from features.cohort import Rule
from features.definitions import OVER_FACTS, OverFacts, facts_of
from features.executors.row_by_row import follow
from features.executors.running_totals import Facts, Floats, Ints, Measure, compute
from features.feature import Feature

EPOCH = date(1970, 1, 1)
NO_ROWS = np.zeros(0, dtype=np.int64)
SCALE = 10_000  # decimals are whole ten-thousandths
CUSTOMERS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Known:
    """Everybody there is, in the order of customer_id, and since when they are known (or on which dates, exactly)."""

    customer_id: pa.Array
    known_day: NDArray[np.int32] | None
    on_dates: Mapping[int, Ints]

    def on(self, as_of: int) -> Ints:
        """Who is in the snapshot of a date, by number."""
        if self.known_day is None:
            return self.on_dates.get(as_of, NO_ROWS)
        return np.flatnonzero(self.known_day < as_of).astype(np.int64)


@dataclass(frozen=True)
class InMemory:
    """Some customers and all their facts."""

    known: Known
    facts: Mapping[str, Facts]

    def rows(self, as_of: date, features: tuple[Feature, ...], rules: tuple[Rule, ...], history_days: int) -> pa.Table:
        """The snapshot rows of a date, one per customer known before it: why not eligible (or null), and the features.

        `features` are `catalogue.steps_and_features` and the steps of the rules; only features become columns.
        """
        day = _days_since_epoch(as_of)
        who = self.known.on(day)
        columns: dict[str, Floats] = {}
        over = {f.name: f.definition for f in features if isinstance(f.definition, OVER_FACTS)}
        for name, facts in self.facts.items():
            own: dict[str, OverFacts] = {c: d for c, d in over.items() if facts_of(d) == name}  # type: ignore[misc, arg-type]
            found = compute(facts, own, day, history_days)
            columns |= found if len(who) == facts.customers else {column: values[who] for column, values in found.items()}
        for feature in features:
            if feature.name not in columns:
                columns[feature.name] = follow(feature.definition, columns, as_of, len(who))  # type: ignore[arg-type]
        shown = {f.name: _column(columns[f.name]) for f in features if not f.is_step}
        key = {"customer_id": self.known.customer_id.take(pa.array(who)), "as_of": pa.repeat(pa.scalar(as_of), len(who))}
        return pa.table(key | {"not_eligible_because": _reasons(columns, rules, len(who))} | shown)


def _days_since_epoch(day: date) -> int:
    """A date as the number engines keep it as."""
    return (day - EPOCH).days


def in_memory(connection: BaseBackend, known: ibis.Table, facts: Mapping[str, ibis.Table]) -> Iterator[InMemory]:
    """Everybody and all facts, fetched in parts of whole customers so that memory stays bounded.

    `known` is `cohort.known_customers`.
    """
    known = connection.create_table(gen_name("known"), known, temp=True)
    everybody = known.select("customer_id").distinct()
    numbered = everybody.mutate(number=ibis.row_number().over(ibis.window(order_by=everybody.customer_id)).cast("int32"))
    numbered = connection.create_table(gen_name("customer_numbers"), numbered, temp=True)
    kept = {name: connection.create_table(gen_name(f"facts_{name}"), rows, temp=True) for name, rows in facts.items()}
    count = int(numbered.count().execute())
    for first in range(0, max(count, 1), CUSTOMERS_AT_ONCE):
        size = min(CUSTOMERS_AT_ONCE, count - first)
        part = numbered.filter(numbered.number.between(first, first + size - 1)) if size < count else numbered
        part = part.mutate(number=part.number - first)
        with ThreadPoolExecutor(1) as pool:  # sorts some facts while the engine fetches the next
            made = {name: pool.submit(facts_from, _fetched(connection, _of(rows, part)), size) for name, rows in kept.items()}
            yield InMemory(_known(connection, known, part), {name: facts.result() for name, facts in made.items()})


def _of(rows: ibis.Table, part: ibis.Table) -> ibis.Table:
    """The facts of some customers, by number."""
    return rows.join(part, "customer_id").drop("customer_id")


def _fetched(connection: BaseBackend, rows: ibis.Table) -> pa.Table:
    """The rows, decimals as the 64 bits they are kept in (as by default they would be widened to 128, and then again)."""
    connection.raw_sql("SET arrow_output_version = '1.5'")
    table: pa.Table = connection.raw_sql(connection.compile(rows)).to_arrow_table()
    connection.raw_sql("RESET arrow_output_version")
    return table


def _known(connection: BaseBackend, known: ibis.Table, part: ibis.Table) -> Known:
    return known_from(connection.to_pyarrow(known.join(part, "customer_id").order_by("number")))


def known_from(rows: pa.Table) -> Known:
    """Everybody in rows of `cohort.known_customers` with their `number`, in the order of it."""
    number = _ints(rows["number"]).astype(np.int64)
    if "known_day" in rows.column_names:
        return Known(_one(rows["customer_id"]), _ints(rows["known_day"]), {})
    as_of = _ints(rows["as_of"])
    first = np.unique(number, return_index=True)[1]
    on_dates = {int(day): np.unique(number[as_of == day]) for day in np.unique(as_of)}
    return Known(_one(rows["customer_id"]).take(pa.array(first)), None, on_dates)


def facts_from(rows: pa.Table, customers: int) -> Facts:
    """Facts of customers by `number`, from rows of `day`, `known_day` and measures."""
    keys = ("number", "day", "known_day")
    number, day, known_day = (_ints(rows[name]) for name in keys)
    measures = {name: _measure(rows[name]) for name in rows.column_names if name not in (*keys, "customer_id")}
    return Facts(number, day, known_day, measures, customers)


def _measure(column: pa.ChunkedArray) -> Measure:
    present = None if column.null_count == 0 else np.asarray(_one(column.is_valid()))
    if pa.types.is_decimal(column.type):
        return Measure(_narrow(_whole(column)), SCALE, present)
    values = _one(column.fill_null(0)).to_numpy(zero_copy_only=False)
    return Measure(values.astype(np.float64, copy=False) if pa.types.is_floating(column.type) else _narrow(values), 1, present)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    """The whole numbers in the narrowest type that holds them: what is half as wide is sorted twice as fast."""
    least, most = int(values.min(initial=0)), int(values.max(initial=0))
    kinds = (np.int8, np.int16, np.int32, np.int64)
    kind = next(kind for kind in kinds if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max)
    return values.astype(kind, copy=False)


def _whole(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Decimals of four places as whole ten-thousandths: the numbers they are kept as; any where there is none."""
    array = _one(column.cast(pa.decimal64(18, 4)))
    if not len(array):
        return NO_ROWS
    return np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array)]


def _ints(column: pa.ChunkedArray) -> NDArray[np.int32]:
    array = _one(column)
    if pa.types.is_date32(array.type):
        array = array.view(pa.int32())
    result: NDArray[np.int32] = array.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return result


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _column(values: Floats) -> pa.Array:
    """The values with 0 for -0; those that are not a number are missing."""
    there = ~np.isnan(values)
    bits = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(pa.float64(), len(values), [bits, pa.py_buffer(values + 0.0)])


def _reasons(columns: Mapping[str, Floats], rules: tuple[Rule, ...], rows: int) -> pa.Array:
    broken = np.full(rows, len(rules), dtype=np.int32)
    for place, rule in reversed(list(enumerate(rules))):
        value = columns[rule.column]
        fine = ~np.isnan(value)
        if rule.at_least is not None:
            fine &= value >= rule.at_least
        if rule.at_most is not None:
            fine &= value <= rule.at_most
        broken[~fine] = place
    return pa.array([*(rule.reason for rule in rules), None], pa.string()).take(pa.array(broken))
