"""What could still happen to a customer: an order, a contact, an answer, a settled complaint, another attribute.

It happens on the last day before `as_of`; features are then computed as from any other events. What has happened stays as it
is: neither age nor history can be changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeGuard

from pydantic import Field

from features.families.satisfaction import own_scale
from features.feature import Words
from features.problems import BadConfig, BadInput, nearest
from features.project import Project, Settings, read_section
from features.tables import COMPLAINT, CONTRACTS, EXACT_LIMIT, SCALES

Rows = Sequence[Mapping[str, Any]]
Events = Mapping[str, Rows]  # by table
HAPPENING = {
    "orders": ("amount",),
    "interactions": ("channel", "kind"),
    "surveys": ("instrument", "score"),
}  # and what must be said of it
GIVEN = ("customer_id", "order_id", "occurred_at", "recorded_at", "resolved_at")  # follow from who and when
HAPPENED = ("occurred_at", "started_at", "acquired_at")  # when, by table
NOON = time(12)


class WhatIfSection(Settings):
    """The section `what_if` of a mapping file: which attributes of a customer can change, e.g. a plan, but no age."""

    attributes: tuple[str, ...] = Field(default=(), description="attributes that what-if may set; by default none")


def read_what_if(path: Path, project: Project) -> WhatIfSection:
    """The section of a mapping file. Raises BadConfig naming attributes that tables.customers does not have."""
    section = read_section(path, "what_if", WhatIfSection)
    customers: Any = project.mappings().get("customers")
    known = (*customers.numeric, *customers.categorical) if customers else ()
    hints = {name: nearest(name, known) if known else "tables.customers names none" for name in section.attributes}
    if unknown := [name for name in section.attributes if name not in known]:
        raise BadConfig([f"{path}: what_if.attributes: no attribute {name}; {hints[name]}" for name in unknown])
    return section


@dataclass(frozen=True)
class Event:
    """A new row of orders, interactions or surveys, in contract columns."""

    table: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Settled:
    """All complaints that are open are settled."""


@dataclass(frozen=True)
class Attribute:
    """An attribute of the customer has another value."""

    name: str
    value: str | float


Change = Event | Settled | Attribute


def typed(changes: Sequence[Change], words: Words) -> tuple[Change, ...]:
    """Changes whose values were written as text, with numbers where the column or attribute is one.

    A text that is no number there is left as it is, for `changed` to refuse.
    """
    found: list[Change] = []
    for change in changes:
        match change:
            case Event(table, values) if table in HAPPENING:
                numbers = _numbers_of(table)
                found.append(Event(table, {name: _read(value) if name in numbers else value for name, value in values.items()}))
            case Attribute(name, value) if name in words.numeric:
                found.append(Attribute(name, _read(value)))
            case _:
                found.append(change)
    return tuple(found)


def _read(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    try:
        return float(value)
    except (ValueError, OverflowError):
        return value


def changed(
    customer_id: str, events: Events, changes: Sequence[Change], as_of: date, words: Words, section: WhatIfSection
) -> Events:
    """The raw rows of one customer as they would be.

    Raises BadInput naming everything that cannot happen: unknown tables, columns and values, and what is past.
    """
    if problems := [problem for one in changes for problem in why_not(one, customer_id, events, as_of, words, section)]:
        raise BadInput(problems)
    found: dict[str, list[Mapping[str, Any]]] = {name: list(rows) for name, rows in events.items()}
    when = datetime.combine(as_of - timedelta(days=1), NOON)
    given = {"customer_id": customer_id, "occurred_at": when}
    for number, change in enumerate(changes):
        match change:
            case Event(table, values):
                order = {"order_id": f"what_if_{number}"} if table == "orders" else {}
                found.setdefault(table, []).append({**given, **order, **values})
            case Settled():
                found["interactions"] = [
                    {**row, "resolved_at": when} if _is_open(row, as_of) else row for row in found["interactions"]
                ]
            case Attribute(name, value):
                found["customers"] = [
                    {**row, name: value} if row["customer_id"] == customer_id else row for row in found["customers"]
                ]
    return found


def open_complaints(events: Events, as_of: date) -> int:
    """How many complaints are known by then and not settled yet."""
    return sum(_is_open(row, as_of) for row in events.get("interactions", ()))


def was_known(row: Mapping[str, Any], as_of: date) -> bool:
    """Whether a row had happened and had been recorded before `as_of`."""
    return all(row.get(name) is None or row[name].date() < as_of for name in (*HAPPENED, "recorded_at"))


def _is_open(row: Mapping[str, Any], as_of: date) -> bool:
    settled = row.get("resolved_at")
    return row.get("kind") == COMPLAINT and was_known(row, as_of) and (settled is None or settled.date() >= as_of)


def own_row(customer_id: str, events: Events) -> Mapping[str, Any] | None:
    """Her row of `customers`, where those she brought have one too; None where only other tables know her."""
    return next((row for row in events.get("customers", ()) if row["customer_id"] == customer_id), None)


def why_not(change: Change, customer_id: str, events: Events, as_of: date, words: Words, section: WhatIfSection) -> list[str]:
    """Everything for which a change cannot happen."""
    match change:
        case Event(table, values):
            return _problems_of_event(table, values, as_of, words)
        case Settled():
            if not words.has("interactions.resolved_at"):
                return ["no complaint can be settled: tables.interactions.resolved_at is not mapped"]
            return [] if open_complaints(events, as_of) else ["no complaint of this customer is open"]
        case Attribute(name, value):
            problems = _problems_of_attribute(name, value, words, section)
            if not problems and own_row(customer_id, events) is None:
                return [f"customers.{name} cannot be changed: tables.customers has no row of this customer"]
            return problems


def can_happen(words: Words) -> list[str]:
    """The tables of which a new row can happen."""
    return [name for name in HAPPENING if name in words.mapped]


def can_be_said(table: str, words: Words) -> list[str]:
    """The columns that can be said of such a row; the others follow from who and when."""
    return [name for name in words.mapped[table] if name not in GIVEN]


def known_values(table: str, words: Words) -> tuple[str, tuple[str, ...]]:
    """The column of such a row that takes only words which features know, and these."""
    known = {
        "orders": ("category", words.categories),
        "interactions": ("kind", words.kinds),
        "surveys": ("instrument", words.instruments),
    }
    return known[table]


def _problems_of_event(table: str, values: Mapping[str, Any], as_of: date, words: Words) -> list[str]:
    possible = can_happen(words)
    if table not in possible:
        why = "what a campaign changes can only be told from random treatments; " if table == "treatments" else ""
        return [f"{table}: {why}what can happen is a new row of {', '.join(possible) or 'no table that is mapped'}"]
    day = as_of - timedelta(days=1)
    problems = [
        f"{table}.{name}: cannot be set, it would happen on {day}; the past stays as it is" for name in values if name in GIVEN
    ]
    columns = can_be_said(table, words)
    problems += [
        f"{table}.{name}: not a mapped column; {nearest(name, columns)}" for name in values if name not in (*columns, *GIVEN)
    ]
    problems += [f"{table}.{name} is missing" for name in HAPPENING[table] if name not in values]
    numbers = _numbers_of(table)
    problems += [
        f"{table}.{name} = {value!r}: expected a number"
        for name, value in values.items()
        if name in numbers and not _is_number(value)
    ]
    return [*problems, *_problems_of_values(table, values, words)]


def _numbers_of(table: str) -> set[str]:
    """The columns of a contract table that are numbers."""
    return {column.name for column in CONTRACTS[table].columns if column.kind == "number"}  # type: ignore[index]


def _problems_of_values(table: str, values: Mapping[str, Any], words: Words) -> list[str]:
    """What has the right name and kind, and still cannot be."""
    problems = []
    column, names = known_values(table, words)
    if column in values and words.has(f"{table}.{column}") and values[column] not in names:
        hint = nearest(str(values[column]), names) if names else "there are none"
        problems.append(f"{table}.{column} = {values[column]!r}: no feature knows it; {hint}")
    amount = values.get("amount")
    if table == "orders" and _is_number(amount) and amount <= 0:
        problems.append(f"orders.amount = {amount:g}: expected more than 0")
    return [*problems, *(_problems_of_score(values) if table == "surveys" else [])]


def _problems_of_score(answer: Mapping[str, Any]) -> list[str]:
    given = [answer[name] for name in ("score", "scale_min", "scale_max") if name in answer]
    if answer.get("instrument") not in SCALES or not given or not all(_is_number(number) for number in given):
        return []  # said elsewhere
    low, high = own_scale(answer)
    if low >= high:
        return [f"surveys.scale_max = {high:g}: expected more than scale_min, {low:g}"]
    fits = low <= answer["score"] <= high
    return [] if fits else [f"surveys.score = {answer['score']:g}: expected {low:g} to {high:g} for {answer['instrument']}"]


def _problems_of_attribute(name: str, value: str | float, words: Words, section: WhatIfSection) -> list[str]:
    attributes = (*words.numeric, *words.levels)
    if name not in attributes:
        return [f"customers.{name}: no such attribute; {nearest(name, attributes) if attributes else 'none is mapped'}"]
    if name not in section.attributes:
        listed = ", ".join(section.attributes) or "none so far"
        return [f"customers.{name} cannot be changed: what_if.attributes in the mapping file names what can ({listed})"]
    if name in words.numeric:
        return [] if _is_number(value) else [f"customers.{name} = {value!r}: expected a number"]
    levels = words.levels[name]
    return [] if value in levels else [f"customers.{name} = {value!r}: no feature knows it; {nearest(str(value), levels)}"]


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < EXACT_LIMIT
