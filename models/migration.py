"""Who went from which group to which between two dates, and why those who fell or rose did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd
from babel.dates import format_date
from numpy.typing import NDArray

from models.languages import LANGUAGES, LOCALES, Language, writer

Places = NDArray[np.intp]
Row = dict[Any, Any]  # the features of one customer
NEEDED = ("order_count", "spend_sum", "days_since_last_order")
Cause = Literal[
    "stopped", "came back", "fewer orders", "more orders", "smaller orders", "larger orders", "first orders", "rest"
]
CAUSES: dict[Cause, tuple[str, str]] = {
    "stopped": ("no order since {month}", "自{month}起未再下单"),
    "came back": ("ordered again in {month}", "{month}再次下单"),
    "first orders": ("first order in {month}", "{month}首次下单"),
    "fewer orders": ("fewer orders: {orders_then}, now {orders_now}", "订单减少：{orders_then}，现为{orders_now}"),
    "more orders": ("more orders: {orders_then}, now {orders_now}", "订单增加：{orders_then}，现为{orders_now}"),
    "smaller orders": ("smaller orders: {size_then} each, now {size_now}", "客单价下降：{size_then}，现为{size_now}"),
    "larger orders": ("larger orders: {size_then} each, now {size_now}", "客单价上升：{size_then}，现为{size_now}"),
    "rest": ("earlier orders no longer count", "较早的订单已不在统计期内"),
}


@dataclass(frozen=True)
class Alert:
    """One customer who is in another tier than before, with the reason in words of both languages."""

    customer_id: str
    then: str
    now: str
    rose: bool
    moved: float  # what counts now less what counted then
    reason: str
    reason_zh: str


def migration_matrix(then: pd.Series, now: pd.Series, count: int) -> NDArray[np.int64]:
    """Customers by group then (rows) and now (columns); the last row and column hold who was not known.

    `then` and `now` are places from 0 by customer_id; who is absent in one of them was not known on that date.
    """
    ids = then.index.union(now.index)
    was, is_now = (places.reindex(ids).fillna(count).astype(np.intp).to_numpy() for places in (then, now))
    found = np.zeros((count + 1, count + 1), dtype=np.int64)
    np.add.at(found, (was, is_now), 1)
    return found


def alerts(
    then: pd.DataFrame, now: pd.DataFrame, by: str, names: Sequence[tuple[str, str]], as_of: tuple[date, date], currency: str
) -> list[Alert]:
    """Everybody who is in another tier than before, the largest fall first.

    `then` and `now` have, by customer_id, the features of both dates and `tier`, a place in `names` (English, Chinese) from the
    lowest; `by` is the feature that tiers count. The reason is the larger part of what changed: orders or their size, from the
    longest window both have, or that orders stopped or began again.
    """
    both = now.index.intersection(then.index)
    was, is_now = then.loc[both], now.loc[both]
    changed = (was["tier"] != is_now["tier"]).to_numpy()
    was, is_now = was[changed], is_now[changed]
    amounts = (np.nan_to_num(frame[by].to_numpy(dtype=np.float64)) for frame in (was, is_now))
    moved = np.subtract(*reversed(list(amounts)))
    needed = [name for name in now.columns if name in ("tier", by) or name.startswith(NEEDED)]
    rows_then, rows_now = (frame[needed].to_dict("records") for frame in (was, is_now))
    found = []
    for k in np.argsort(moved, kind="stable"):
        before, after = rows_then[k], rows_now[k]
        reasons = [_reason(before, after, by, as_of, currency, language) for language in LANGUAGES]
        found.append(
            Alert(
                customer_id=str(was.index[k]),
                then=names[int(before["tier"])][0],
                now=names[int(after["tier"])][0],
                rose=bool(after["tier"] > before["tier"]),
                moved=float(moved[k]),
                reason=reasons[0],
                reason_zh=reasons[1],
            )
        )
    return found


def _reason(then: Row, now: Row, by: str, as_of: tuple[date, date], currency: str, language: Language) -> str:
    cause, orders, sizes = _cause(then, now, by, as_of)
    silent = float(now.get("days_since_last_order", np.nan))
    last = "" if np.isnan(silent) else _month(as_of[1] - timedelta(days=silent), language)
    count, money = writer("orders", currency, language), writer("money", currency, language)
    return CAUSES[cause][LANGUAGES.index(language)].format(
        month=last,
        orders_then=count(orders[0]),
        orders_now=count(orders[1]),
        size_then=money(sizes[0]),
        size_now=money(sizes[1]),
    )


def _cause(then: Row, now: Row, by: str, as_of: tuple[date, date]) -> tuple[Cause, tuple[float, float], tuple[float, float]]:
    """What moved `by` most, with the orders and the size of an order then and now."""
    window = by.removeprefix("spend_sum").lstrip("_")
    suffix = f"_{window}" if window and by.startswith("spend_sum") else ""
    orders = tuple(float(np.nan_to_num(row.get(f"order_count{suffix}", np.nan))) for row in (then, now))
    spend = tuple(float(np.nan_to_num(row.get(f"spend_sum{suffix}", np.nan))) for row in (then, now))
    sizes = tuple(total / count if count else 0.0 for total, count in zip(spend, orders, strict=True))
    apart = (as_of[1] - as_of[0]).days
    silent = float(now.get("days_since_last_order", np.nan))
    rose = now["tier"] > then["tier"]
    cause: Cause
    if not rose:
        if not silent <= apart:
            cause = "stopped"
        elif _weighs_more(orders, sizes):
            cause = "fewer orders" if orders[1] < orders[0] else "rest"
        else:
            cause = "smaller orders" if sizes[1] < sizes[0] else "rest"
    elif not orders[0]:
        cause = "came back" if np.nan_to_num(then.get("order_count", np.nan)) else "first orders"
    elif _weighs_more(orders, sizes):
        cause = "more orders" if orders[1] > orders[0] else "rest"
    else:
        cause = "larger orders" if sizes[1] > sizes[0] else "rest"
    return cause, orders, sizes  # type: ignore[return-value]


def _weighs_more(orders: tuple[float, ...], sizes: tuple[float, ...]) -> bool:
    """Whether orders moved the total more than their size, on a log scale; a total of 0 has none."""
    if not (min(orders) > 0 and min(sizes) > 0):
        return True
    return bool(abs(np.log(orders[1] / orders[0])) >= abs(np.log(sizes[1] / sizes[0])))


def _month(day: date, language: Language) -> str:
    return format_date(day, "MMMM yyyy" if language == "en" else "yyyy年M月", locale=LOCALES[language])
