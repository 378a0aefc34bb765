"""What is to be expected of customers who are still there, from the rates they live by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from features.simulate.calendar import WEEK_DAYS
from features.simulate.campaigns import CALL, CALL_DAYS, EFFECT_AFTER_DAYS, VOUCHER, VOUCHER_DAYS, Campaigns
from features.simulate.chain import Pair, Passage, pass_through
from features.simulate.chunk import Numbers
from features.simulate.market import Market
from features.simulate.orders import DISCOUNT_MEAN, RETURN_DAYS_MAX, RETURN_DAYS_MIN, returned_share
from features.simulate.people import EXTRA_LINES_MAX, LEAVE_FACTOR_UPSET, ORDER_FACTOR_UPSET, People
from features.simulate.products import PRICE_ERA_DAYS


@dataclass(frozen=True)
class Spell:
    """The days `since` to `until` in which each customer's rate is multiplied by a factor."""

    since: int
    until: int
    factor: Numbers


@dataclass(frozen=True)
class Spells:
    """What treatments do: to the order rate and to the leave hazard."""

    on_orders: tuple[Spell, ...] = ()
    on_leaving: tuple[Spell, ...] = ()

    def with_voucher(self, people: People, day: int) -> Spells:
        """The same, and a voucher for everybody on a day."""
        since = day + EFFECT_AFTER_DAYS
        return replace(self, on_orders=(*self.on_orders, Spell(since, since + VOUCHER_DAYS, people.voucher_factor)))

    def with_call(self, people: People, day: int) -> Spells:
        """The same, and a call to everybody on a day."""
        since = day + EFFECT_AFTER_DAYS
        return replace(self, on_leaving=(*self.on_leaving, Spell(since, since + CALL_DAYS, people.call_factor)))


def spells_of(people: People, campaigns: Campaigns, *, before: int) -> Spells:
    """What the campaigns before a day do. One row of `campaigns` per entry of `people`."""
    on_orders, on_leaving = [], []
    for column, day in enumerate(campaigns.days):
        if day < before:
            since, action = day + EFFECT_AFTER_DAYS, campaigns.action[:, column]
            on_orders.append(Spell(since, since + VOUCHER_DAYS, np.where(action == VOUCHER, people.voucher_factor, 1.0)))
            on_leaving.append(Spell(since, since + CALL_DAYS, np.where(action == CALL, people.call_factor, 1.0)))
    return Spells(tuple(on_orders), tuple(on_leaving))


@dataclass(frozen=True)
class Outlook:
    """Expectations over a horizon, one entry per customer. Money is net of discounts and of the returns in the horizon."""

    no_order: Numbers  # probability
    leave: Numbers  # probability
    orders: Numbers
    spend: Numbers
    margin: Numbers


def outlook(people: People, start: Pair, spells: Spells, market: Market, *, since: int, until: int) -> Outlook:
    """What to expect from day `since` up to day `until` of customers in the moods `start` (probabilities).

    The horizon T = `until` is cut where a rate or a price changes. Within a stretch, with o(t) the order rates and
    l the leave hazards of the two moods, x(t) the chain that loses those who leave, and y(t) the chain that also loses
    those who order:

        P(no order)      = |y(T)| + integral y . l dt          (still waiting, or left without an order)
        P(leave)         = 1 - |x(T)|
        E(orders)        = integral x . o dt
        E(spend)         = integral x . o  V(t) (1 - q F(T - t)) dt
        E(margin)        = integral x . o  (V(t) - C(t)) (1 - q F(T - t)) dt

    V, C value and cost of an order at the prices of day t, q the probability that a line comes back, F(s) the share
    of the returns that have come s days after the order. First orders at acquisition lie before `since`.
    """
    waiting = staying = start
    left_waiting, orders, spend, margin = (np.zeros(len(people)) for _ in range(4))
    for begin, end in pairwise(_cuts(spells, since, until)):
        buy, leave = _rates(people, spells, market, begin)
        waits = _pass_through(people, waiting, Pair(leave.content + buy.content, leave.upset + buy.upset), end - begin)
        stays = _pass_through(people, staying, leave, end - begin)
        left_waiting += waits.spent().dot(leave)
        bought = stays.spent().dot(buy)
        kept = bought - people.return_probability * _returned(stays, buy, bought, range(begin, end), until)
        value, cost = order_value_and_cost(people, market, begin)
        orders += bought
        spend += kept * value
        margin += kept * (value - cost)
        waiting, staying = waits.after(), stays.after()
    no_order = waiting.content + waiting.upset + left_waiting
    return Outlook(no_order, 1 - staying.content - staying.upset, orders, spend, margin)


def _pass_through(people: People, before: Pair, drop_out: Pair, days: int) -> Passage:
    rates = people.complaints_per_day, people.recoveries_per_day
    return pass_through(before, drop_out, upset_rate=rates[0], recovery_rate=rates[1], days=days)


def _cuts(spells: Spells, since: int, until: int) -> list[int]:
    """The days at which a rate, a price, or the pace of the returns changes, with both ends."""
    treated = [day for spell in (*spells.on_orders, *spells.on_leaving) for day in (spell.since, spell.until)]
    returns = [until - RETURN_DAYS_MIN, until - RETURN_DAYS_MAX]
    steps = [*range(0, until, WEEK_DAYS), *range(0, until, PRICE_ERA_DAYS)]
    return sorted({since, until, *(day for day in (*treated, *returns, *steps) if since < day < until)})


def _rates(people: People, spells: Spells, market: Market, day: int) -> tuple[Pair, Pair]:
    """The order rates and the leave hazards from a day on, per day."""
    buy, leave = people.orders_per_day * market.demand.at(day), people.leave_per_day
    for spell in spells.on_orders:
        buy = buy * spell.factor if spell.since <= day < spell.until else buy
    for spell in spells.on_leaving:
        leave = leave * spell.factor if spell.since <= day < spell.until else leave
    return Pair(buy, ORDER_FACTOR_UPSET * buy), Pair(leave, LEAVE_FACTOR_UPSET * leave)


def _returned(stays: Passage, buy: Pair, bought: Numbers, stretch: range, until: int) -> Numbers:
    """The integral of x . o F(until - t) over a stretch in which F is a straight line (see `_cuts`)."""
    ages = np.array([until - stretch.start, until - stretch.stop], dtype=np.float64)
    first, last = (float(share) for share in returned_share(ages))
    if first == last:
        return first * bought
    return first * bought + (last - first) / len(stretch) * stays.centre().dot(buy)


def order_value_and_cost(people: People, market: Market, day: int) -> tuple[Numbers, Numbers]:
    """The mean value of an order of each customer on a day, after discounts and before returns, and its mean cost.

    (1 + 7 p) lines * (1 + u) units * mean price (1 - P(discount) * 0.2), by the favourite category's mix of products.
    """
    era = day // PRICE_ERA_DAYS
    units = (1 + EXTRA_LINES_MAX * people.extra_line_probability) * (1 + people.extra_units_mean)
    value = units * market.products.mean_price[people.favourite, era] * (1 - people.discount_probability * DISCOUNT_MEAN)
    return value, units * market.products.mean_cost[people.favourite, era]
