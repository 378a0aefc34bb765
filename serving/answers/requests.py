"""What the service takes, typed: JSON is read straight into these, and what does not fit is named by its path."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from models.contract import Task
from serving.answers.examples import CHANGES, CUSTOMER_ID, CUSTOMER_IDS, EVENTS, ROW

ROWS_MAX = 10_000
TOP_MAX = 20
BUDGET_MAX = 1e12
NUMBER_MAX = 1e15  # of a feature; up to it doubles are exact to a tenth

CustomerId = Annotated[str, Meta(min_length=1, max_length=200)]
OneId = Annotated[CustomerId, Meta(description="a customer of the last snapshot", examples=[CUSTOMER_ID])]
CustomerIds = Annotated[
    list[CustomerId], Meta(max_length=ROWS_MAX, description="customers of the last snapshot", examples=[CUSTOMER_IDS])
]
Number = Annotated[float, Meta(ge=-NUMBER_MAX, le=NUMBER_MAX)]
Rows = Annotated[
    list[dict[str, Number | None]],
    Meta(
        max_length=ROWS_MAX,
        description="one object for each customer, by the names of `features` of /v1/inputs, in their units; what is absent or "
        "null is not known",
        examples=[[ROW]],
    ),
]
Value = str | float | int | bool | None
Top = Annotated[
    int, Meta(ge=0, le=TOP_MAX, description="how many reasons of each number are told; the others are summed up; 0: none is")
]
Tasks = Annotated[
    Annotated[list[Task], Meta(min_length=1, max_length=3, examples=[["churn"]])] | None,
    Meta(description="which models are asked; without it all. Predictions, reasons and versions are told of these only"),
]


class ScoreCustomers(Struct, frozen=True, forbid_unknown_fields=True):
    """Customers of the last snapshot, by id."""

    customer_ids: CustomerIds
    top_reasons: Top = 3
    tasks: Tasks = None


class ScoreRows(Struct, frozen=True, forbid_unknown_fields=True):
    """Feature rows, by the names of docs/features.md; what is absent or null is not known."""

    rows: Rows
    top_reasons: Top = 3
    tasks: Tasks = None


class ScoreEvents(Struct, frozen=True, forbid_unknown_fields=True):
    """One customer's raw rows by table, in contract columns (docs/your_data.md)."""

    events: Annotated[
        dict[str, list[dict[str, Value]]],
        Meta(
            description="her rows by table, with the tables and columns of `events` of /v1/inputs; times as ISO 8601 text, "
            "money in the project's currency",
            examples=[EVENTS],
        ),
    ]
    customer_id: Annotated[CustomerId, Meta(description="what she is called in the answer")] = "customer"
    as_of: Annotated[
        date | None, Meta(description="only what was known before this date counts; without it, the date of the last snapshot")
    ] = None
    top_reasons: Top = 3
    tasks: Tasks = None


class Add(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="add"):
    """A new row of orders, interactions or surveys, on the last day before the date."""

    table: Annotated[str, Meta(description="a table of `changes.add` of /v1/inputs")]
    values: Annotated[dict[str, Value], Meta(description="the new row by column, those of the table in `changes.add`")]


class Settle(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="settle"):
    """All open complaints are settled."""


class SetAttribute(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="set"):
    """An attribute that `what_if.attributes` names has another value."""

    name: Annotated[str, Meta(description="an attribute of `changes.set` of /v1/inputs")]
    value: Annotated[str | float, Meta(description="what it becomes, one of its values where they are listed")]


class AskWhatIf(Struct, frozen=True, forbid_unknown_fields=True):
    """One customer, and what could still happen to her."""

    customer_id: OneId
    changes: Annotated[
        list[Add | Settle | SetAttribute],
        Meta(min_length=1, max_length=100, description="what happens, all of it together", examples=[CHANGES]),
    ]
    top_reasons: Top = 3


class AskNearest(Struct, frozen=True, forbid_unknown_fields=True):
    """One customer, and the risk of leaving that is low enough."""

    customer_id: OneId
    below: Annotated[
        float,
        Meta(gt=0, lt=1, description="the chance of leaving within the horizon under which she should come", examples=[0.3]),
    ]


class AskPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """Customers to plan for, each once, and the money there is; without it, as much as pays."""

    customer_ids: CustomerIds
    budget: Annotated[
        Annotated[float, Meta(ge=0, le=BUDGET_MAX)] | None,
        Meta(description="the money there is, in the project's currency; without it as much as pays"),
    ] = None
