"""The contract of the raw tables: which columns, of which kind, and which a company must have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "timestamp", "number"]


@dataclass(frozen=True)
class Column:
    """One column of a raw table. A required one must be mapped and must never be missing in a kept row."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False


@dataclass(frozen=True)
class TableContract:
    """One raw table: what a row stands for and its columns."""

    grain: str
    columns: tuple[Column, ...]

    @property
    def required(self) -> tuple[Column, ...]:
        """The columns a company must map."""
        return tuple(column for column in self.columns if column.required)


ORDERS = TableContract(
    grain="one order line, or one order",
    columns=(
        Column("customer_id", "text", "who bought", required=True),
        Column("order_id", "text", "which order the line belongs to", required=True),
        Column("occurred_at", "timestamp", "when it was ordered", required=True),
        Column("amount", "number", "money, signed: a refund is negative", required=True),
        Column("recorded_at", "timestamp", "when it became known; occurred_at if not mapped"),
        Column("product_id", "text", "what was bought"),
        Column("category", "text", "the kind of product, as the business groups them"),
        Column("quantity", "number", "units, signed like amount"),
    ),
)

CONTRACTS: dict[str, TableContract] = {"orders": ORDERS}
