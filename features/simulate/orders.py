"""What the customers buy and give back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulate.calendar import Demand
from features.simulate.campaigns import EFFECT_AFTER_DAYS, VOUCHER, VOUCHER_DAYS, Campaigns
from features.simulate.chunk import Chunk, Integers, Numbers, Stream
from features.simulate.leaving import Moods
from features.simulate.market import Market
from features.simulate.people import EXTRA_LINES_MAX, ORDER_FACTOR_UPSET, People
from features.simulate.products import TICKETS, Products
from features.simulate.times import late_days

FIRST_ORDER_SHARE = 0.85  # of the customers order when they are acquired
DISCOUNTS = (0.1, 0.2, 0.3)  # equally likely where an order has one
DISCOUNT_MEAN = sum(DISCOUNTS) / len(DISCOUNTS)

RETURN_DAYS_MIN, RETURN_DAYS_MAX = 1, 30

LATE_SHARE = 0.04  # of the orders
IN_PARTS_SHARE = 0.25  # of the late orders: each line of them is late or not, on its own
ORDER_CHANNELS = ("web", "app", "shop")
ORDER_CHANNEL_LIMITS = (0.55, 0.8)


@dataclass(frozen=True)
class Orders:
    """One entry per order of a chunk, ascending in time (days). `late_days` is 0 where it was recorded at once."""

    customer: NDArray[np.int32]
    at: Numbers
    discount_share: Numbers
    channel: NDArray[np.int8]
    late_days: Numbers
    is_in_parts: NDArray[np.bool_]
    is_under_alias: NDArray[np.bool_]


@dataclass(frozen=True)
class Lines:
    """One entry per line, in the sequence of the orders. Money is for the whole line; `returned_at` in days or infinite."""

    order: NDArray[np.int32]
    product: NDArray[np.int16]
    units: NDArray[np.int64]
    paid: Numbers
    cost: Numbers
    discount: Numbers
    late_days: Numbers
    returned_at: Numbers


def draw_orders(chunk: Chunk, people: People, moods: Moods, campaigns: Campaigns, market: Market) -> Orders:
    """The orders of a chunk: a Poisson process, by superposition (vouchers, first orders) and thinning (upset).

    Orders at the base rate are placed uniformly on the scale of demand added up, and brought back to days.
    """
    rng = chunk.rng(Stream.ORDERS)
    until = np.minimum(moods.left, market.calendar.days)
    base = _poisson_times(rng, market.demand, people.orders_per_day, people.acquired, until)
    parts = [base, *_voucher_orders(rng, people, campaigns, until, market.demand)]
    customer, at = (np.concatenate(column) for column in zip(*parts, strict=True))
    is_kept = (rng.random(len(at)) < ORDER_FACTOR_UPSET) | ~moods.is_upset(customer, at)
    first = np.flatnonzero(rng.random(len(people)) < FIRST_ORDER_SHARE).astype(np.int32)
    customer = np.concatenate([customer[is_kept], first])
    at = np.concatenate([at[is_kept], people.acquired[first]])
    in_time = np.argsort(at)
    return _with_details(rng, people, customer[in_time], at[in_time])


def _poisson_times(
    rng: np.random.Generator, demand: Demand, rate: Numbers, since: Numbers, until: Numbers
) -> tuple[NDArray[np.int32], Numbers]:
    """Which customer orders when, at `rate` x demand from `since` to `until` (nothing where that is not later)."""
    low = demand.until(since)
    width = np.maximum(demand.until(until) - low, 0.0)
    customer = np.repeat(np.arange(len(rate), dtype=np.int32), rng.poisson(rate * width))
    return customer, demand.when(low[customer] + rng.random(len(customer)) * width[customer])


def _voucher_orders(
    rng: np.random.Generator, people: People, campaigns: Campaigns, until: Numbers, demand: Demand
) -> list[tuple[NDArray[np.int32], Numbers]]:
    """What vouchers add: in their days the rate is `voucher_factor` times the usual one, so factor - 1 comes on top."""
    added = people.orders_per_day * (people.voucher_factor - 1)
    parts = []
    for column, day in enumerate(campaigns.days):
        since = np.full(len(people), float(day + EFFECT_AFTER_DAYS))
        rate = np.where(campaigns.action[:, column] == VOUCHER, added, 0.0)
        parts.append(_poisson_times(rng, demand, rate, since, np.minimum(until, since + VOUCHER_DAYS)))
    return parts


def _with_details(rng: np.random.Generator, people: People, customer: NDArray[np.int32], at: Numbers) -> Orders:
    count = len(at)
    has_discount = rng.random(count) < people.discount_probability[customer]
    discount = np.array(DISCOUNTS)[rng.integers(0, len(DISCOUNTS), count)]
    is_late = rng.random(count) < LATE_SHARE
    return Orders(
        customer=customer,
        at=at,
        discount_share=np.where(has_discount, discount, 0.0),
        channel=np.searchsorted(ORDER_CHANNEL_LIMITS, rng.random(count)).astype(np.int8),
        late_days=late_days(rng, is_late),
        is_in_parts=is_late & (rng.random(count) < IN_PARTS_SHARE),
        is_under_alias=people.has_alias[customer] & (rng.random(count) < 0.4),
    )


def draw_lines(chunk: Chunk, people: People, orders: Orders, products: Products) -> Lines:
    """The lines of the orders, and which of them come back."""
    rng = chunk.rng(Stream.LINES)
    extra = rng.binomial(EXTRA_LINES_MAX, people.extra_line_probability[orders.customer])
    order = np.repeat(np.arange(len(extra), dtype=np.int32), extra + 1)
    customer = orders.customer[order]
    product = products.tickets[people.favourite[customer], rng.integers(0, TICKETS, len(order), dtype=np.uint16)]
    units = 1 + rng.poisson(people.extra_units_mean[customer])
    era = products.era(orders.at)[order]
    listed = units * products.price[era, product]
    paid = np.round(listed * (1 - orders.discount_share[order]), 2)
    is_on_time = orders.is_in_parts[order] & (rng.random(len(order)) < 0.5)
    return Lines(
        order=order,
        product=product,
        units=units,
        paid=paid,
        cost=np.round(units * products.cost[era, product], 2),
        discount=np.round(listed - paid, 2),
        late_days=np.where(is_on_time, 0.0, orders.late_days[order]),
        returned_at=_returns(chunk, people.return_probability[customer], orders.at[order]),
    )


def _returns(chunk: Chunk, probability: Numbers, ordered_at: Numbers) -> Numbers:
    """When each line is given back; infinite where it is kept."""
    rng = chunk.rng(Stream.RETURNS)
    returned_at = np.full(len(ordered_at), np.inf)
    back: Integers = np.flatnonzero(rng.random(len(ordered_at)) < probability)
    returned_at[back] = ordered_at[back] + rng.uniform(RETURN_DAYS_MIN, RETURN_DAYS_MAX, len(back))
    return returned_at


def returned_share(days: Numbers) -> Numbers:
    """Of the lines that come back: the share that has, so many days after the order. Uniform from day 1 to day 30."""
    share: Numbers = np.clip((days - RETURN_DAYS_MIN) / (RETURN_DAYS_MAX - RETURN_DAYS_MIN), 0.0, 1.0)
    return share
