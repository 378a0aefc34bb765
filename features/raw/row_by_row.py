"""Whether an expression looks at its own row only: by other rows snapshots of earlier dates would know later ones."""

from __future__ import annotations

from functools import cache

import duckdb
from sqlglot import exp

NUMBER = "ROW_NUMBER() OVER ()"
NOT_ROWS = (exp.Query, exp.Summarize, exp.Describe, exp.Unnest, exp.Explode, exp.Star, exp.AggFunc)
CLOCKS = frozenset(
    {"current_timestamp", "current_time", "localtimestamp", "localtime", "current_localtimestamp", "current_localtime"}
)
_FUNCTIONS = """
    SELECT function_name FROM duckdb_functions() GROUP BY function_name
    HAVING {}
"""  # several of one name take other types
_MANY_ROWS = "NOT bool_or(function_type IN ('scalar', 'macro')) OR bool_or(macro_definition ILIKE '%unnest(%')"
_MORE_THAN_THE_ROW = """
    bool_or(stability <> 'CONSISTENT' AND function_type = 'scalar')
    OR bool_or(macro_definition ILIKE '%current\\_%' ESCAPE '\\' OR macro_definition ILIKE '%(SELECT %')
"""


def rows_problem(parsed: exp.Expression, *, may_number: bool) -> str | None:
    """Why an expression does not give one value for one row, whatever the others are and whenever it is asked, or None.

    `may_number` allows row_number() OVER (), which numbers rows that have no id.
    """
    for word in parsed.find_all(exp.Window):
        if not (may_number and word.sql() == NUMBER):
            return (
                f"{_said(word)} looks at other rows, later ones too; an expression takes one row and gives one "
                "value. `once_per` keeps one of lines that are there twice"
            )
    words = [word for word in parsed.find_all(*NOT_ROWS, exp.Func) if not word.find_ancestor(exp.Window)]
    return next((why for word in words if (why := _why_not(word))), None)


def _why_not(word: exp.Expression) -> str | None:
    name = _said(word).partition("(")[0].strip().lower() if isinstance(word, exp.Func) else ""
    if name in _more_than_the_row() or (name == "age" and len(word.expressions) == 1):  # else between two times
        return f"{_said(word)} asks for more than the row holds: for other rows, the time of the build, or chance"
    if isinstance(word, NOT_ROWS) or name in _many_rows():
        return f"{_said(word)} is not computed row by row; an expression takes one row and gives one value"
    return None


def _said(word: exp.Expression) -> str:
    return str(word.sql(dialect="duckdb"))


@cache
def _many_rows() -> frozenset[str]:
    """The functions of DuckDB that take many rows or make many."""
    return _names(_MANY_ROWS)


@cache
def _more_than_the_row() -> frozenset[str]:
    """Those that give something else for the same row at another time, or by chance."""
    return _names(_MORE_THAN_THE_ROW) | CLOCKS


def _names(which: str) -> frozenset[str]:
    with duckdb.connect() as catalogue:
        return frozenset(name for (name,) in catalogue.execute(_FUNCTIONS.format(which)).fetchall())
