"""Connect to the engine that holds a company's data and read its tables through the mapping file."""

from __future__ import annotations

import glob
import hashlib
import re
from pathlib import Path

import duckdb
import ibis
import ibis.expr.datatypes as dt
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

SIMPLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

ENGINE_ERRORS = (duckdb.Error, IbisError, sqlglot.errors.SqlglotError)


def connect() -> Backend:
    """The embedded engine, set so that the machine's time zone changes nothing."""
    connection: Backend = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'")
    return connection


def source_files(name: str, mapping: TableMapping) -> list[Path]:
    """The files a table is read from, in name order. Raises BadData when there are none."""
    files = sorted(Path(found) for found in glob.glob(mapping.from_, recursive=True))  # noqa: PTH207 (may be absolute)
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
    paths = [str(file) for file in files]
    try:
        if READERS[files[0].suffix.lower()] == "read_csv":
            return _read_csv(connection, name, mapping, paths)
        table: ibis.Table = connection.read_parquet(paths)
    except ENGINE_ERRORS as error:
        raise BadData(f"tables.{name}.from = '{mapping.from_}': {engine_says(error)}") from None
    return table


def _read_csv(connection: Backend, name: str, mapping: TableMapping, paths: list[str]) -> ibis.Table:
    try:
        # Columns get their types from all rows: one letter in the last of them makes the column text, not an error.
        table: ibis.Table = connection.read_csv(paths, sample_size=-1)
    except ENGINE_ERRORS as error:
        if "sniffing" not in str(error):
            raise
        table = connection.read_csv(paths)  # a line somewhere is broken: counting the rows will name it
    if len(table.columns) == 1 and set(table.columns[0]) & set(",;|\t"):
        raise BadData(
            f"tables.{name}.from = '{mapping.from_}': the lines do not split into columns (the first: {table.columns[0]}); "
            "look for lines with more or fewer values than the first"
        )
    return table


def count_rows(source: ibis.Table, name: str, mapping: TableMapping) -> int:
    """How many rows a table has. Raises BadData when there are none or they cannot be read."""
    try:
        rows = int(source.count().execute())
    except ENGINE_ERRORS as error:
        raise BadData(f"tables.{name}.from = '{mapping.from_}': {engine_says(error)}") from None
    if rows == 0:
        raise BadData(f"tables.{name}.from = '{mapping.from_}' has no rows")
    return rows


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
    # Each expression ends its line, so that a comment in it ends there too.
    columns = ", ".join(f"{expression}\n AS {key}" for key, expression in mapping.expressions().items())
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
    except sqlglot.errors.ParseError as error:
        place = [f" at line {found['line']}, column {found['col']}" for found in error.errors[:1]]
        return f"does not parse as SQL{''.join(place)}"
    except sqlglot.errors.SqlglotError as error:
        return f"does not parse as SQL: {engine_says(error)}"
    if problem := _words_problem(source, expression, parsed):
        return problem
    computed = (
        f"SELECT {expression}\n AS value FROM src"
        if column
        else f"SELECT ({expression}\n) AS value FROM src WHERE {expression}"
    )
    try:
        dtype = source.alias("src").sql(computed, dialect="duckdb").schema()["value"]
    except ENGINE_ERRORS as error:
        return f"cannot be computed: {engine_says(error)}"
    return _kind_problem(dtype, expression, column)


def _words_problem(source: ibis.Table, expression: str, parsed: exp.Expression) -> str | None:
    """A column that is not there, or a word that takes more than one row or makes more than one."""
    quoted = {name.lower(): name if SIMPLE_NAME.fullmatch(name) else f'"{name}"' for name in source.columns}
    plain = expression.strip().lower()
    if plain in quoted and not isinstance(parsed, exp.Column):
        return f"this column name must be quoted: {quoted[plain]}"
    if isinstance(parsed, exp.Alias):
        return f"leave out AS {parsed.alias}: the key is the name"
    for used in parsed.find_all(exp.Column):
        if not used.table and used.name.lower() not in quoted:
            return f"the table has no column '{used.name}'; {nearest(used.name, quoted.values())}"
    for word in parsed.find_all(exp.AggFunc, exp.Unnest, exp.Explode, exp.Star):
        if not word.find_ancestor(exp.Window, exp.Subquery):
            return f"{word.sql(dialect='duckdb')} is not computed row by row; an expression takes one row and gives one value"
    return None


def _kind_problem(dtype: dt.DataType, expression: str, column: Column | None) -> str | None:
    if column is None:
        return None if dtype.is_boolean() else f"is {dtype}, expected a condition (true or false)"
    if column.kind == "timestamp" and not (dtype.is_timestamp() or dtype.is_date()):
        hint = f"; for text write e.g. try_strptime({expression}, '%Y-%m-%d')" if dtype.is_string() else ""
        return f"is {dtype}, expected a date or timestamp{hint}"
    if column.kind == "number" and not dtype.is_numeric():
        hint = f"; for text write e.g. try_cast({expression} AS DOUBLE)" if dtype.is_string() else ""
        return f"is {dtype}, expected a number{hint}"
    return None


def conversion_problems(source: ibis.Table, name: str, mapping: TableMapping) -> list[str]:
    """The expressions that some row makes fail, each with the engine's word on it."""
    problems = []
    for key, expression in (mapping.expressions() | ({"where": mapping.where} if mapping.where else {})).items():
        try:
            source.alias("src").sql(f"SELECT max({expression}\n) AS value FROM src", dialect="duckdb").execute()
        except ENGINE_ERRORS as error:
            problems.append(
                f"tables.{name}.{key} = '{expression.strip()}' fails on a row: {engine_says(error)}; try_cast and "
                f"try_strptime make such a value missing instead"
            )
    return problems


def engine_says(error: Exception) -> str:
    """What an engine's error says in one line, without the query or the row that it quotes."""
    said = [line for line in str(error).strip().splitlines() if not line.startswith("Original Line:")]
    return ". ".join(said[:2]) if "CSV Error" in said[0] else said[0]
