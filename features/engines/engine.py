"""The engines that can hold a company's data: what differs between them is here, everything else is Ibis.

DuckDB is embedded and reads files. PySpark reads the same files; PostgreSQL has the tables itself. Both are extras.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from ibis.backends import BaseBackend
from ibis.common.exceptions import IbisError

from features.engines.csv_files import csv_as_parquet
from features.problems import BadConfig
from features.project import SourceSection
from features.tables import EXACT, EXACT_PLACES

CSV_ENDINGS = (".csv", ".tsv", ".txt")
BLANKS = " \t\n\r\v\f"
ROWS_AT_ONCE = 1_000_000  # that leave an engine for memory
SPARK: dict[str, Any] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # a time without a time zone, as everywhere else
    "spark.sql.ansi.enabled": "true",  # a value that cannot be converted is an error, not a silent null
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}


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
    connection.compiler = _postgres_compiler()
    connection.raw_sql(f"SET TIME ZONE '{source.time_zone}'")
    connection.raw_sql("SET jit = off")  # to compile hundreds of features takes longer than to add them up
    return connection


def _postgres_compiler() -> Any:
    """Ibis's words for PostgreSQL, where true and false must become a small integer first, and days are to be subtracted."""
    from ibis.backends.sql.compilers.postgres import PostgresCompiler

    class Compiler(PostgresCompiler):  # type: ignore[misc]
        def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:  # noqa: N802
            if op.arg.dtype.is_boolean() and to.is_numeric():
                arg = self.cast(arg, dt.int32)
            return super().visit_Cast(op, arg=arg, to=to)

        def visit_DateDelta(self, op: Any, *, left: Any, right: Any, part: Any) -> Any:  # noqa: N802
            if part.this != "day":
                return super().visit_DateDelta(op, left=left, right=right, part=part)
            # Ibis takes the seconds between two midnights, which every sum over days would do again.
            return self.cast(sqlglot.exp.Paren(this=left - right), dt.int64)

    return Compiler()


def _connect_pyspark(source: SourceSection) -> BaseBackend:
    try:
        from pyspark.sql import SparkSession  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise BadConfig(_not_installed("pyspark")) from None
    session = SparkSession.builder.master(source.master).config(map=SPARK).getOrCreate()
    session.sparkContext.setLogLevel("OFF")  # what goes wrong is raised, and said once
    logging.getLogger("SQLQueryContextLogger").disabled = True
    connection: BaseBackend = ibis.pyspark.connect(session)
    session.conf.set("spark.sql.session.timeZone", source.time_zone)  # Ibis has just set it to UTC
    if source.master.startswith("local"):
        # 200 tasks at every step, the default, are for a cluster; here they take longer than their work.
        session.conf.set("spark.sql.shuffle.partitions", 2 * session.sparkContext.defaultParallelism)
    return connection


def is_embedded(connection: BaseBackend) -> bool:
    """Whether the engine is in this process, so that rows need not leave it to be in memory."""
    return bool(connection.name == "duckdb")


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


def as_readable(
    connection: BaseBackend, file: Path, folder: Path, *, as_text: Collection[str] = (), delimiter: str | None = None
) -> Path:
    """The file, or a copy of it in `folder` that the engine reads better; `as_text` are columns to keep to the letter."""
    if connection.name != "duckdb" or file.suffix.lower() not in CSV_ENDINGS:
        return file
    copy = folder / f"{len(list(folder.iterdir()))}.parquet"
    csv_as_parquet(connection, file, copy, as_text=as_text, delimiter=delimiter)
    return copy


def read_file(connection: BaseBackend, file: Path, delimiter: str | None = None) -> ibis.Table:
    """The rows of one file; `delimiter` is of a csv file, where it is known."""
    if file.suffix.lower() in CSV_ENDINGS:
        table: ibis.Table = connection.read_csv(str(file), **({"sep": delimiter} if delimiter else {}))
        return table
    return connection.read_parquet(str(file))


def read_files(connection: BaseBackend, files: Sequence[Path], delimiter: str | None = None) -> ibis.Table:
    """The rows of several files, columns matched by name; a column that a file does not have is missing there."""
    if len(files) == 1:
        return read_file(connection, files[0], delimiter)
    if connection.name == "duckdb":
        table: ibis.Table = connection.read_parquet([str(file) for file in files], union_by_name=True)
        return table
    tables = [read_file(connection, file, delimiter) for file in files]
    columns = {name: dtype for table in tables for name, dtype in table.schema().items()}
    return ibis.union(
        *[
            table.select(**{n: table[n] if n in table.columns else ibis.null(dtype) for n, dtype in columns.items()})
            for table in tables
        ]
    )


def trimmed(text: ibis.Value) -> ibis.Value:
    """The text without blanks at its ends."""
    if text.get_backend().name == "pyspark":  # in whose literals \v and \f are the letters v and f
        return text.re_replace(r"^\s+|\s+$", "")
    # To look for blanks first is twice as fast as to trim every value.
    blank_at_an_end = reduce(or_, [at_end(blank) for blank in BLANKS for at_end in (text.startswith, text.endswith)])
    return blank_at_an_end.ifelse(text.strip(), text)


def is_there(value: ibis.Value) -> ibis.Value:
    """Whether there is a value. (Ibis asks Spark whether it is there and a number, which NaN is not.)"""
    return (value.cast("string") if value.get_backend().name == "pyspark" else value).notnull()


def exact_number(number: ibis.Value) -> ibis.Value:
    """Floats as exact decimals, rounded alike by every engine; they must be finite and below the limit.

    DuckDB multiplies by 10,000 and rounds half away from 0. The others round the float's shortest text (Spark), or its
    first 15 digits (PostgreSQL), so that they are told step by step what DuckDB does.
    """
    if is_embedded(number.get_backend()):
        return number.cast(EXACT)
    scaled = number * float(10**EXACT_PLACES)
    whole = ibis.ifelse(scaled < 0, -((0.5 - scaled).floor()), (scaled + 0.5).floor()).cast("int64")
    wide = f"decimal({18 + EXACT_PLACES}, {EXACT_PLACES})"
    return (whole.cast(wide) * ibis.literal(Decimal(1).scaleb(-EXACT_PLACES), wide)).cast(EXACT)


def kept_in_engine(connection: BaseBackend, name: str, rows: ibis.Table) -> ibis.Table:
    """The rows computed once and kept by the engine until the connection ends, or `let_go`."""
    unique = ibis.util.gen_name(name)
    if connection.name == "pyspark":
        _kept_in_spark(connection, unique, rows)
        return connection.table(unique)
    made: ibis.Table = connection.create_table(unique, rows, temp=connection.name == "postgres" or None)
    if connection.name == "postgres":
        texts = [f'ALTER "{column}" TYPE text COLLATE "C"' for column, dtype in rows.schema().items() if dtype.is_string()]
        if texts:  # in the order of its bytes, as in the other engines, not in that of a language
            connection.raw_sql(f'ALTER TABLE "{unique}" {", ".join(texts)}').close()
        connection.raw_sql(f'ANALYZE "{unique}"').close()  # nobody else looks at temporary tables, and joins are chosen by it
    return made


def _kept_in_spark(connection: BaseBackend, unique: str, rows: ibis.Table) -> None:
    """Keep the rows themselves. A cached query is planned again, with all it was made from, by every query over it."""
    query = f"{unique}_query"
    connection.create_view(query, rows)
    connection.raw_sql(f"SELECT * FROM {query}").localCheckpoint().createTempView(unique)
    connection.raw_sql(f"DROP VIEW {query}")


def let_go(connection: BaseBackend, kept: ibis.Table) -> None:
    """Forget rows that were kept in the engine."""
    connection.raw_sql(f"DROP {'VIEW' if connection.name == 'pyspark' else 'TABLE'} {kept.get_name()}")


def _arrow_parts(connection: BaseBackend, rows: ibis.Table) -> Iterator[pa.Table]:
    """The rows, in their order, a part at a time (Spark: all at once); at least one part, if need be without rows."""
    if connection.name == "pyspark":
        yield connection.to_pyarrow(rows)
        return
    batches = connection.to_pyarrow_batches(rows, chunk_size=ROWS_AT_ONCE)
    is_empty = True
    for batch in batches:
        is_empty = False
        yield pa.Table.from_batches([batch], batches.schema)
    if is_empty:
        yield batches.schema.empty_table()


def write_parquet(connection: BaseBackend, rows: ibis.Table, file: Path) -> None:
    """Write the rows to one file on this machine, wherever the engine runs."""
    if is_embedded(connection):
        connection.to_parquet(rows, file)
        return
    with pq.ParquetWriter(file, rows.schema().to_pyarrow()) as writer:
        for part in _arrow_parts(connection, rows):
            writer.write_table(part)
