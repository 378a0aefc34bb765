"""Read a company's tables as it keeps them: files of one kind or several, or tables of its database."""

from __future__ import annotations

import glob
import hashlib
from pathlib import Path

import ibis
from ibis.backends import BaseBackend

from features.engines.engine import CSV_ENDINGS, as_readable, engine_errors, engine_says, read_file, read_files
from features.engines.engine import connect as connect
from features.engines.text_files import as_utf8
from features.mappings import TableMapping
from features.problems import BadData
from features.raw.columns_found import as_toml, delimiter_hint, separator_of
from features.raw.expressions import text_columns
from features.raw.file_columns import agreed_types
from features.raw.uneven_lines import uneven_line

ENDINGS = (".parquet", *CSV_ENDINGS)


def source_files(name: str, mapping: TableMapping) -> list[Path]:
    """The files a table is read from, in name order. Raises BadData when there are none."""
    files = sorted(Path(found) for found in glob.glob(mapping.from_, recursive=True))  # noqa: PTH207 (may be absolute)
    if not files:
        raise BadData(f"tables.{name}.from = '{mapping.from_}': no such file (paths start at the current folder)")
    wrong = [file for file in files if file.suffix.lower() not in ENDINGS]
    if wrong:
        raise BadData(f"tables.{name}.from: cannot read {wrong[0]}; known endings: {', '.join(ENDINGS)}")
    binary = [file for file in files if file.suffix.lower() not in CSV_ENDINGS]
    for key in ("encoding", "delimiter"):
        if binary and getattr(mapping, key):
            raise BadData(f"tables.{name}.{key} is for csv files; {binary[0]} has no {key}, leave it out")
    return files


def file_fingerprint(files: list[Path]) -> str:
    """A SHA-256 over the bytes of the files: it changes when any of the data does."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def read_source(connection: BaseBackend, name: str, mapping: TableMapping, folder: Path) -> ibis.Table:
    """The rows of a table as the company keeps them, before any mapping; `folder` takes copies that only help to read.

    Raises BadData when they cannot be read, or when several files do not go together.
    """
    if connection.name == "postgres":
        return _database_table(connection, name, mapping)
    readable = {file: _readable(connection, name, mapping, file, folder) for file in source_files(name, mapping)}
    tables = {file: _file_table(connection, name, mapping, file=file, copy=copy) for file, copy in readable.items()}
    if len(tables) == 1:
        return next(iter(tables.values()))
    types = agreed_types(name, mapping, tables)
    together = read_files(connection, list(readable.values()), mapping.delimiter)
    return together.mutate(**{column: together[column].cast(dtype) for column, dtype in types.items()})


def _database_table(connection: BaseBackend, name: str, mapping: TableMapping) -> ibis.Table:
    *schema, table_name = mapping.from_.split(".")
    try:
        table: ibis.Table = connection.table(table_name, database=".".join(schema) or None)
    except engine_errors() as error:
        raise BadData(f"tables.{name}.from = '{mapping.from_}': {engine_says(error)}; expected schema.table") from None
    return table


def _readable(connection: BaseBackend, name: str, mapping: TableMapping, file: Path, folder: Path) -> Path:
    """The file, or the copy of it that the engine reads."""
    if file.suffix.lower() not in CSV_ENDINGS:
        return file
    utf8 = as_utf8(file, table=name, encoding=mapping.encoding, folder=folder)
    try:
        return as_readable(connection, utf8, folder, as_text=text_columns(mapping), delimiter=mapping.delimiter)
    except engine_errors() as error:
        uneven = uneven_line(file, mapping.delimiter, mapping.encoding) if mapping.delimiter else None
        raise BadData(_unreadable(name, mapping, file, error) + (f"; {uneven}" if uneven else "")) from None


def _file_table(connection: BaseBackend, name: str, mapping: TableMapping, *, file: Path, copy: Path) -> ibis.Table:
    try:
        table = read_file(connection, copy, mapping.delimiter)
        columns = table.columns
    except engine_errors() as error:
        raise BadData(_unreadable(name, mapping, file, error)) from None
    if file.suffix.lower() in CSV_ENDINGS and len(columns) == 1 and (sign := separator_of(columns)) and not mapping.delimiter:
        raise BadData(f"tables.{name}.from = '{mapping.from_}': {_not_split(name, mapping, file, columns[0], sign)}")
    return table


def _not_split(name: str, mapping: TableMapping, file: Path, column: str, sign: str) -> str:
    said = f"the lines of {file} do not split into columns (the first: {column})"
    if uneven := uneven_line(file, sign, mapping.encoding):
        return f"{said}; they seem to be separated by {as_toml(sign)}, but {uneven}"
    return f"{said}; {delimiter_hint(name, sign)}"


def _unreadable(name: str, mapping: TableMapping, file: Path, error: Exception) -> str:
    which = "" if str(file) == mapping.from_ else f", {file}"
    return f"tables.{name}.from = '{mapping.from_}'{which}: {engine_says(error)}"


def has_rows(source: ibis.Table, name: str, mapping: TableMapping) -> bool:
    """Whether a table has any rows. Raises BadData when they cannot be read."""
    return _count(source.limit(1), name, mapping) > 0


def count_rows(source: ibis.Table, name: str, mapping: TableMapping) -> int:
    """How many rows a table has. Raises BadData when they cannot be read."""
    return _count(source, name, mapping)


def _count(rows: ibis.Table, name: str, mapping: TableMapping) -> int:
    try:
        return int(rows.count().execute())
    except engine_errors() as error:
        raise BadData(f"tables.{name}.from = '{mapping.from_}': {engine_says(error)}") from None
