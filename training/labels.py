"""The only code that looks ahead: what each customer did in [as_of, as_of + horizon_days).

Labels to judge by count everything that happened in the window, whenever it was recorded. Labels to learn from count
what had been recorded by the date they are used for: nobody could have learned from the rest.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import ibis
import pandas as pd

from features.engines.engine import connect
from features.feature import slug
from features.known import with_days
from features.problems import BadInput


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

    Columns: `has_ordered` (0 or 1), `net_value` (what was paid less what the goods cost where orders say so; goods given
    back subtract) and `bought_<category>` (0 or 1). Customers who
    are absent did nothing: everything is 0 for them. Windows that closed by `known_by` count only rows recorded before it.
    """
    _refuse_open_windows(dates, horizon_days, data_until)
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
    value = lines.amount - lines.cost.fill_null(0) if "cost" in lines.columns else lines.amount
    days = lines.group_by(by).agg(bought=(lines.amount > 0).any(), net=value.sum())
    ahead = days.join(points, days.day >= points.as_of)
    ahead = ahead.filter(ahead.day.delta(ahead.as_of, unit="day") < horizon_days)
    if known_by is not None:
        learned_from = ahead.as_of <= ibis.literal(known_by - timedelta(days=horizon_days))
        ahead = ahead.filter(~learned_from | (ahead.known_day < ibis.literal(known_by)))
    outcomes = {"has_ordered": ahead.bought.any().cast("int8"), "net_value": ahead.net.sum().cast("float64")}
    for category in categories:
        outcomes[f"bought_{slug(category)}"] = (ahead.bought & (ahead.category == category)).fill_null(False).any().cast("int8")
    return ahead.group_by(["customer_id", "as_of"]).agg(**outcomes).order_by(["as_of", "customer_id"])


def read_cancellations(
    subscriptions_file: Path, dates: tuple[date, ...], *, horizon_days: int, data_until: date, known_by: date | None = None
) -> pd.DataFrame:
    """One row per customer_id and as_of for customers whose subscription runs then: `has_cancelled` (0 or 1).

    Cancelled means: no subscription runs at the end of the window; one that ends and is renewed by then is not cancelled.
    Windows that closed by `known_by` count only starts and ends recorded before it.
    """
    _refuse_open_windows(dates, horizon_days, data_until)
    subscriptions = connect().read_parquet(subscriptions_file)
    table: pd.DataFrame = cancellations(subscriptions, dates, horizon_days=horizon_days, known_by=known_by).execute()
    return table


def cancellations(
    subscriptions: ibis.Table, dates: tuple[date, ...], *, horizon_days: int, known_by: date | None = None
) -> ibis.Table:
    """See `read_cancellations`, as an expression over a subscriptions table."""
    ends = [as_of + timedelta(days=horizon_days) for as_of in dates]
    known = [known_by if known_by and end <= known_by else date.max for end in ends]
    frame = pd.DataFrame({"as_of": list(dates), "window_end": ends, "known_by": known})
    points = ibis.memtable(frame, schema={"as_of": "date", "window_end": "date", "known_by": "date"})
    periods = with_days(subscriptions, at="started_at").rename(started="day", start_known="known_day")
    periods = with_days(periods, at="ended_at").rename(ended="day", end_known="known_day")
    periods = periods.select("customer_id", "started", "start_known", "ended", "end_known")
    met = periods.join(points, periods.started < points.window_end)
    ran_then = (met.started < met.as_of) & (met.start_known < met.as_of)
    ran_then &= ~((met.ended < met.as_of) & (met.end_known < met.as_of)).fill_null(False)
    runs_at_end = (met.start_known < met.known_by) & ~((met.ended < met.window_end) & (met.end_known < met.known_by)).fill_null(
        False
    )
    judged = met.group_by(["customer_id", "as_of"]).agg(ran=ran_then.any(), runs=runs_at_end.any())
    judged = judged.filter(judged.ran)
    return judged.select("customer_id", "as_of", has_cancelled=(~judged.runs).cast("int8")).order_by(["as_of", "customer_id"])


def read_given(labels_file: Path, dates: tuple[date, ...]) -> pd.DataFrame:
    """One row per customer_id and as_of with a label from outside: `churned`, `value` and `bought_<name>`, as mapped."""
    given = connect().read_parquet(labels_file)
    given = given.mutate(as_of=given.as_of.date())
    table: pd.DataFrame = given.filter(given.as_of.isin(list(dates))).order_by(["as_of", "customer_id"]).execute()
    return table


def _refuse_open_windows(dates: tuple[date, ...], horizon_days: int, data_until: date) -> None:
    unripe = [as_of for as_of in dates if as_of + timedelta(days=horizon_days) > data_until]
    if unripe:
        raise UnripeLabels(f"the label windows of {', '.join(map(str, unripe))} are open: the data ends before {data_until}")
