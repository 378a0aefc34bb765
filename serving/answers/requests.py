"""What the service takes, typed: JSON is read straight into these, and what does not fit is named by its path."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

from models.contract import Task
from serving.answers.examples import CHANGES, CUSTOMER_ID, CUSTOMER_IDS, EVENTS, ROW

ROWS_MAX = 10_000
TOP_MAX = 20
BUDGET_MAX = 1e12
NUMBER_MAX = 1e15  # of a feature; up to it doubles are exact to a tenth

CustomerId = Annotated[str, Meta(min_length=1, max_length=200)]
OneId = Annotated[CustomerId, Meta(examples=[CUSTOMER_ID])]
CustomerIds = Annotated[list[CustomerId], Meta(max_length=ROWS_MAX, examples=[CUSTOMER_IDS])]
Number = Annotated[float, Meta(ge=-NUMBER_MAX, le=NUMBER_MAX)]
Rows = Annotated[list[dict[str, Number | None]], Meta(max_length=ROWS_MAX, examples=[[ROW]])]
Value = str | float | int | bool | None
Top = Annotated[
    int, Meta(ge=0, le=TOP_MAX, description="how many reasons of each number are told; the others are summed up; 0: none is")
]
Tasks = Annotated[
    list[Task], Meta(min_length=1, max_length=3, description="which models are asked; without it all", examples=[["churn"]])
]


class ScoreCustomers(Struct, frozen=True, forbid_unknown_fields=True):
    """Customers of the last snapshot, by id."""

    customer_ids: CustomerIds
    top_reasons: Top = 3
    tasks: Tasks | None = None


class ScoreRows(Struct, frozen=True, forbid_unknown_fields=True):
    """Feature rows, by the names of docs/features.md; what is absent or null is not known."""

    rows: Rows
    top_reasons: Top = 3
    tasks: Tasks | None = None


class ScoreEvents(Struct, frozen=True, forbid_unknown_fields=True):
    """One customer's raw rows by table, in contract columns (docs/your_data.md); times as ISO 8601 text.

    `as_of` is the date of the last snapshot where it is not given; only what was known before it counts.
    """

    events: Annotated[dict[str, list[dict[str, Value]]], Meta(examples=[EVENTS])]
    customer_id: CustomerId = "customer"
    as_of: date | None = None
    top_reasons: Top = 3
    tasks: Tasks | None = None


class Add(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="add"):
    """A new row of orders, interactions or surveys, on the last day before the date."""

    table: str
    values: dict[str, Value]


class Settle(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="settle"):
    """All open complaints are settled."""


class SetAttribute(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="set"):
    """An attribute that `what_if.attributes` names has another value."""

    name: str
    value: str | float


class AskWhatIf(Struct, frozen=True, forbid_unknown_fields=True):
    """One customer, and what could still happen to her."""

    customer_id: OneId
    changes: Annotated[list[Add | Settle | SetAttribute], Meta(min_length=1, max_length=100, examples=[CHANGES])]
    top_reasons: Top = 3


class AskNearest(Struct, frozen=True, forbid_unknown_fields=True):
    """One customer, and the risk of leaving that is low enough."""

    customer_id: OneId
    below: Annotated[float, Meta(gt=0, lt=1, examples=[0.3])]


class AskPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """Customers to plan for, each once, and the money there is; without it, as much as pays."""

    customer_ids: CustomerIds
    budget: Annotated[float, Meta(ge=0, le=BUDGET_MAX, examples=[500])] | None = None


Request = ScoreCustomers | ScoreRows | ScoreEvents | AskWhatIf | AskNearest | AskPlan


def bad_entry(kind: type[Struct], body: Any, path: str) -> str:
    """The path with the names of the columns, which `[...]` stands for."""
    if kind is ScoreRows and path.startswith("rows["):
        at = int(path.split("[")[1].split("]")[0])
        return next((f"rows[{at}].{name}" for name, value in dict(body["rows"][at]).items() if not _is_number(value)), path)
    if kind is ScoreEvents and path.startswith("events[...]"):
        return next(_bad_events(dict(body["events"])), path)
    if kind is AskWhatIf and path.endswith(".values[...]"):
        at = int(path.split("[")[1].split("]")[0])
        values = dict(body["changes"][at]["values"])
        return next((f"changes[{at}].values.{name}" for name, value in values.items() if not _is_plain(value)), path)
    return path


def _bad_events(events: dict[str, Any]) -> Any:
    for table, rows in events.items():
        if not isinstance(rows, list):
            yield f"events.{table}"
            continue
        for k, row in enumerate(rows):
            if not isinstance(row, dict):
                yield f"events.{table}[{k}]"
                continue
            yield from (f"events.{table}[{k}].{name}" for name, value in row.items() if not _is_plain(value))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= NUMBER_MAX)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
