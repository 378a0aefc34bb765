"""Connect to the engine that holds a company's data and read its tables through the mapping file."""

from __future__ import annotations

import glob
import hashlib
from pathlib import Path

import duckdb
import ibis
import sqlglot
from ibis.backends.duckdb import Backend
from ibis.common.exceptions import IbisError
from sqlglot import exp

from features.problems import BadData, nearest
from features.project import TableMapping
from features.tables import CONTRACTS, Column, Kind

READERS = {".parquet": "read_parquet", ".csv": "read_csv", ".tsv": "read_csv", ".txt": "read_csv"}

# Money and quantities are exact decimals: sums are then the same to the last digit on every engine, in any row
# order and with any number of threads, so a snapshot can be hashed and a training run repeated.
EXACT = "decimal(18, 4)"
EXACT_LIMIT = 1e13

ENGINE_ERRORS = (duckdb.Error, IbisError, sqlglot.errors.SqlglotError)


def connect() -> Backend:
    """The embedded engine, set so that the machine's time zone changes nothing."""
    connection: Backend = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    return connection


def source_files(name: str, mapping: TableMapping) -> list[Path]:
    """The files a table is read from, in name order. Raises BadData when there are none."""
    files = sorted(Path(found) for found in glob.glob(mapping.from_, recursive=True))
    if not files:
        raise BadData(f"tables.{name}.from = '{mapping.from_}': no such file (paths start at the current folder)")
    wrong = [file for file in files if file.suffix.lower() not in READERS]
    if wrong:
        raise BadData(f"tables.{name}.from: cannot read {wrong[0]}; known endings: {', '.join(READERS)}")
    return files


def file_fingerprint(files: list[Path]) -> str:
    """A SHA-256 over the bytes of the files: it changes when any of the data does."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def read_source(connection: Backend, name: str, mapping: TableMapping) -> ibis.Table:
    """The rows of a table as the company keeps them, before any mapping."""
    files = source_files(name, mapping)
    reader = getattr(connection, READERS[files[0].suffix.lower()])
    try:
        table: ibis.Table = reader([str(file) for file in files])
    except ENGINE_ERRORS as error:
        raise BadData(f"tables.{name}.from = '{mapping.from_}': {_first_line(error)}") from None
    return table


def map_table(source: ibis.Table, name: str, mapping: TableMapping) -> ibis.Table:
    """The source rows in contract columns, those `where` leaves out not among them.

    Text is trimmed and empty text is missing; numbers are exact decimals. Raises BadData with every expression
    that does not parse, names an unknown column, cannot be run by the engine or is of the wrong kind.
    """
    kinds = {column.name: column for column in CONTRACTS[name].columns}
    wanted = mapping.expressions() | ({"where": mapping.where} if mapping.where else {})
    found = {key: _expression_problem(source, expression, kinds.get(key)) for key, expression in wanted.items()}
    problems = [f"tables.{name}.{key} = '{wanted[key].strip()}': {problem}" for key, problem in found.items() if problem]
    if problems:
        raise BadData(problems)
    columns = ", ".join(f"{expression} AS {key}" for key, expression in mapping.expressions().items())
    where = f" WHERE {mapping.where}" if mapping.where else ""
    mapped = source.alias("src").sql(f"SELECT {columns} FROM src{where}", dialect="duckdb")
    return mapped.select(**{key: _as_kind(mapped[key], kinds[key].kind) for key in mapping.expressions()})


def _as_kind(value: ibis.Value, kind: Kind) -> ibis.Value:
    if kind == "text":
        return value.cast("string").strip().nullif("")
    if kind == "timestamp":
        return value.cast("timestamp")
    number = value.cast("float64")
    return ibis.ifelse(number.abs() < EXACT_LIMIT, number, None).cast(EXACT)


def _expression_problem(source: ibis.Table, expression: str, column: Column | None) -> str | None:
    """Why a mapped expression cannot be used, or None. `column` is None for `where`."""
    try:
        parsed = sqlglot.parse_one(expression, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        return f"does not parse as SQL: {_first_line(error)}"
    known = {name.lower() for name in source.columns}
    for used in parsed.find_all(exp.Column):
        if not used.table and used.name.lower() not in known:
            return f"the table has no column '{used.name}'; {nearest(used.name, source.columns)}"
    try:
        dtype = source.alias("src").sql(f"SELECT {expression} AS value FROM src", dialect="duckdb").schema()["value"]
    except ENGINE_ERRORS as error:
        return f"cannot be computed: {_first_line(error)}"
    if column is None:
        return None if dtype.is_boolean() else f"is {dtype}, expected a condition (true or false)"
    if column.kind == "timestamp" and not (dtype.is_timestamp() or dtype.is_date()):
        return f"is {dtype}, expected a date or timestamp; for text write e.g. try_strptime({expression}, '%Y-%m-%d')"
    if column.kind == "number" and not dtype.is_numeric():
        return f"is {dtype}, expected a number; for text write e.g. try_cast({expression} AS DOUBLE)"
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
