"""The contract of the raw tables: which columns, of which kind, and which a company must have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "timestamp", "number"]
TableName = Literal["orders", "customers", "interactions", "surveys", "subscriptions", "treatments", "labels", "identities"]
NO_ACTION = "none"  # treatments.action of a customer who was withheld as a control
COMPLAINT = "complaint"  # interactions.kind of one

# Money and other numbers are exact decimals: sums are then the same to the last digit on every engine, in any row
# order and with any number of threads, so a snapshot can be hashed and a training run repeated.
EXACT_PLACES = 4
EXACT = f"decimal(18, {EXACT_PLACES})"
EXACT_LIMIT = 1e13

# The scale of each survey instrument where the table does not say: lowest and highest score.
SCALES: dict[str, tuple[int, int]] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "rating": (1, 5)}


@dataclass(frozen=True)
class Column:
    """One column of a raw table. A required one must be mapped, and unless `nullable` never be missing in a kept row."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    nullable: bool = False


@dataclass(frozen=True)
class TableContract:
    """One raw table: what a row stands for, its columns, and the columns no two rows may share (if any)."""

    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[Column, ...]:
        """The columns a company must map."""
        return tuple(column for column in self.columns if column.required)

    def has(self, name: str) -> bool:
        """Whether the table has a column of this name, mapped or not."""
        return any(column.name == name for column in self.columns)


def quoted(name: str) -> str:
    """The name of a column as SQL takes any.

    >>> print(quoted('am"ount'))
    "am""ount"
    """
    return '"' + name.replace('"', '""') + '"'


CUSTOMER = Column("customer_id", "text", "who", required=True)
OCCURRED = Column("occurred_at", "timestamp", "when it happened", required=True)
RECORDED = Column("recorded_at", "timestamp", "when it became known; if not mapped, when it happened")
CURRENCY = Column("currency", "text", "the currency of the row, to set aside what is not in project.currency")

ORDERS = TableContract(
    grain="one order line, or one order",
    columns=(
        CUSTOMER,
        Column("order_id", "text", "which order the line belongs to", required=True),
        OCCURRED,
        Column("amount", "number", "money, signed: a refund is negative", required=True),
        RECORDED,
        Column("product_id", "text", "what was bought"),
        Column("category", "text", "the kind of product, as the business groups them"),
        Column("quantity", "number", "units, signed like amount"),
        Column("cost", "number", "what the goods cost the company, signed like amount"),
        Column("discount", "number", "money taken off the list price, 0 or more; amount is what was paid"),
        Column("channel", "text", "where it was bought"),
        CURRENCY,
    ),
)

CUSTOMERS = TableContract(
    grain="one customer; numeric and categorical name further columns, attributes that hold at any time",
    columns=(
        CUSTOMER,
        Column("acquired_at", "timestamp", "when they became a customer; before it they are not in any snapshot"),
        Column("acquisition_cost", "number", "what winning them cost"),
        Column("referred_by", "text", "the customer_id of who brought them"),
    ),
    key=("customer_id",),
)

INTERACTIONS = TableContract(
    grain="one contact, in either direction",
    columns=(
        CUSTOMER,
        OCCURRED,
        Column("channel", "text", "web, app, email, phone, shop, ...", required=True),
        Column("kind", "text", "visit, contact, complaint, email_open, email_click, survey_invite, ...", required=True),
        RECORDED,
        Column("campaign_id", "text", "which campaign it belongs to"),
        Column("value", "number", "a size the business gives it, e.g. pages seen"),
        Column("duration_s", "number", "how long it took, in seconds"),
        Column("resolved_at", "timestamp", "when a complaint or request was settled; missing while open"),
    ),
)

SURVEYS = TableContract(
    grain="one answer",
    columns=(
        CUSTOMER,
        OCCURRED,
        Column("instrument", "text", f"one of {', '.join(SCALES)}", required=True),
        Column("score", "number", "the answer, on the scale of the instrument", required=True),
        RECORDED,
        Column("scale_min", "number", "the lowest possible score, where it is not the instrument's usual one"),
        Column("scale_max", "number", "the highest possible score, where it is not the instrument's usual one"),
    ),
)

SUBSCRIPTIONS = TableContract(
    grain="one contract period",
    columns=(
        CUSTOMER,
        Column("started_at", "timestamp", "when the period began", required=True),
        Column("ended_at", "timestamp", "when it ended; missing while it runs", required=True, nullable=True),
        RECORDED,
        Column("plan", "text", "what was subscribed to"),
        Column("fee", "number", "money per month"),
        CURRENCY,
    ),
)

TREATMENTS = TableContract(
    grain="one campaign touch, or its withheld control",
    columns=(
        CUSTOMER,
        OCCURRED,
        Column("action", "text", f"what was done; {NO_ACTION} for a withheld control", required=True),
        RECORDED,
        Column("cost", "number", "what the touch cost"),
        Column("assignment", "text", "random or rule: how it was decided who gets it"),
        Column("propensity", "number", "the probability of this action for this customer, above 0 and up to 1"),
    ),
)

LABELS = TableContract(
    grain="one outcome given from outside, for one customer and date; bought_<name> are further columns",
    columns=(
        CUSTOMER,
        Column("as_of", "timestamp", "the date the outcome looks ahead from", required=True),
        Column("churned", "number", "1 if they left within the horizon, else 0"),
        Column("value", "number", "what they brought within the horizon, in money"),
    ),
    key=("customer_id", "as_of"),
)

IDENTITIES = TableContract(
    grain="one known duplicate: alias is customer_id under another name",
    columns=(Column("alias", "text", "the other name", required=True), CUSTOMER),
    key=("alias",),
)

CONTRACTS: dict[TableName, TableContract] = {
    "orders": ORDERS,
    "customers": CUSTOMERS,
    "interactions": INTERACTIONS,
    "surveys": SURVEYS,
    "subscriptions": SUBSCRIPTIONS,
    "treatments": TREATMENTS,
    "labels": LABELS,
    "identities": IDENTITIES,
}

# What customers do that tells who is one, and when it happened; the first that is there speaks of how far back the data reach.
EVENTS_OF_CUSTOMERS: dict[str, str] = {"orders": "occurred_at", "subscriptions": "started_at"}
# A company must bring at least one of these.
SOURCES_OF_CUSTOMERS: dict[str, str] = EVENTS_OF_CUSTOMERS | {"labels": "as_of"}
