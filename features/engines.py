"""The engines that can hold a company's data: what differs between them is here, everything else is Ibis.

DuckDB is embedded and reads files. PySpark reads the same files; PostgreSQL has the tables itself. Both are extras.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
import ibis
import sqlglot
from ibis.backends import BaseBackend
from ibis.common.exceptions import IbisError

from features.csv_files import csv_as_parquet
from features.problems import BadConfig
from features.project import SourceSection

CSV_ENDINGS = (".csv", ".tsv", ".txt")


def connect(source: SourceSection | None = None) -> BaseBackend:
    """The engine of [source] (the embedded one by default), set so that the machine's time zone changes nothing.

    Raises BadConfig when the engine is not installed or cannot be reached.
    """
    source = source or SourceSection()
    if source.backend == "postgres":
        return _connect_postgres(source)
    if source.backend == "pyspark":
        return _connect_pyspark(source)
    connection: BaseBackend = ibis.duckdb.connect()
    connection.raw_sql(f"SET TimeZone = '{source.time_zone}'")
    return connection


def _connect_postgres(source: SourceSection) -> BaseBackend:
    variable = str(source.connection_from_env)
    url = os.environ.get(variable)
    if not url:
        raise BadConfig(f"source.connection_from_env = '{variable}': this environment variable is not set")
    try:
        connection: BaseBackend = ibis.connect(url)
    except ImportError:
        raise BadConfig(_not_installed("postgres")) from None
    except engine_errors() as error:
        raise BadConfig(f"source.connection_from_env = '{variable}': cannot connect: {engine_says(error)}") from None
    connection.raw_sql(f"SET TIME ZONE '{source.time_zone}'")
    return connection


def _connect_pyspark(source: SourceSection) -> BaseBackend:
    try:
        from pyspark.sql import SparkSession  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise BadConfig(_not_installed("pyspark")) from None
    session = SparkSession.builder.master(source.master).config("spark.ui.enabled", "false").getOrCreate()
    connection: BaseBackend = ibis.pyspark.connect(session)
    session.conf.set("spark.sql.session.timeZone", source.time_zone)  # Ibis has just set it to UTC
    return connection


def _not_installed(backend: str) -> str:
    extra = {"postgres": "postgres", "pyspark": "spark"}[backend]
    return f"source.backend = '{backend}' needs the extra [{extra}], which is not installed: pip install '.[{extra}]'"


def engine_errors() -> tuple[type[Exception], ...]:
    """The errors by which an engine refuses a query or a row; those of an engine that is not in use are not loaded."""
    found: list[type[Exception]] = [duckdb.Error, IbisError, sqlglot.errors.SqlglotError]
    for module, name in (("pyspark.errors", "PySparkException"), ("psycopg", "Error")):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)


def engine_says(error: Exception) -> str:
    """What an engine's error says in one line, without the query or the row that it quotes."""
    said = [line for line in str(error).strip().splitlines() if not line.startswith("Original Line:")]
    return ". ".join(said[:2]) if "CSV Error" in said[0] else said[0]


def as_readable(connection: BaseBackend, file: Path, folder: Path, *, as_text: Collection[str] = ()) -> Path:
    """The file, or a copy of it in `folder` that the engine reads better; `as_text` are columns to keep to the letter."""
    if connection.name != "duckdb" or file.suffix.lower() not in CSV_ENDINGS:
        return file
    copy = folder / f"{len(list(folder.iterdir()))}.parquet"
    csv_as_parquet(connection, file, copy, as_text=as_text)
    return copy


def read_file(connection: BaseBackend, file: Path) -> ibis.Table:
    """The rows of one file."""
    read = connection.read_csv if file.suffix.lower() in CSV_ENDINGS else connection.read_parquet
    table: ibis.Table = read(str(file))
    return table


def read_files(connection: BaseBackend, files: Sequence[Path]) -> ibis.Table:
    """The rows of several files, columns matched by name; a column that a file does not have is missing there."""
    if len(files) == 1:
        return read_file(connection, files[0])
    if connection.name == "duckdb":
        table: ibis.Table = connection.read_parquet([str(file) for file in files], union_by_name=True)
        return table
    tables = [read_file(connection, file) for file in files]
    columns = {name: dtype for table in tables for name, dtype in table.schema().items()}
    return ibis.union(
        *[
            table.select(**{n: table[n] if n in table.columns else ibis.null(dtype) for n, dtype in columns.items()})
            for table in tables
        ]
    )


def kept_in_engine(connection: BaseBackend, name: str, rows: ibis.Table) -> ibis.Table:
    """The rows computed once and kept by the engine until the connection ends."""
    if connection.name == "pyspark":
        cached: ibis.Table = rows.cache()
        return cached
    unique = ibis.util.gen_name(name)
    made: ibis.Table = connection.create_table(unique, rows, temp=connection.name == "postgres" or None)
    return made
