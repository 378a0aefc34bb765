"""A csv file as a parquet file, by DuckDB, which would otherwise find the types of its columns anew in every query."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import duckdb
from ibis.backends import BaseBackend

from features.tables import quoted

# Types are found from all rows: one letter in the last of them makes a column text, not an error.
ALL_ROWS = "sample_size = -1"
TYPES = "auto_type_candidates = ['BOOLEAN', 'BIGINT', 'DOUBLE', 'TIMESTAMP', 'TIMESTAMPTZ', 'VARCHAR']"
NOT_CONVERTED = re.compile(r'converting column "(.*?)"\. Could not')
YEAR_FIRST = re.compile(r"\s*\d{4}\D")


def csv_as_parquet(
    connection: BaseBackend, file: Path, copy: Path, *, as_text: Collection[str] = (), delimiter: str | None = None
) -> None:
    """Write `copy`, a parquet file, from a UTF-8 csv file with a line of column names.

    The columns `as_text` (in small letters) are kept to the letter: ids of 20 digits, or 1e5. So are dates that do not
    begin with the year: 03/07/2025 is one day in London and another in New York, and only the company knows.
    """
    csv = f"{_literal(str(file))}, header = true" + (f", delim = {_literal(delimiter)}, skip = 0" if delimiter else "")
    text = [name for name in _types(connection, _read(csv, "all_varchar = true")) if name.lower() in as_text]
    _write(connection, csv, copy, text)
    guessed = [name for name in _timestamps(connection, copy) if not _begins_with_the_year(connection, csv, name)]
    if guessed:
        _write(connection, csv, copy, [*text, *guessed])
    if not delimiter and _is_empty(connection, copy):
        # All lines but the last may have been taken for a preamble, because the last has more values: that is then said.
        _copy(connection, _read(f"{csv}, skip = 0", f"{TYPES}, {ALL_ROWS}"), copy)


def _write(connection: BaseBackend, csv: str, copy: Path, text: list[str]) -> None:
    types = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in text)
    options = f"{TYPES}, types = {{{types}}}" if text else TYPES
    try:
        _copy(connection, _read(csv, f"{options}, {ALL_ROWS}"), copy)
    except duckdb.Error as error:
        if (mixed := NOT_CONVERTED.search(str(error))) and mixed[1] not in text:
            # The type that DuckDB found does not hold all values, e.g. of days with and without a clock.
            _write(connection, csv, copy, [*text, mixed[1]])
        elif "sniffing" in str(error):
            # A line somewhere is broken: reading on from the first lines will name it.
            _copy(connection, _read(csv, options), copy)
        else:
            raise


def _copy(connection: BaseBackend, query: str, copy: Path) -> None:
    connection.raw_sql(f"COPY ({query}) TO {_literal(str(copy))} (FORMAT parquet)")


def _read(csv: str, options: str, columns: str = "*") -> str:
    return f"SELECT {columns} FROM read_csv({csv}, {options})"


def _types(connection: BaseBackend, query: str) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in connection.raw_sql(f"DESCRIBE {query}").fetchall()}


def _is_empty(connection: BaseBackend, copy: Path) -> bool:
    return not connection.raw_sql(f"SELECT 1 FROM read_parquet({_literal(str(copy))}) LIMIT 1").fetchall()


def _timestamps(connection: BaseBackend, copy: Path) -> list[str]:
    types = _types(connection, f"SELECT * FROM read_parquet({_literal(str(copy))})")
    return [name for name, dtype in types.items() if dtype.startswith("TIMESTAMP")]


def _begins_with_the_year(connection: BaseBackend, csv: str, name: str) -> bool:
    column = quoted(name)
    query = f"{_read(csv, 'all_varchar = true', column)} WHERE {column} IS NOT NULL LIMIT 1"
    return all(YEAR_FIRST.match(str(row[0])) for row in connection.raw_sql(query).fetchall())


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
