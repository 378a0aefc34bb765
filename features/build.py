"""From checked tables to one file of snapshot rows per date, on whichever engine holds the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends import BaseBackend

from features.catalogue import make_facts, steps_and_features
from features.cohort import Rule, known_customers, rule_steps, rules
from features.engines.engine import is_embedded, kept_in_engine
from features.executors.in_engine import engine_rows
from features.executors.in_memory import InMemory, in_memory
from features.feature import Feature, Words
from features.known import with_days
from features.project import CohortSection
from features.snapshot_hash import SnapshotHash
from features.tables import SOURCES_OF_CUSTOMERS

# Numbers of many kinds: a dictionary per column costs more than it saves.
PARQUET = {"compression": "lz4", "use_dictionary": ["not_eligible_because", "as_of"]}
THREADS = 2

# How far back the data reaches, as it became known: each day on which rows of an earlier first day became known.
Reach = tuple[tuple[date, date], ...]


def build(
    connection: BaseBackend, tables: Mapping[str, ibis.Table], words: Words, cohort: CohortSection, files: Mapping[date, Path]
) -> dict[date, str]:
    """Write the snapshot of each date to its file, in the order of customer_id; the hash of each."""
    written = {as_of: _Writing(file) for as_of, file in files.items()}
    each_snapshot(connection, tables, words, cohort, tuple(files), lambda as_of, rows: written[as_of].add(rows))
    return {as_of: writing.done() for as_of, writing in written.items()}


def each_snapshot(
    connection: BaseBackend,
    tables: Mapping[str, ibis.Table],
    words: Words,
    cohort: CohortSection,
    dates: Sequence[date],
    take: Callable[[date, pa.Table], None],
) -> None:
    """Hand the rows of every date to `take`, in the order of customer_id; large cohorts in several tables.

    The columns are customer_id, as_of, not_eligible_because (null for those who are eligible) and a float64 column per
    feature of the catalogue. `take` is called from several threads, for one date from one at a time.
    """
    if not dates:
        return
    features = (*steps_and_features(words), *rule_steps(words))
    facts = make_facts(features, tables, words)
    known, found = known_customers(tables), rules(cohort, words)
    reach = reach_of(connection, tables)
    history = {as_of: history_days(reach, as_of) for as_of in dates}
    if not is_embedded(connection):
        kept = {name: kept_in_engine(connection, f"facts_{name}", rows) for name, rows in facts.items()}
        everybody = kept_in_engine(connection, "known_customers", known)
        for as_of, rows in engine_rows(connection, everybody, kept, features, found, history):
            take(as_of, rows)
        return
    with ThreadPoolExecutor(THREADS) as pool:
        for part in in_memory(connection, known, facts):
            rows = partial(_rows, part, features, found, history)
            list(pool.map(lambda as_of, rows=rows: take(as_of, rows(as_of)), dates))


def _rows(
    part: InMemory, features: tuple[Feature, ...], found: tuple[Rule, ...], history: Mapping[date, int], as_of: date
) -> pa.Table:
    return part.rows(as_of, features, found, history[as_of])


class _Writing:
    """A file that grows by tables of rows, and its hash."""

    def __init__(self, file: Path) -> None:
        self._file, self._hash = file, SnapshotHash()
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: pa.Table) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, rows.schema, **PARQUET)
        self._writer.write_table(rows)
        self._hash.update(rows)

    def done(self) -> str:
        if self._writer is not None:
            self._writer.close()
        return self._hash.hexdigest()


def reach_of(connection: BaseBackend, tables: Mapping[str, ibis.Table]) -> Reach:
    """How far back the orders reach (or whatever else tells who is a customer)."""
    name, at = next((name, at) for name, at in SOURCES_OF_CUSTOMERS.items() if name in tables)
    rows = with_days(tables[name], at=at)
    days = connection.to_pyarrow(rows.group_by("known_day").agg(day=rows.day.min()).order_by("known_day")).to_pylist()
    found: list[tuple[date, date]] = []
    for row in days:
        if not found or row["day"] < found[-1][1]:
            found.append((row["known_day"], row["day"]))
    return tuple(found)


def history_days(reach: Reach, as_of: date) -> int:
    """How many days before a date the first row known by then had happened; 0 if nothing was known."""
    firsts = [first for known_day, first in reach if known_day < as_of]
    return (as_of - min(firsts)) // timedelta(days=1) if firsts else 0
