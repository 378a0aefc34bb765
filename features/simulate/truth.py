"""The right answers: what was to be expected of every customer, computed from the process and not from its events."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from features.simulate.campaigns import ACTIONS, CALL, VOUCHER, Campaigns
from features.simulate.chain import Pair
from features.simulate.chunk import Flags, Integers, Numbers
from features.simulate.columns import coded, seconds, timestamps
from features.simulate.leaving import Moods
from features.simulate.market import Market
from features.simulate.orders import RETURN_DAYS_MAX, Lines, Orders, returned_share
from features.simulate.outlook import Outlook, Spells, order_value_and_cost, outlook, spells_of
from features.simulate.people import LEAVE_FACTOR_UPSET, People
from features.simulate.products import CATEGORIES


@dataclass(frozen=True)
class Lives:
    """Everything that happened to the customers of a chunk, seen by whoever made it up."""

    people: People
    campaigns: Campaigns
    moods: Moods
    orders: Orders


def customers_truth(people: People, moods: Moods, market: Market, *, customer_id: pa.Array) -> pa.Table:
    """One row per customer: latent rates per day (content, in a usual week, untreated) and money per order.

    `left_at` is missing for who is still there at the calendar's end. Values and margins are means at the prices of
    the first day, after discounts and before returns. `satisfaction` and `loyalty` are standard normal.
    """
    value, cost = order_value_and_cost(people, market, 0)
    columns = {
        "customer_id": customer_id[: len(people)],
        "left_at": timestamps(seconds(moods.left), market.calendar.starts_at, known=np.isfinite(moods.left)),
        "orders_per_day": people.orders_per_day,
        "leave_hazard_per_day": people.leave_per_day,
        "leave_hazard_upset_per_day": people.leave_per_day * LEAVE_FACTOR_UPSET,
        "complaints_per_day": people.complaints_per_day,
        "recoveries_per_day": people.recoveries_per_day,
        "order_value_mean": value,
        "order_margin_mean": value - cost,
        "return_probability": people.return_probability,
        "satisfaction": people.satisfaction,
        "loyalty": people.loyalty,
        "favourite_category": coded(people.favourite, CATEGORIES),
        "voucher_order_rate_factor": people.voucher_factor,
        "call_leave_hazard_factor": people.call_factor,
    }
    return pa.table(columns)


@dataclass(frozen=True)
class _Then:
    """The customers acquired before a day (places in the chunk), and those of them still there, with their moods."""

    day: int
    known: Integers
    is_alive: Flags
    is_upset: Flags
    alive: Integers
    people: People  # those alive
    campaigns: Campaigns  # those alive
    start: Pair


def _then(lives: Lives, day: int) -> _Then:
    known = np.flatnonzero(lives.people.acquired < day)
    is_alive = lives.moods.left[known] > day
    alive = known[is_alive]
    is_upset = lives.moods.is_upset(known, np.full(len(known), float(day)))
    upset = is_upset[is_alive].astype(np.float64)
    people = People(**{name: column[alive] for name, column in vars(lives.people).items()})
    campaigns = replace(lives.campaigns, action=lives.campaigns.action[alive])
    return _Then(day, known, is_alive, is_upset & is_alive, alive, people, campaigns, Pair(1 - upset, upset))


def truth_tables(lives: Lives, lines: Lines, market: Market, *, customer_id: pa.Array) -> dict[str, pa.Table]:
    """`expected`, one row per customer acquired before an as_of, and `treatment_effects`, one per action besides.

    Without an as_of there are none.
    """
    calendar = market.calendar
    expected, effects = [], []
    for as_of in calendar.as_of:
        then = _then(lives, calendar.day(as_of))
        key = {
            "customer_id": coded(then.known, customer_id),
            "as_of": pa.repeat(pa.scalar(as_of, pa.date32()), len(then.known)),
        }
        as_planned = _outlook(then, spells_of(then.people, then.campaigns, before=calendar.last_day), market)
        expected.append(_expected(then, as_planned, _still_to_come_back(lives, lines, then, calendar.horizon_days), key))
        effects += _effects(then, as_planned, market, key)
    tables = {"expected": expected, "treatment_effects": effects}
    return {name: pa.concat_tables(parts) for name, parts in tables.items() if parts}


def _outlook(then: _Then, spells: Spells, market: Market) -> Outlook:
    until = then.day + market.calendar.horizon_days
    return outlook(then.people, then.start, spells, market, since=then.day, until=until)


def _expected(then: _Then, ahead: Outlook, back: tuple[Numbers, Numbers], key: dict[str, pa.Array]) -> pa.Table:
    """One row per customer_id and as_of: the state at `as_of`, and expectations over [as_of, as_of + horizon).

    `churn_probability` = P(no order). Given are the state at `as_of` (there or gone, upset or content), the customer's
    rates, the orders before `as_of`, and all treatments, also those in the horizon: they are drawn without regard
    to the state. `spend_expected` and `margin_expected` take off what comes back in the horizon, also of earlier orders.
    """
    columns = {
        "is_alive": then.is_alive,
        "is_upset": then.is_upset,
        "churn_probability": _spread(then, ahead.no_order, others=1.0),
        "leave_probability": _spread(then, ahead.leave, others=1.0),
        "orders_expected": _spread(then, ahead.orders),
        "spend_expected": _spread(then, ahead.spend) - back[0][then.known],
        "margin_expected": _spread(then, ahead.margin) - back[1][then.known],
    }
    return pa.table(key | columns)


def _spread(then: _Then, of_alive: Numbers, *, others: float = 0.0) -> Numbers:
    """The values of those alive, and one value for the others known."""
    values = np.full(len(then.known), others)
    values[then.is_alive] = of_alive
    return values


def _still_to_come_back(lives: Lives, lines: Lines, then: _Then, horizon_days: int) -> tuple[Numbers, Numbers]:
    """Money and margin of earlier orders that are expected back in the horizon, per customer of the chunk.

    A line ordered at t that is not back by a comes back before a + h with the probability
    q (F(a + h - t) - F(a - t)) / (1 - q F(a - t)).
    """
    orders = lives.orders
    first, last = np.searchsorted(orders.at, [then.day - RETURN_DAYS_MAX, then.day])
    recent = slice(*np.searchsorted(lines.order, [first, last]))
    customer, age = orders.customer[lines.order[recent]], then.day - orders.at[lines.order[recent]]
    probability = lives.people.return_probability[customer]
    already = returned_share(age)
    share = probability * (returned_share(age + horizon_days) - already) / (1 - probability * already)
    share = np.where(lines.returned_at[recent] >= then.day, share, 0.0)
    paid, cost = lines.paid[recent], lines.cost[recent]

    def by_customer(money: Numbers) -> Numbers:
        return np.bincount(customer, money, len(lives.people)).astype(np.float64)  # whole numbers where nothing is recent

    return by_customer(share * paid), by_customer(share * (paid - cost))


def _effects(then: _Then, as_planned: Outlook, market: Market, key: dict[str, pa.Array]) -> list[pa.Table]:
    """One row per customer_id, as_of and action: what the action on the day of `as_of` changes, against no action.

    Both sides are without the campaigns from `as_of` on; those before it count. An effect begins at the midnight
    after, and is 0 for who has left. Changes are over [as_of, as_of + horizon), in probability, orders and money;
    the cost of the action is not taken off.
    """
    horizon = range(then.day, then.day + market.calendar.horizon_days)
    earlier = spells_of(then.people, then.campaigns, before=then.day)
    has_campaign = any(day in horizon for day in then.campaigns.days)
    without = _outlook(then, earlier, market) if has_campaign else as_planned
    with_action = {
        VOUCHER: _outlook(then, earlier.with_voucher(then.people, then.day), market),
        CALL: _outlook(then, earlier.with_call(then.people, then.day), market),
    }
    return [pa.table(key | _effect(then, action, ahead, without)) for action, ahead in with_action.items()]


def _effect(then: _Then, action: int, ahead: Outlook, without: Outlook) -> dict[str, pa.Array]:
    return {
        "action": coded(np.full(len(then.known), action, dtype=np.int8), ACTIONS),
        "buy_probability_without": _spread(then, 1 - without.no_order),
        "buy_probability_change": _spread(then, without.no_order - ahead.no_order),
        "leave_probability_change": _spread(then, ahead.leave - without.leave),
        "orders_change": _spread(then, ahead.orders - without.orders),
        "spend_change": _spread(then, ahead.spend - without.spend),
        "margin_change": _spread(then, ahead.margin - without.margin),
    }
