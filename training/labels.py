"""The only code that looks ahead: what each customer did in [as_of, as_of + horizon_days).

Labels to judge by count everything that happened in the window, whenever it was recorded. Labels to learn from count
what had been recorded by the date they are used for: nobody could have learned from the rest.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import ibis
import pandas as pd

from features.categories import slug
from features.known import with_days
from features.problems import BadInput
from features.sources import connect


class UnripeLabels(BadInput):
    """A label window that the data does not cover to its end: it is not a label."""


def read_labels(
    orders_file: Path,
    dates: tuple[date, ...],
    *,
    horizon_days: int,
    data_until: date,
    categories: tuple[str, ...],
    known_by: date | None = None,
) -> pd.DataFrame:
    """One row per customer_id and as_of for customers with any order line in the window.

    Columns: `has_ordered` (0 or 1), `net_spend` (refunds subtract) and `bought_<category>` (0 or 1). Customers who
    are absent did nothing: everything is 0 for them. Windows that closed by `known_by` count only rows recorded before it.
    """
    unripe = [as_of for as_of in dates if as_of + timedelta(days=horizon_days) > data_until]
    if unripe:
        raise UnripeLabels(f"the label windows of {', '.join(map(str, unripe))} are open: the data ends before {data_until}")
    orders = connect().read_parquet(orders_file)
    table: pd.DataFrame = labels(orders, dates, horizon_days=horizon_days, categories=categories, known_by=known_by).execute()
    return table


def labels(
    orders: ibis.Table,
    dates: tuple[date, ...],
    *,
    horizon_days: int,
    categories: tuple[str, ...],
    known_by: date | None = None,
) -> ibis.Table:
    """See `read_labels`, as an expression over an orders table."""
    points = ibis.memtable(pd.DataFrame({"as_of": list(dates)}), schema={"as_of": "date"})
    lines = with_days(orders)
    # Lines are added up to days before they meet the dates: a day is met by every window it lies in.
    by = ["customer_id", "day", "known_day", *(["category"] if categories else [])]
    days = lines.group_by(by).agg(bought=(lines.amount > 0).any(), net=lines.amount.sum())
    ahead = days.join(points, days.day >= points.as_of)
    ahead = ahead.filter(ahead.day.delta(ahead.as_of, unit="day") < horizon_days)
    if known_by is not None:
        learned_from = ahead.as_of <= ibis.literal(known_by - timedelta(days=horizon_days))
        ahead = ahead.filter(~learned_from | (ahead.known_day < ibis.literal(known_by)))
    outcomes = {"has_ordered": ahead.bought.any().cast("int8"), "net_spend": ahead.net.sum().cast("float64")}
    for category in categories:
        outcomes[f"bought_{slug(category)}"] = (ahead.bought & (ahead.category == category)).fill_null(False).any().cast("int8")
    return ahead.group_by(["customer_id", "as_of"]).agg(**outcomes).order_by(["as_of", "customer_id"])
