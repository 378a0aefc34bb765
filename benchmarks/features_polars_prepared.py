"""The same features in Polars, tuned for these features alone: orders are summed, coded and sorted once, for all dates."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from benchmarks.features_polars import STEP, YEAR, coded_lines, col, features, lengths, when

ENGINE = "in-memory"  # streaming only where strings are read and grouped


def build(
    lines: Path, dates: list[date], out: Path, windows_days: tuple[int, ...] = (30, 90, 180, 365), horizon_days: int = 90
) -> None:
    """One file of features per date in `out`, from the order lines known before that date."""
    out.mkdir(parents=True, exist_ok=True)
    tables = read_tables(lines)

    def write(as_of: date) -> None:
        query = snapshot(tables, as_of, windows_days, horizon_days)
        query.collect(engine=ENGINE).write_parquet(out / f"{as_of}.parquet", compression="snappy", statistics=False)

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(write, dates))


@dataclass(frozen=True)
class Tables:
    """What every query reads, sorted by customer; a row is `known` from a day on.

    `alone` has orders that are all a customer did on a day; `tied` has the parts of all other orders, one per day known.
    """

    customers: pl.DataFrame
    alone: pl.DataFrame
    tied: pl.DataFrame
    refunds: pl.DataFrame
    firsts: dict[str, pl.DataFrame]
    first_days: pl.DataFrame


def read_tables(path: Path) -> Tables:
    """The lines, read once and added up to parts of orders."""
    lines = coded_lines(path).collect(engine="streaming")
    firsts = {"product_count": first_known(lines, "product_id"), "category_count": first_known(lines, "category")}
    parts = order_parts(lines)
    del lines
    orders = parts.lazy().filter(col("spend") > 0).drop("customer_id", "refund")
    same_as_next = col("key") == col("key").shift(-1, fill_value=-1)
    tied = same_as_next | same_as_next.shift(1, fill_value=False)
    refunds = parts.lazy().filter(col("refund") > 0).select("customer", "order_id", "day", "known", "refund")
    named = col("customer_id").first().cast(pl.String)
    code = col("order_id").cast(pl.Categorical(pl.Categories.random())).to_physical().alias("order")
    customers, alone, in_parts, refunded, first_days = pl.collect_all(
        [
            parts.lazy().group_by("customer", maintain_order=True).agg(named, col("known").min()),
            orders.filter(~tied).drop("order_id"),
            orders.filter(tied).with_columns(code).drop("order_id"),
            refunds.with_columns(code).drop("order_id"),
            parts.lazy().group_by("known").agg(col("day").min()),
        ],
        engine=ENGINE,
    )
    return Tables(customers, alone, in_parts, refunded, firsts, first_days)


def order_parts(lines: pl.DataFrame) -> pl.DataFrame:
    """One row per customer, order, day and day known, sorted by customer and day; quantity is missing where no line has it."""
    bought = col("amount") > 0
    quantity = when(bought).then("quantity")
    return (
        lines.lazy()
        .group_by("customer_id", "order_id", "day", "known")
        .agg(
            spend=col("amount").clip(lower_bound=0).sum(),
            refund=-col("amount").clip(upper_bound=0).sum(),
            bought=bought.sum(),
            quantity=quantity.sum(),
            quantities=quantity.count(),
        )
        .with_columns(customer=col("customer_id").to_physical(), quantity=when(col("quantities") > 0).then("quantity"))
        .with_columns(key=col("customer").cast(pl.Int64) * STEP + col("day"))
        .drop("quantities")
        .sort("key")
        .collect(engine="streaming")
        .with_columns(col("customer").set_sorted())
    )


def first_known(lines: pl.DataFrame, column: str) -> pl.DataFrame:
    """The day each different value a customer bought became known first, sorted by customer."""
    bought = lines.lazy().filter((col("amount") > 0) & col(column).is_not_null())
    customer, value = col("customer_id").to_physical(), col(column).to_physical()
    size, start, end = lines.select(n=value.max().fill_null(0) + 1, a=col("known").min(), b=col("known").max()).row(0)
    days = end - start + 1
    packed = (customer.cast(pl.Int64) * size + value) * days + (col("known") - start)
    pair = col("packed") // days
    return (
        bought.select(packed=packed)
        .sort("packed")
        .with_columns(pair=pair)
        .filter((col("pair") != col("pair").shift(1)).fill_null(True))
        .select(customer=(col("pair") // size).cast(pl.UInt32), known=(col("packed") % days + start).cast(pl.Int32))
        .collect(engine=ENGINE)
        .with_columns(col("customer").set_sorted())
    )


def snapshot(tables: Tables, as_of: date, windows_days: tuple[int, ...], horizon_days: int) -> pl.LazyFrame:
    """The features of all customers with a line known before `as_of`."""
    today = as_of.toordinal()
    known = col("known") < today
    orders = known_orders(tables, known).cache()
    by_customer = [so_far(orders), rhythm(orders), refunds(tables.refunds.lazy().filter(known), today)]
    for feature, first in tables.firsts.items():
        by_customer.append(first.lazy().filter(known).group_by("customer", maintain_order=True).agg(pl.len().alias(feature)))
    by_customer += [last_days(orders, today, days) for days in lengths(windows_days, horizon_days)]
    table = tables.customers.lazy().filter(known)
    for each in by_customer:
        table = table.join(each, on="customer", how="left", maintain_order="left")
    nothing = ("orders", "spend", "refund", "refunds", f"refund_{YEAR}", *tables.firsts)
    table = table.with_columns(col(*nothing, r"^(orders|spend)_\d+$").fill_null(0).cast(pl.Int64))
    first_day = tables.first_days.filter(known)["day"].min()
    covered = first_day is not None and today - first_day >= YEAR
    return table.select("customer_id", **features(today, windows_days, horizon_days, pl.lit(covered)))


def known_orders(tables: Tables, known: pl.Expr) -> pl.LazyFrame:
    """One row per order, with all that is known of it, sorted by customer and day."""
    alone = tables.alone.lazy().filter(known).drop("known")
    quantity = when(col("quantity").count() > 0).then(col("quantity").sum())
    tied = tables.tied.lazy().filter(known).group_by("customer", "day", "key", "order")
    tied = tied.agg(col("spend", "bought").sum(), quantity)
    orders = pl.concat([alone, tied.select(alone.collect_schema().names())]).sort("key")
    return orders.with_columns(col("customer").set_sorted())


def so_far(orders: pl.LazyFrame) -> pl.LazyFrame:
    """Sums, extremes and days of each customer over all orders."""
    return orders.group_by("customer", maintain_order=True).agg(
        orders=pl.len(),
        spend=col("spend").sum(),
        order_spend_max=col("spend").max(),
        bought=col("bought").sum(),
        quantity=col("quantity").sum(),
        with_quantity=col("quantity").count(),
        first_order=col("day").first(),
        last_order=col("day").last(),
    )


def rhythm(orders: pl.LazyFrame) -> pl.LazyFrame:
    """The days between a customer's days with an order, which are sorted."""
    same = col("customer") == col("customer").shift(1)
    between = orders.select("customer", gap=when(same).then(col("day") - col("day").shift(1))).filter(col("gap") > 0)
    gap = col("gap")
    by_customer = between.group_by("customer", maintain_order=True)
    return by_customer.agg(gaps=pl.len(), gap_days_mean=gap.mean(), gap_days_std=gap.std(), gap_days_max=gap.max())


def refunds(known: pl.LazyFrame, today: int) -> pl.LazyFrame:
    """What each customer was given back."""
    return known.group_by("customer", maintain_order=True).agg(
        col("refund").sum(),
        col("refund").filter(col("day") >= today - YEAR).sum().alias(f"refund_{YEAR}"),
        refunds=pl.struct("order", "day").n_unique(),
        last_refund=col("day").max(),
    )


def last_days(orders: pl.LazyFrame, today: int, days: int) -> pl.LazyFrame:
    """Orders and spend of each customer in the last days."""
    recent = orders.filter(col("day") >= today - days).group_by("customer", maintain_order=True)
    return recent.agg(pl.len().alias(f"orders_{days}"), col("spend").sum().alias(f"spend_{days}"))
