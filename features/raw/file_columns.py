"""Whether the files of one table go together: the same columns, and of the same kind in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import ibis
import ibis.expr.datatypes as dt

from features.mappings import TableMapping
from features.problems import BadData
from features.raw.columns_found import columns_found
from features.raw.expressions import columns_used

FILES_NAMED = 3


def agreed_types(name: str, mapping: TableMapping, tables: Mapping[Path, ibis.Table]) -> dict[str, dt.DataType]:
    """The types of columns that must be cast after reading all files: those that hold nothing in some file.

    Only the columns that the mapping uses are looked at. Raises BadData with every one that a file does not have, or
    that is of another kind there.
    """
    problems, types = [], {}
    lacking_in: dict[tuple[Path, ...], list[str]] = {}
    for column in sorted(columns_used(mapping)):
        places = {file: found for file, table in tables.items() if (found := _column(table, column)) is not None}
        if not places:
            continue  # mapping the table will say so
        if lacking := tuple(file for file in tables if file not in places):
            lacking_in.setdefault(lacking, []).append(column)
            continue
        if len({_kind(value.type()) for value in places.values()}) == 1:
            continue
        # A column without values has no kind of its own, whatever type the file gives it.
        filled = {file: value for file, value in places.items() if int(value.count().execute()) > 0}
        kinds = {
            _kind(value.type()): [f for f in filled if _kind(filled[f].type()) == _kind(value.type())]
            for value in filled.values()
        }
        if len(kinds) > 1:
            said = " but ".join(f"{kind} in {_named(files)}" for kind, files in kinds.items())
            problems.append(f"column '{column}' is {said}")
        elif filled:
            types[next(iter(filled.values())).get_name()] = _common_type([value.type() for value in filled.values()])
    problems = [_lacking(name, columns, files, tables) for files, columns in lacking_in.items()] + problems
    if problems:
        raise BadData([f"tables.{name}.from = '{mapping.from_}': {problem}" for problem in problems])
    return types


def _lacking(name: str, columns: list[str], lacking: tuple[Path, ...], tables: Mapping[Path, ibis.Table]) -> str:
    """What some files do not have and the others do, and what the first of them has instead."""
    which = f"column {columns[0]!r} is" if len(columns) == 1 else f"columns {', '.join(map(repr, columns))} are"
    places = [file for file in tables if file not in lacking]
    found = columns_found(name, tables[lacking[0]].columns)
    return f"{which} in {_named(places)} but not in {_named(lacking)} ({lacking[0].name}: {found})"


def _column(table: ibis.Table, lower_name: str) -> ibis.Value | None:
    return next((table[name] for name in table.columns if name.lower() == lower_name), None)


def _kind(dtype: dt.DataType) -> str:
    if dtype.is_numeric():
        return "a number"
    if dtype.is_string():
        return "text"
    return "a date" if dtype.is_timestamp() or dtype.is_date() else str(dtype)


def _common_type(types: list[dt.DataType]) -> dt.DataType:
    """A type that holds the values of all these types, which are of one kind."""
    if len(set(types)) == 1:
        return types[0]
    return dt.float64 if types[0].is_numeric() else dt.timestamp


def _named(files: Iterable[Path]) -> str:
    names = [file.name for file in files]
    more = f" and {len(names) - FILES_NAMED} more" if len(names) > FILES_NAMED else ""
    return ", ".join(names[:FILES_NAMED]) + more
