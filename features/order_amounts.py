"""What the orders come to: a decimal comma taken for a comma of thousands shows as a hundred times too much."""

from __future__ import annotations

from pathlib import Path

from features.engines.engine import connect

TOO_MANY_REFUNDS = 0.5


def order_amounts(file: Path, currency: str) -> str | None:
    """How many orders a checked table has, what they come to, and what half of them come to at most; None without orders."""
    rows = connect().read_parquet(str(file))
    bought = rows.filter(rows.amount > 0)
    orders = bought.group_by("customer_id", "order_id").agg(amount=bought.amount.sum())
    found = orders.agg(count=orders.count(), total=orders.amount.sum(), median=orders.amount.median()).execute().iloc[0]
    if not found["count"]:
        return None
    count, total, median = int(found["count"]), found["total"], found["median"]
    below = rows.agg(share=(rows.amount < 0).mean()).execute()["share"].iloc[0]
    odd = (
        f"; {below:.0%} of the lines are below 0, as refunds are: has amount the right sign?"
        if below > TOO_MANY_REFUNDS
        else ""
    )
    return f"{count:,} orders of {total:,.2f} {currency} in all, {median:,.2f} {currency} the median order{odd}"
