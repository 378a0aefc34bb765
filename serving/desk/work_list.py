"""The work list: which customers are asked for, in which order, and the fifty of a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from models.bundle import CHURN
from serving.desk.scored_table import Row, Rows, Scored

PAGE = 50
EXPORTED_AT_ONCE = 10_000
LISTED = ("tier", "life_stage", "quadrant", "rfm_segment", "action")  # columns to choose a group of
MARKED = ("open", "done", "snoozed", "wrong_reason", "all")
SEARCH_MAX = 200


@dataclass(frozen=True)
class Question:
    """What a reader asks of the list. What is not there, or says nothing, is not asked for."""

    tier: str = ""
    life_stage: str = ""
    quadrant: str = ""
    rfm_segment: str = ""
    action: str = ""
    eligible: str = ""  # yes or no
    risk: str = ""  # at least so many percent
    marked: str = "open"
    search: str = ""
    sort: str = ""
    way: str = ""  # asc or desc
    page: int = 1

    @classmethod
    def read(cls, given: Mapping[str, str], scored: Scored) -> Question:
        """From an address; whatever makes no sense for this table is as if it was not there."""
        asked = {one.name: given[one.name].strip() for one in fields(cls) if one.name in given}
        groups = {name: [group for group, _ in scored.groups.get(name, [])] for name in LISTED}
        found: dict[str, str] = {name: asked[name] for name in LISTED if asked.get(name) in groups[name]}
        if asked.get("eligible") in ("yes", "no"):
            found["eligible"] = asked["eligible"]
        if CHURN in scored.columns and (percent := _percent(asked.get("risk", ""))) is not None:
            found["risk"] = f"{percent:g}"
        if asked.get("marked") in MARKED:
            found["marked"] = asked["marked"]
        found["search"] = given.get("search", "").strip("\r\n\t ")[:SEARCH_MAX]
        if asked.get("sort") in ("customer_id", *scored.numbers) and asked["sort"] != scored.first_order:
            found["sort"] = asked["sort"]
        if asked.get("way") == ("desc" if found.get("sort") == "customer_id" else "asc"):  # the other one is as by default
            found["way"] = asked["way"]
        page = asked.get("page", "")
        return cls(**found, page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 10 else 1)

    def ordered_by(self, scored: Scored) -> tuple[str, bool]:
        """The column and whether the highest come first; numbers do where nobody says, names do not."""
        column = self.sort or scored.first_order
        names_first = column == "customer_id"
        return column, self.way == "desc" if self.way else not names_first

    def address(self, **changes: str | int) -> str:
        """The query of the same question with some changes; what is as by default is left out."""
        usual, asked = Question(), replace(self, **changes)  # type: ignore[arg-type]
        pairs = {one.name: getattr(asked, one.name) for one in fields(self)}
        return urlencode({name: value for name, value in pairs.items() if value != getattr(usual, name)})


@dataclass(frozen=True)
class MarkedRows:
    """The rows of a table by what was marked of them."""

    done: Rows
    snoozed: Rows
    wrong_reason: Rows


def asked_for(scored: Scored, question: Question, marked: MarkedRows) -> Rows:
    """The rows of everybody who is asked for, in order."""
    here = _filtered(scored, question) & _marked(scored.count, question.marked, marked)
    order = scored.order(*question.ordered_by(scored))
    return order if here.all() else order[here[order]]


def page_of(found: Rows, page: int) -> tuple[Rows, int, int]:
    """The rows of a page, the page that it is (the last one, where there are not as many), and how many there are."""
    pages = max(1, math.ceil(len(found) / PAGE))
    page = min(page, pages)
    return found[(page - 1) * PAGE : page * PAGE], page, pages


def in_parts(scored: Scored, found: Rows) -> Iterator[list[Row]]:
    """All rows, so many at a time."""
    for begin in range(0, len(found), EXPORTED_AT_ONCE):
        yield scored.rows(found[begin : begin + EXPORTED_AT_ONCE])


def _filtered(scored: Scored, question: Question) -> NDArray[np.bool_]:
    """By what is in the table. Names of columns are those of the table, all values are parameters."""
    conditions = [(f'"{name}" = ?', getattr(question, name)) for name in LISTED if getattr(question, name)]
    if question.eligible:
        conditions.append(("eligible = ?", question.eligible == "yes"))
    if question.risk:
        conditions.append((f"{CHURN} >= ?", float(question.risk) / 100))
    if question.search:
        conditions.append(("contains(lower(customer_id), lower(?))", question.search))
    if not conditions:
        return np.ones(scored.count, dtype=np.bool_)
    where = " AND ".join(condition for condition, _ in conditions)
    here = np.zeros(scored.count, dtype=np.bool_)
    here[scored.ask_rows(f"SELECT rowid FROM customers WHERE {where}", [value for _, value in conditions])] = True
    return here


def _marked(count: int, wanted: str, marked: MarkedRows) -> NDArray[np.bool_]:
    if wanted in ("open", "all"):
        here = np.ones(count, dtype=np.bool_)
        if wanted == "open":
            here[marked.done] = here[marked.snoozed] = False
        return here
    here = np.zeros(count, dtype=np.bool_)
    here[getattr(marked, wanted)] = True
    return here


def _percent(said: str) -> float | None:
    try:
        percent = float(said)
    except ValueError:
        return None
    return percent if 0 < percent <= 100 else None
