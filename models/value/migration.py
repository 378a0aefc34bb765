"""Who went from which group to which between two dates, and why those who fell or rose did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
from babel.dates import format_date
from numpy.typing import NDArray

from models.contract import InputColumn
from models.languages import LANGUAGES, LOCALES, Language, writer
from models.spend import Counted

Places = NDArray[np.intp]
Row = dict[Any, Any]  # the features of one customer
Pair = tuple[float, float]  # then and now
UNKNOWN: Pair = (np.nan, np.nan)
NEEDED = ("order_count", "spend_sum", "refund_sum", "days_since_last_order", "days_since_first_order")
Cause = Literal[
    "stopped",
    "came back",
    "first orders",
    "fewer orders",
    "more orders",
    "smaller orders",
    "larger orders",
    "more given back",
    "less given back",
    "else",
    "rest",
]
CAUSES: dict[Cause, tuple[str, str]] = {
    "stopped": ("no order since {month}", "自{month}起未再下单"),
    "came back": ("ordered again after a pause", "停购后再次下单"),
    "first orders": ("first order in {first}", "{first}首次下单"),
    "fewer orders": ("fewer orders: {orders_then}, now {orders_now}", "订单减少：{orders_then}，现为{orders_now}"),
    "more orders": ("more orders: {orders_then}, now {orders_now}", "订单增加：{orders_then}，现为{orders_now}"),
    "smaller orders": ("smaller orders: {size_then} each, now {size_now}", "客单价下降：{size_then}，现为{size_now}"),
    "larger orders": ("larger orders: {size_then} each, now {size_now}", "客单价上升：{size_then}，现为{size_now}"),
    "more given back": ("more given back: {back_then}, now {back_now}", "退款增加：{back_then}，现为{back_now}"),
    "less given back": ("less given back: {back_then}, now {back_now}", "退款减少：{back_then}，现为{back_now}"),
    "else": ("{label}: {then}, now {now}", "{label}：{then}，现为{now}"),
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
    then: pd.DataFrame,
    now: pd.DataFrame,
    counted: Counted,
    counts: InputColumn,
    names: Sequence[tuple[str, str]],
    as_of: tuple[date, date],
    currency: str,
) -> list[Alert]:
    """Everybody who is in another tier than before, the largest fall first.

    `then` and `now` have, by customer_id, the features of both dates and `tier`, a place in `names` (English, Chinese) from the
    lowest; `counted` is what tiers count, and `counts` its feature. Of spend the reason is the larger part of what changed:
    orders, their size or what was given back, within the same days, or that orders stopped or began; of anything else it is
    that itself.
    """
    both = now.index.intersection(then.index)
    was, is_now = then.loc[both], now.loc[both]
    changed = (was["tier"] != is_now["tier"]).to_numpy()
    was, is_now = was[changed], is_now[changed]
    moved = np.nan_to_num(counted.of(is_now)) - np.nan_to_num(counted.of(was))
    needed = [name for name in now.columns if name in ("tier", counted.by) or name.startswith(NEEDED)]
    rows_then, rows_now = (frame[needed].to_dict("records") for frame in (was, is_now))
    found = []
    for k in np.argsort(moved, kind="stable"):
        before, after = rows_then[k], rows_now[k]
        reasons = [_reason(before, after, counted, counts, as_of, currency, language) for language in LANGUAGES]
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


def _reason(
    then: Row, now: Row, counted: Counted, counts: InputColumn, as_of: tuple[date, date], currency: str, language: Language
) -> str:
    spent = _spent(then, now, counted)
    cause = _cause(then, now, spent, as_of) if spent else "else"
    orders, sizes, back = (spent.orders, spent.sizes, spent.given_back) if spent else (UNKNOWN, UNKNOWN, UNKNOWN)
    count, money, own = (writer(unit, currency, language) for unit in ("orders", "money", counts.unit))
    return CAUSES[cause][LANGUAGES.index(language)].format(
        month=_month_of(now, "days_since_last_order", as_of[1], language),
        first=_month_of(now, "days_since_first_order", as_of[1], language),
        orders_then=count(orders[0]),
        orders_now=count(orders[1]),
        size_then=money(sizes[0]),
        size_now=money(sizes[1]),
        back_then=money(back[0]),
        back_now=money(back[1]),
        label=counts.meaning_zh if language == "zh" else counts.meaning,
        then=own(then[counts.name]),
        now=own(now[counts.name]),
    )


@dataclass(frozen=True)
class Spent:
    """What makes up a customer's net spend within the days that count, then and now."""

    orders: Pair
    spend: Pair
    given_back: Pair

    @property
    def sizes(self) -> Pair:
        """Spend per order."""
        then, now = (total / number if number else 0.0 for total, number in zip(self.spend, self.orders, strict=True))
        return then, now


def _spent(then: Row, now: Row, counted: Counted) -> Spent | None:
    """None where something else counts, or she has not ordered."""
    if not counted.by.startswith("spend_sum") or np.isnan(float(now.get("days_since_last_order", np.nan))):
        return None
    names = counted.by.replace("spend_sum", "order_count"), counted.by, counted.less
    orders, spend, given_back = (
        (float(np.nan_to_num(then.get(name, np.nan))), float(np.nan_to_num(now.get(name, np.nan)))) for name in names
    )
    return Spent(orders, spend, given_back)


def _cause(then: Row, now: Row, spent: Spent, as_of: tuple[date, date]) -> Cause:
    """What moved a customer's net spend most."""
    orders, sizes = spent.orders, spent.sizes
    more, larger = orders[1] > orders[0], sizes[1] > sizes[0]
    fell = now["tier"] < then["tier"]
    if not fell and orders[1] and not orders[0]:
        return "came back" if np.nan_to_num(then.get("order_count", np.nan)) else "first orders"
    if fell and float(now["days_since_last_order"]) > (as_of[1] - as_of[0]).days:
        return "stopped"
    given_back = spent.given_back[1] - spent.given_back[0]
    if (given_back > 0) is fell and abs(given_back) > abs(spent.spend[1] - spent.spend[0]):
        return "more given back" if fell else "less given back"
    if _weighs_more(orders, sizes):
        return "rest" if more is fell else "more orders" if more else "fewer orders"
    return "rest" if larger is fell else "larger orders" if larger else "smaller orders"


def _weighs_more(orders: tuple[float, ...], sizes: tuple[float, ...]) -> bool:
    """Whether orders moved the total more than their size, on a log scale; a total of 0 has none."""
    if not (min(orders) > 0 and min(sizes) > 0):
        return True
    return bool(abs(np.log(orders[1] / orders[0])) >= abs(np.log(sizes[1] / sizes[0])))


def _month_of(row: Row, days_since: str, as_of: date, language: Language) -> str:
    """The month of what was so many days ago; empty where that is not known."""
    days = float(row.get(days_since, np.nan))
    if np.isnan(days):
        return ""
    return _month((as_of - timedelta(days=days)).replace(day=1), language)


@cache
def _month(first_day: date, language: Language) -> str:
    return format_date(first_day, "MMMM yyyy" if language == "en" else "yyyy年M月", locale=LOCALES[language])
