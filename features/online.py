"""One customer's row from raw events in memory: the facts and definitions of the batch, compiled once.

The queries that make facts are compiled when the object is made; a request fills small tables, runs them, and looks up the
same running totals as the batch does. The row is equal to the batch's to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import ibis
import numpy as np
import pyarrow as pa

from features.build import Reach, history_days
from features.catalogue import make_facts, steps_and_features
from features.cohort import known_customers, rule_steps, rules
from features.engines.engine import connect
from features.executors.in_memory import InMemory, facts_from, known_from
from features.feature import Words
from features.problems import BadData, nearest
from features.project import CohortSection
from features.raw.checks import breaks_alone
from features.tables import CONTRACTS, EXACT_LIMIT, Kind

PLACES = Decimal("0.0001")
Events = Mapping[str, Sequence[Mapping[str, Any]]]
TYPES: dict[Kind, pa.DataType] = {"text": pa.string(), "timestamp": pa.timestamp("us"), "number": pa.decimal128(18, 4)}
EXPECTED = {
    TYPES["text"]: "text",
    TYPES["timestamp"]: "a time",
    TYPES["number"]: f"a number of less than {EXACT_LIMIT:.0e}",
}
NOT_OF_THE_KIND = (pa.ArrowException, ArithmeticError, TypeError, ValueError)


class Online:
    """Computes snapshot rows of single customers. One object serves one thread at a time."""

    def __init__(self, words: Words, cohort: CohortSection, reach: Reach, currency: str) -> None:
        """`words`, `reach` and `currency` are those of the manifest whose snapshots the rows have to equal."""
        self._features = (*steps_and_features(words), *rule_steps(words))
        self._rules, self._reach = rules(cohort, words), reach
        connection = connect()
        connection.raw_sql("SET threads = 1")  # one small customer: threads only wait for one another
        self._engine = connection.con
        self._schemas = {name: _schema(name, words) for name in words.mapped if name != "identities"}
        tables = {name: ibis.table(ibis.Schema.from_pyarrow(schema), name=name) for name, schema in self._schemas.items()}
        facts = make_facts(self._features, tables, words)
        self._facts = {name: connection.compile(rows) for name, rows in facts.items()}
        self._known = connection.compile(known_customers(tables))
        self._broken = {name: connection.compile(_broken(name, rows, currency)) for name, rows in tables.items()}

    def row(self, customer_id: str, events: Events, as_of: date) -> dict[str, Any]:
        """The row of a customer by column name; {} if she is not known before `as_of`.

        `events` holds her raw rows by table, in contract columns (of customers, also the rows of those she brought).
        Raises BadData for tables or columns that are not mapped, for values of another kind, and for rows that break the
        contract: the batch sets such rows aside.
        """
        self._fill(events)
        try:
            return self._row(customer_id, as_of)
        except (duckdb.DataError, pa.ArrowInvalid) as error:  # such as a survey whose scale has no width
            raise BadData(f"events: a value is out of range: {str(error).splitlines()[0]}") from None

    def _row(self, customer_id: str, as_of: date) -> dict[str, Any]:
        known = self._query(self._known, customer_id)
        if known.num_rows == 0:
            return {}
        facts = {name: facts_from(self._query(query, customer_id), 1) for name, query in self._facts.items()}
        part = InMemory(known_from(known), facts)
        rows = part.rows(as_of, self._features, self._rules, history_days(self._reach, as_of)).to_pylist()
        return dict(rows[0]) if rows else {}

    def _fill(self, events: Events) -> None:
        if unknown := sorted(set(events) - set(self._schemas))[:20]:
            raise BadData([f"events.{name}: no such table is mapped; {nearest(name, self._schemas)}" for name in unknown])
        for name, schema in self._schemas.items():
            self._engine.register(name, _table(name, schema, events.get(name, ())))
        if problems := [problem for name, rows in events.items() if rows for problem in self._problems(name, rows)]:
            raise BadData(problems[:20])

    def _problems(self, name: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """The rows that the batch would set aside, each with the reason."""
        reasons = self._engine.execute(self._broken[name]).fetchall()
        broken = [(k, *why.partition(" ")) for k, (why,) in enumerate(reasons) if why]  # the column comes first
        problems = [f"events.{name}[{k}].{column}: {what}" for k, column, _, what in broken]
        key, seen = CONTRACTS[name].key, set[tuple[Any, ...]]()  # type: ignore[index]
        for k, row in enumerate(rows if key else ()):
            own = tuple(row[column] for column in key)
            problems += [f"events.{name}[{k}].{key[0]}: another row has the same {' and '.join(key)}"] if own in seen else []
            seen.add(own)
        return problems

    def _query(self, query: str, customer_id: str) -> pa.Table:
        """What a query finds of a customer, who has number 0."""
        found = self._engine.execute(f"SELECT * FROM ({query}) WHERE customer_id = ?", [customer_id]).to_arrow_table()
        return found.append_column("number", pa.array(np.zeros(found.num_rows, dtype=np.int32)))


def _broken(name: str, rows: ibis.Table, currency: str) -> ibis.Table:
    """Why each row breaks the contract, in the order of the rows; null where it does not."""
    rules = breaks_alone(rows, name, currency)  # type: ignore[arg-type]
    reason = ibis.cases(*[(rule.fails(rows), rule.says) for rule in rules]) if rules else ibis.null("string")
    return rows.select(reason=reason)


def _schema(name: str, words: Words) -> pa.Schema:
    kinds = {column.name: column.kind for column in CONTRACTS[name].columns}  # type: ignore[index]
    kinds |= dict.fromkeys(words.numeric, "number") if name == "customers" else {}
    return pa.schema(
        [(column, TYPES[kinds.get(column, "text" if name == "customers" else "number")]) for column in words.mapped[name]]
    )


def _table(name: str, schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    if unknown := sorted({column for row in rows for column in row} - set(schema.names))[:20]:
        raise BadData([f"events.{name}.{column}: not a mapped column; {nearest(column, schema.names)}" for column in unknown])
    found = pa.table([_column(name, field, [row.get(field.name) for row in rows]) for field in schema], schema=schema)
    if missing := [f"events.{name}[{k}].{column}: missing" for column in _required(name) for k in _nulls(found[column])]:
        raise BadData(missing[:20])  # such rows the batch sets aside
    return found


def _required(name: str) -> list[str]:
    """The columns without which no row of a table is kept."""
    return [column.name for column in CONTRACTS[name].required if not column.nullable]  # type: ignore[index]


def _nulls(column: pa.ChunkedArray) -> list[int]:
    return [k for k, value in enumerate(column.is_null().to_pylist()) if value] if column.null_count else []


def _column(name: str, field: pa.Field, values: Sequence[Any]) -> pa.Array:
    try:
        return _array(field, values)
    except NOT_OF_THE_KIND:
        k = next(k for k, value in enumerate(values) if not _fits(field, value))
        raise BadData(
            f"events.{name}[{k}].{field.name}: expected {EXPECTED[field.type]}, found {str(values[k])[:50]!r}"
        ) from None


def _array(field: pa.Field, values: Sequence[Any]) -> pa.Array:
    return pa.array([_exact(value) for value in values] if pa.types.is_decimal(field.type) else values, field.type)


def _fits(field: pa.Field, value: Any) -> bool:
    try:
        _array(field, [value])
    except NOT_OF_THE_KIND:
        return False
    return True


def _exact(value: Any) -> Decimal | None:
    """The exact decimal that the batch makes of a number, however it came; raises ArithmeticError where it sets it aside."""
    if value is None:
        return None
    found = Decimal(str(value)).quantize(PLACES, ROUND_HALF_UP)
    if abs(found) >= EXACT_LIMIT:
        raise OverflowError
    return found
