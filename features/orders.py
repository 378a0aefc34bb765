"""Order lines added up to orders once, so that every snapshot date reuses the sums instead of the lines."""

from __future__ import annotations

import ibis

from features.feature import Words, slug
from features.known import FACT_KEY, with_days
from features.tables import EXACT

ORDER = ["customer_id", "order_id", "day"]


def order_facts(orders: ibis.Table, words: Words) -> ibis.Table:
    """One row per order, or per part of it that became known on another day: what was bought and what was given back.

    An order counts where it has a line with a positive amount; what is given back is `refund`, a positive number. An
    order whose lines fall on several days counts on each of them, as a standing order does. Parts of an order that
    became known on several days are one order: it counts on the first of them only, and on each of them it is as large
    as all that was known of it by then (`order_spend`).
    """
    lines = with_days(orders)
    sums = _sums(lines, words)
    flags = _flags(sums)
    if "recorded_at" not in orders.columns:
        return _whole(lines.group_by(ORDER).agg(known_day=lines.known_day.min(), **sums), flags)
    grouped = lines.group_by(ORDER).agg(known_day=lines.known_day.min(), known_last=lines.known_day.max(), **sums)
    whole = grouped.filter(grouped.known_day == grouped.known_last)
    in_parts = grouped.filter(grouped.known_day != grouped.known_last)
    parts = lines.semi_join(in_parts, ORDER)
    parts = parts.group_by([*ORDER, "known_day"]).agg(**_sums(parts, words))
    return _whole(whole.drop("known_last"), flags).union(_parts(parts, flags))


def _sums(lines: ibis.Table, words: Words) -> dict[str, ibis.Value]:
    bought = lines.amount > 0
    sums = {
        "spend": lines.amount.sum(where=bought).fill_null(0).cast(EXACT),
        "refund": (-lines.amount.sum(where=lines.amount < 0)).fill_null(0).cast(EXACT),
        "line_count": bought.sum(),
    }
    if "quantity" in lines.columns:
        sums["quantity"] = lines.quantity.sum(where=bought).fill_null(0).cast(EXACT)
        sums["quantity_known"] = (bought & lines.quantity.notnull()).any().cast("int64")
    if "cost" in lines.columns:
        sums["cost"] = lines.cost.sum().fill_null(0).cast(EXACT)
    if "discount" in lines.columns:
        sums["discount"] = lines.discount.sum(where=bought).fill_null(0).cast(EXACT)
        sums["discounted_spend"] = lines.amount.sum(where=bought & (lines.discount > 0)).fill_null(0).cast(EXACT)
    for category in words.categories:
        own = bought & (lines.category == category)
        sums[f"spend_of_{slug(category)}"] = lines.amount.sum(where=own).fill_null(0).cast(EXACT)
    return sums


def _flags(sums: dict[str, ibis.Value]) -> dict[str, str]:
    """What is counted once per order, and the sum that must be above 0 for it to count."""
    flags = {"order_count": "spend", "refund_count": "refund"}
    if "quantity" in sums:
        flags["quantity_order_count"] = "quantity_known"
    return flags | {name.replace("spend_of_", "order_count_of_"): name for name in sums if name.startswith("spend_of_")}


def _whole(orders: ibis.Table, flags: dict[str, str]) -> ibis.Table:
    counts = {count: (orders[amount] > 0).cast("int64") for count, amount in flags.items()}
    return _facts(orders.mutate(order_spend=orders.spend.nullif(0).cast(EXACT), **counts))


def _parts(parts: ibis.Table, flags: dict[str, str]) -> ibis.Table:
    counts = {count: _is_first(parts, parts[amount] > 0).cast("int64") for count, amount in flags.items()}
    known = parts.spend.sum().over(ibis.cumulative_window(group_by=ORDER, order_by=parts.known_day))
    return _facts(parts.mutate(order_spend=known.nullif(0).cast(EXACT), **counts))


def _is_first(parts: ibis.Table, counts: ibis.Value) -> ibis.Value:
    first_day = ibis.ifelse(counts, parts.known_day, None).min().over(group_by=ORDER)
    return counts & (parts.known_day == first_day)


def _facts(orders: ibis.Table) -> ibis.Table:
    """The orders with their columns in one order, as a union needs them."""
    return orders.select(*FACT_KEY, *sorted(set(orders.columns) - {*FACT_KEY, "order_id"}))


def first_facts(orders: ibis.Table) -> ibis.Table:
    """How many products and categories a customer had not bought before, by the day each first became known.

    Distinct counts are thereby sums, which snapshot dates can share.
    """
    lines = with_days(orders)
    new = {f"new_{column}": column for column in ("product_id", "category") if column in orders.columns}
    tables = []
    for count, column in new.items():
        bought = lines.filter((lines.amount > 0) & lines[column].notnull())
        first = bought.group_by(["customer_id", column]).agg(known_day=bought.known_day.min())
        counts = first.group_by(["customer_id", "known_day"]).agg(first.count().name(count))
        others = {other: ibis.literal(0, "int64") for other in new if other != count}
        counts = counts.mutate(day=counts.known_day, **others)
        tables.append(counts.select(*FACT_KEY, *sorted(new)))
    return tables[0].union(*tables[1:]) if len(tables) > 1 else tables[0]
