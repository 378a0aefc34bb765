"""The prior: what a customer's rhythm alone lets expect. Boosters read it, and those of clv and churn correct it."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.btyd import OrderRate, OrderValue, fit_order_rate, fit_order_value
from models.contract import Frozen, InputColumn, Link
from models.inputs import Columns, column
from models.leaving import days_by_rhythm

Floats = NDArray[np.float64]
AMOUNT_MIN = 0.01  # the booster starts from the log of the expected spend
RECORDS_RUN_DAYS, SEEN_SHARE_MIN = 90, 0.5
CHANCE_MIN = 1e-6  # or from the log-odds of an order


RHYTHM = (
    "days_since_first_order",
    "order_day_count",
    "days_first_to_last_order",
    "spend_sum",
    "refund_sum",
)  # the snapshot columns that the prior reads


class Prior(Frozen):
    """MBG/NBD and Gamma-Gamma parameters, and the columns they add to a snapshot.

    One set of parameters serves every date: fitted date by date, early ones would describe how short the history
    was instead of the customers.
    """

    horizon_days: int
    order_rate: tuple[float, float, float, float]
    order_value: tuple[float, float, float]
    spend_mean: float  # what to expect of a customer about whom nothing is known
    order_probability_mean: float

    @classmethod
    def fit(cls, rows: pd.DataFrame, horizon_days: int) -> Self:
        """From the eligible customers of one snapshot; no label is looked at."""
        days, last, age, value = _rhythm(rows)
        seen = _seen_from_the_start(age)
        rate = fit_order_rate(days[seen] - 1, last[seen], age[seen])
        worth = fit_order_value(days, value)
        unfinished = cls(
            horizon_days=horizon_days,
            order_rate=(rate.r, rate.alpha, rate.a, rate.b),
            order_value=(worth.p, worth.q, worth.gamma),
            spend_mean=1.0,
            order_probability_mean=0.5,
        )
        columns = unfinished.columns(rows)
        spend, chance = columns[f"expected_spend_{horizon_days}d"], columns[f"order_probability_{horizon_days}d"]
        means = {"spend_mean": max(float(spend.mean()), AMOUNT_MIN), "order_probability_mean": float(chance.mean())}
        return unfinished.model_copy(update=means)

    def inputs(self) -> tuple[InputColumn, ...]:
        """The columns `columns` makes, described for readers."""
        h = self.horizon_days
        return (
            InputColumn(
                name="probability_alive",
                family="rhythm",
                unit="share",
                meaning="chance of still being a customer, from the rhythm of orders alone",
                meaning_zh="按购买节奏推算仍为活跃客户的概率",
            ),
            InputColumn(
                name=f"order_probability_{h}d",
                family="rhythm",
                unit="share",
                meaning=f"chance of an order in the next {h} days, from the rhythm of orders alone",
                meaning_zh=f"仅按购买节奏推算的未来{h}天下单概率",
            ),
            InputColumn(
                name=f"expected_orders_{h}d",
                family="rhythm",
                unit="orders",
                meaning=f"orders to expect in the next {h} days, from the rhythm of orders alone",
                meaning_zh=f"仅按购买节奏推算的未来{h}天订单数",
            ),
            InputColumn(
                name="expected_order_value",
                family="monetary",
                unit="money",
                meaning="order value to expect, from the orders so far",
                meaning_zh="按历史订单推算的客单价",
            ),
            InputColumn(
                name=f"expected_spend_{h}d",
                family="rhythm",
                unit="money",
                meaning=f"spend to expect in the next {h} days, from the rhythm of orders alone",
                meaning_zh=f"仅按购买节奏推算的未来{h}天消费额",
            ),
        )

    def columns(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The columns for snapshot rows, in the order of `inputs`; missing where the rhythm is not known."""
        return pd.DataFrame(self.numbers(rows), columns=[column.name for column in self.inputs()], index=rows.index)

    def numbers(self, rows: Columns) -> Floats:
        """The same as bare numbers: rows x columns."""
        days, last, age, value = _rhythm(rows)
        rate, worth = OrderRate(*self.order_rate), OrderValue(*self.order_value)
        alive = rate.alive(days - 1, last, age)
        some_order = alive * rate.some_order_if_alive(days - 1, age, self.horizon_days)
        orders = alive * rate.expected_orders_if_alive(days - 1, age, self.horizon_days)
        order_value = worth.expected(days, value)
        return np.column_stack((alive, some_order, orders, order_value, orders * order_value))

    def orders_of_the_living(self, values: Columns, days: float) -> Floats:
        """The orders to expect within so many days of whoever is a customer; missing where the rhythm is not known."""
        days_with_order, _, age, _ = _rhythm(values)
        known = ~(np.isnan(days_with_order) | np.isnan(age))
        found = np.full(len(known), np.nan)
        found[known] = OrderRate(*self.order_rate).expected_orders_if_alive(days_with_order[known] - 1, age[known], days)
        return found

    def days_until_leaving(self, values: Columns, churn: Floats, horizon_days: int) -> Floats:
        """See `leaving.days_by_rhythm`; missing where the rhythm is not known."""
        days, last, age, _ = _rhythm(values)
        unknown = np.isnan(days) | np.isnan(last) | np.isnan(age)
        days, age = (np.where(unknown, 1.0, part) for part in (days, age))
        found = days_by_rhythm(OrderRate(*self.order_rate), days - 1, age, churn, horizon_days)
        found[unknown] = np.nan
        return found

    def offset(self, values: Columns, link: Link, horizon_days: int) -> Floats:
        """Where margins start from: the log of the expected spend (`exp`), the log-odds of no order (`sigmoid`).

        `values` are snapshot columns; the horizon need not be the one of the prior's own columns. Those are not read where
        they are among the values, for they may be another prior's. Of a customer whose rhythm is not known it is
        `usual_offset`.
        """
        expected = self._expected(values, link, horizon_days)
        if link == "exp":
            offset = np.log(np.maximum(expected, AMOUNT_MIN))
        else:
            chance = np.clip(expected, CHANCE_MIN, 1 - CHANCE_MIN)
            offset = np.log1p(-chance) - np.log(chance)
        return np.where(np.isnan(offset), self.usual_offset(link, horizon_days), offset)

    def _expected(self, values: Columns, link: Link, horizon_days: int) -> Floats:
        """The spend to expect (`exp`) or the chance of an order (`sigmoid`) within a horizon."""
        days, last, age, value = _rhythm(values)
        rate = OrderRate(*self.order_rate)
        if link == "sigmoid":
            return rate.some_order(days - 1, last, age, horizon_days)
        return rate.expected_orders(days - 1, last, age, horizon_days) * OrderValue(*self.order_value).expected(days, value)

    def usual_offset(self, link: Link, horizon_days: int) -> float:
        """The same of a customer about whom nothing is known, as if one day were like the next."""
        periods = horizon_days / self.horizon_days
        if link == "exp":
            return math.log(max(self.usual(link) * periods, AMOUNT_MIN))
        usual = min(max(self.usual(link), CHANCE_MIN), 1 - CHANCE_MIN)
        chance = min(max(-math.expm1(periods * math.log1p(-usual)), CHANCE_MIN), 1 - CHANCE_MIN)
        return math.log1p(-chance) - math.log(chance)

    def usual(self, link: Link) -> float:
        """What `offset_column` is for a customer about whom nothing is known: the mean of the customers fitted on."""
        return self.spend_mean if link == "exp" else self.order_probability_mean

    def offset_column(self, link: Link) -> str:
        """Which of `inputs` the offset is about: the one that reasons credit with it."""
        return f"expected_spend_{self.horizon_days}d" if link == "exp" else f"order_probability_{self.horizon_days}d"


def _seen_from_the_start(age: Floats) -> NDArray[np.bool_]:
    """Who came after the records had run for a while; everybody, where those would be less than half.

    Whoever is first seen just after records begin was mostly a customer before: her first order is not her first, and
    she would be taken for somebody new who orders often.
    """
    seen: NDArray[np.bool_] = age <= age.max() - RECORDS_RUN_DAYS
    return seen if seen.mean() >= SEEN_SHARE_MIN else np.ones(len(age), dtype=bool)


def _rhythm(rows: Columns) -> tuple[Floats, Floats, Floats, Floats]:
    """Days with an order, days from first to last, days since the first, mean net spend per such day.

    Missing stays missing; rows that contradict themselves (sent by hand) are bent to what is possible.
    """
    age = np.maximum(column(rows, "days_since_first_order"), 1)
    days = np.maximum(column(rows, "order_day_count"), 1)
    days = np.where(days > age, age, days)
    last = np.clip(column(rows, "days_first_to_last_order"), 0, age)
    net = column(rows, "spend_sum") - column(rows, "refund_sum")
    return days, last, age, np.maximum(net, 0) / days
