"""The RFM features of `features.rfm` in hand-tuned Polars 2.1, the fast peer of the feature benchmark.

Lines are added up once to parts of orders, and these to running sums per customer; a date then only looks up the sums
as they stood on some days. Tried, with the time for 10 million lines of 500 thousand customers:

- features of 12 dates: each from the file, 8 s a date; grouping the parts per date, 19 s (streaming 22 s); running sums, 13 s
- the state on a day: search_sorted in the key, 33 ms; counting earlier rows, 28 ms; join_asof on customer and day, 10 ms
- sums and maxima so far: over("customer"), 390 ms; group_by on sorted customers, 40 ms a date; cum_sum or cum_max, 14 ms
- parts of orders: grouping in memory, 3.7 s; streaming by names, 1.8 s with the reading; by codes, 0.8 s after it
- codes for order_id too: 2.1 s, more than they save; customers by unique and join instead of a categorical: 0.8 s more
- lists of products per part: 5.1 s, with reading; filter(...).sum() in place of clip or when: 3.7 s instead of 1.7 s
- different products: group_by pair, 2.0 s; sort and is_first_distinct, 2.2 s; sort of one packed number, 0.6 s
- joining what is counted: 65 ms; 4 ms when both sides are known to be sorted
- dates: one after another, 13.9 s; two at a time, 12.5 s; three at a time, 13.0 s; all in the streaming engine, 22 s
- files: zstd (default) 0.53 s a date, snappy 0.28 s, lz4 0.30 s, not compressed 0.21 s but three times as large
- the allocator: as it comes, 16 s; keeping freed memory for 5 s, 13 s and 3.3 GB instead of 2.3 GB
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from benchmarks.features_polars import (
    ENGINE,
    STEP,
    UNITS,
    YEAR,
    coded_lines,
    col,
    first_known,
    last_year,
    quotient,
    when,
    windowed,
)

SUMS = (
    "orders",
    "spend",
    "bought",
    "quantity",
    "with_quantity",
    "refund",
    "refunds",
    "gaps",
    "gap_days",
    "gap_squares",
    "parts",
)
MAXIMA = ("last_order", "last_refund", "order_spend_max", "gap_days_max")


def build(
    lines: Path, dates: list[date], out: Path, windows_days: tuple[int, ...] = (30, 90, 180, 365), horizon_days: int = 90
) -> None:
    """One file of features per date in `out`, from the order lines known before that date."""
    out.mkdir(parents=True, exist_ok=True)
    history = read_history(lines)

    def write(as_of: date) -> None:
        table = snapshot(history, as_of, windows_days, horizon_days)
        table.collect(engine="streaming").write_parquet(out / f"{as_of}.parquet", compression="snappy", statistics=False)

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(write, dates))


@dataclass(frozen=True)
class Running:
    """What every customer had done by any day, one row per part of an order, sorted by customer and day (`key`).

    Sums in `state` run on from customer to customer; `customers` has what they were where each customer starts.
    """

    customers: pl.DataFrame
    state: pl.DataFrame


@dataclass(frozen=True)
class History:
    """All that the snapshots share. `firsts` has when each customer's products and categories became known first."""

    parts: pl.DataFrame
    running: Running
    late: pl.DataFrame
    firsts: dict[str, pl.DataFrame]
    first_days: pl.DataFrame


def read_history(path: Path) -> History:
    """The lines, read once and added up to parts of orders."""
    lines = coded_lines(path).collect(engine="streaming")
    parts = order_parts(lines)
    return History(
        parts=parts,
        running=running(parts),
        late=parts.filter(col("known") > col("day")).select("customer", "day", "known"),
        firsts={"product_count": first_known(lines, "product_id"), "category_count": first_known(lines, "category")},
        first_days=parts.group_by("known").agg(col("day").min()),
    )


def order_parts(lines: pl.DataFrame) -> pl.DataFrame:
    """One row per customer, order, day and day known, sorted by customer and day."""
    bought = col("amount") > 0
    quantity = when(bought).then("quantity")
    parts = (
        lines.lazy()
        .group_by("customer_id", "order_id", "day", "known")
        .agg(
            spend=col("amount").clip(lower_bound=0).sum(),
            refund=-col("amount").clip(upper_bound=0).sum(),
            bought=bought.sum(),
            quantity=quantity.sum(),
            with_quantity=(quantity.count() > 0).cast(pl.Int64),
        )
        .with_columns(customer=col("customer_id").to_physical())
        .with_columns(key=key(col("day")))
        .sort("key")
        .collect(engine="streaming")
    )
    return counted_once(parts)


def key(day: pl.Expr) -> pl.Expr:
    """One number that sorts by customer, then day."""
    return col("customer").cast(pl.Int64) * STEP + day


def counted_once(parts: pl.DataFrame) -> pl.DataFrame:
    """The parts with how large the order was by then, and what is 1 on the first part of an order that has it, else 0.

    That is `orders`, `refunds`, and `counted` for orders that say how many units were bought.
    """
    parts = parts.with_columns(
        orders=(col("spend") > 0).cast(pl.Int64), refunds=(col("refund") > 0).cast(pl.Int64), order_spend=col("spend")
    )
    once = ("orders", "refunds", "with_quantity")
    # Few customers order twice on a day, so only few parts can be of the same order.
    same_as_next = col("key") == col("key").shift(-1, fill_value=-1)
    rows = parts.select((same_as_next | same_as_next.shift(1, fill_value=False)).arg_true()).to_series()
    known_by_then = {name: col(name).cum_sum().over("key", "order_id", order_by="known") for name in (*once, "order_spend")}
    counted = parts[rows].select(*[col(name) * (known_by_then[name] == 1) for name in once], known_by_then["order_spend"])
    return parts.drop("order_id").with_columns(parts[name].scatter(rows, counted[name]) for name in counted.columns)


def running(parts: pl.DataFrame) -> Running:
    """The running sums and maxima of parts sorted by customer and day."""
    customer, day = col("customer"), col("day")
    ordered, refunded = col("spend") > 0, col("refund") > 0
    rows = parts.lazy().with_columns(
        last_order=most_so_far(when(ordered).then(day).otherwise(0)),
        last_refund=most_so_far(when(refunded).then(day).otherwise(0)),
        order_spend_max=most_so_far(col("order_spend")),
    )
    before = when(customer == customer.shift(1)).then(col("last_order").shift(1)).otherwise(0)
    rows = rows.with_columns(gap_days=when(ordered & (before > 0)).then(day - before).otherwise(0).cast(pl.Int64))
    gap = col("gap_days")
    rows = rows.with_columns(parts=pl.lit(1), gaps=gap > 0, gap_squares=gap * gap, gap_days_max=most_so_far(gap))
    sums = [col(name).cast(pl.Int64).cum_sum() for name in SUMS]
    state = rows.select(col("key").set_sorted(), *sums, *MAXIMA).collect(engine=ENGINE)
    is_first = parts.select((customer != customer.shift(1)).fill_null(True)).to_series()
    customers = parts.filter(is_first).select(col("customer").set_sorted(), col("customer_id").cast(pl.String))
    start = state.select(col(SUMS).shift(1, fill_value=0).name.prefix("start_")).filter(is_first)
    return Running(customers.hstack(start), state)


def most_so_far(value: pl.Expr) -> pl.Expr:
    """The largest value up to each row within its customer; values are not negative."""
    customer = col("customer").cast(pl.Int128) * 2**64  # more than any value, so no grouping is needed
    return ((customer + value).cum_max() - customer).cast(pl.Int64)


def snapshot(history: History, as_of: date, windows_days: tuple[int, ...], horizon_days: int) -> pl.LazyFrame:
    """The features of all customers with a line known before `as_of`."""
    today = as_of.toordinal()
    known = col("known") < today
    # Where nothing that was done is still to become known, a customer's known parts are simply those before `as_of`.
    waiting = history.late.filter((col("day") < today) & ~known)["customer"].unique()
    waits = col("customer").is_in(waiting.implode())
    settled = Running(history.running.customers.filter(~waits), history.running.state)
    others = running(history.parts.filter(waits & known))
    counting = [
        firsts.lazy().filter(known).group_by("customer", maintain_order=True).agg(pl.len().alias(feature))
        for feature, firsts in history.firsts.items()
    ]
    counts = pl.collect_all(counting, engine=ENGINE)
    table = pl.concat([measures(each, counts, today, windows_days, horizon_days) for each in (settled, others)])
    first_day = history.first_days.filter(known)["day"].min()
    covered = first_day is not None and today - first_day >= YEAR
    return table.lazy().select("customer_id", **features(today, windows_days, horizon_days, covered))


def measures(
    running: Running, counts: list[pl.DataFrame], today: int, windows_days: tuple[int, ...], horizon_days: int
) -> pl.DataFrame:
    """The state of each customer before `today`, and the sums of the last days of each length that features need."""
    known = state_before(running.customers, running.state, today).filter(so_far("parts") > 0)
    for count in counts:
        known = known.join(count.lazy(), on="customer", how="left", maintain_order="left")
    now = known.collect(engine=ENGINE)
    lengths = {*windows_days, *(2 * window for window in windows_days), YEAR, max(YEAR - horizon_days, 0)}
    sums = pl.collect_all([last_days(now, running.state, today, days) for days in lengths], engine=ENGINE)
    return pl.concat([now, *sums], how="horizontal")


def last_days(now: pl.DataFrame, state: pl.DataFrame, today: int, days: int) -> pl.LazyFrame:
    """The sums of the last days, for the customers of `now` in the same order."""
    names = ("orders", "spend", "refund") if days == YEAR else ("orders", "spend")
    then = state.select("key", *[col(name).alias(f"{name}_then") for name in names])
    both = state_before(now.select("customer", *names), then, today - days)
    return both.select((col(name) - col(f"{name}_then").fill_null(0)).alias(f"{name}_{days}") for name in names)


def state_before(customers: pl.DataFrame, state: pl.DataFrame, day: int) -> pl.LazyFrame:
    """The customers with the last row of `state` before a day: of another customer if they had done nothing yet."""
    start_of_day = customers.lazy().with_columns(key=key(pl.lit(day)).set_sorted())
    return start_of_day.join_asof(state.lazy(), on="key", strategy="backward", allow_exact_matches=False)


def features(today: int, windows_days: tuple[int, ...], horizon_days: int, covered: bool) -> dict[str, pl.Expr]:
    """The columns of a snapshot from `measures`; missing is null."""
    orders, gaps = so_far("orders"), so_far("gaps")
    spend, refund = so_far("spend") / UNITS, so_far("refund") / UNITS
    last = when(orders > 0).then(today - col("last_order"))
    span = when(orders > 0).then(so_far("gap_days"))
    gap_mean = quotient(span, gaps)
    squares = gaps * so_far("gap_squares") - span * span  # whole numbers, so exact
    columns = {
        "days_since_last_order": last,
        "days_since_first_order": last + span,
        "days_first_to_last_order": span,
        "order_count": orders,
        "order_day_count": when(orders > 0).then(gaps + 1).otherwise(0),
        "spend_sum": spend,
        "spend_per_order": quotient(spend, orders),
        "order_spend_max": when(orders > 0).then(col("order_spend_max") / UNITS),
        "gap_days_mean": gap_mean,
        "gap_days_std": quotient(squares, gaps * (gaps - 1)).sqrt(),
        "gap_days_max": when(gaps > 0).then("gap_days_max"),
        "overdue_ratio": last / gap_mean,
        "spend_per_line": quotient(spend, so_far("bought")),
        "line_count_per_order": quotient(so_far("bought"), orders),
        "quantity_per_order": quotient(so_far("quantity") / UNITS, so_far("with_quantity")),
        "product_count": col("product_count").fill_null(0),
        "category_count": col("category_count").fill_null(0),
        "refund_count": so_far("refunds"),
        "refund_sum": refund,
        "refund_sum_365d": col(f"refund_{YEAR}") / UNITS,
        "refund_share_of_spend": quotient(refund, spend),
        "refund_count_per_order": quotient(so_far("refunds"), orders),
        "days_since_last_refund": when(so_far("refunds") > 0).then(today - col("last_refund")),
        **windowed(windows_days),
        **last_year(horizon_days, covered),
        "day_of_year": pl.lit(date.fromordinal(today).timetuple().tm_yday),
    }
    return {name: value.cast(pl.Float64) for name, value in columns.items()}


def so_far(name: str) -> pl.Expr:
    """The sum of a measure over all that is known of a customer."""
    return col(name) - col(f"start_{name}")
