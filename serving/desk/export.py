"""The list as CSV, for a spreadsheet: everybody who is asked for, in the order asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date

from serving.desk.marks import State
from serving.desk.scored_table import Row, Scored
from serving.desk.words import MARKED, Words

BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know that it is UTF-8
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def file_name(scored: Scored) -> str:
    """With project and date; ASCII, as names of projects are."""
    return f"{scored.project.name}_{scored.as_of}.csv"


def as_csv(parts: Iterable[list[Row]], states: dict[str, State], words: Words) -> Iterator[str]:
    """A line of titles, then one for each customer. Numbers are written plainly, groups in the reader's language."""
    columns = [name for name in words.scored.columns if name != "place"]
    yield BYTE_ORDER_MARK + _lines([[*map(words.title, columns), words.title("marked")]])
    for rows in parts:
        yield _lines([[*(_cell(row[name], name, words) for name in columns), _state(row, states, words)] for row in rows])


def harmless(cell: str) -> str:
    """A text that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("a=1"), harmless("-3")
    ("'=1+1", 'a=1', "'-3")
    """
    return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell


def _lines(rows: list[list[str]]) -> str:
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue()


def _cell(value: object, column: str, words: Words) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return words.say("yes") if value else words.say("no")
    if isinstance(value, (int, float)):
        return f"{value:.10g}"
    if isinstance(value, date):
        return value.isoformat()
    said = words.say.other(str(value)) if column == "not_eligible_because" else words.group(column, str(value))
    return harmless(str(value) if column == "customer_id" else said)


def _state(row: Row, states: dict[str, State], words: Words) -> str:
    state = states.get(row["customer_id"], State())
    until = f" {state.until.isoformat()}" if state.until else ""
    return words.say(MARKED[state.name]) + until
