"""Who the customers are: what is known of them, and the latent quantities that drive what they do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.simulate.calendar import Calendar
from features.simulate.chunk import Chunk, Flags, Integers, Numbers, Stream
from features.simulate.products import CATEGORIES

SEGMENTS = ("consumer", "business", "student")
SEGMENT_SHARES = (0.65, 0.2, 0.15)
SEGMENT_ORDER_FACTORS = (1.0, 1.6, 0.6)
REGIONS = ("north", "east", "south", "west", "abroad")
REGION_SHARES = (0.3, 0.25, 0.2, 0.15, 0.1)

ORDERS_PER_DAY = 4.5 / 365  # the mean over consumers
LEAVE_PER_DAY = 0.45 / 365
LEAVE_PER_DAY_MIN = 1e-5  # nobody stays for ever
COMPLAINTS_PER_DAY = 0.25 / 365
RECOVERIES_PER_DAY = 1 / 20
LEAVE_FACTOR_UPSET = 6.0
ORDER_FACTOR_UPSET = 0.5
EXTRA_LINES_MAX = 7  # a basket has 1 to 8 lines

WHOLESALER_EVERY = 5_000  # customers; there is at least one in each chunk
WHOLESALER_ORDERS_PER_DAY = 1.0
WHOLESALER_EXTRA_LINE_PROBABILITY = 0.8
WHOLESALER_EXTRA_UNITS = 12.0

ALIAS_SHARE = 0.01
REFERRED_SHARE = 0.12


@dataclass(frozen=True)
class People:
    """One entry per customer of a chunk. Times are days since starts_at, rates are per day, money is per unit.

    `referred_by` is the place of the referrer in the chunk, -1 for nobody; ages and regions that the company does
    not know are NaN and -1. The factors are what a voucher does to the order rate, and a call to the leave hazard.
    """

    acquired: Numbers
    orders_per_day: Numbers
    leave_per_day: Numbers
    complaints_per_day: Numbers
    recoveries_per_day: Numbers
    extra_line_probability: Numbers
    extra_units_mean: Numbers
    discount_probability: Numbers
    return_probability: Numbers
    satisfaction: Numbers
    loyalty: Numbers
    favourite: NDArray[np.int8]
    segment: NDArray[np.int8]
    region: NDArray[np.int8]
    age: Numbers
    voucher_factor: Numbers
    call_factor: Numbers
    acquisition_cost: Numbers
    referred_by: NDArray[np.int32]
    has_alias: Flags

    def __len__(self) -> int:
        return len(self.acquired)


def draw_people(chunk: Chunk, calendar: Calendar) -> People:
    """The customers of a chunk.

    Satisfaction and loyalty are standard normal, correlated 0.3. The satisfied complain less, the satisfied and the
    loyal leave later, the loyal buy more. Vouchers work best on those who like discounts, and less past 60; calls
    work best on the dissatisfied and make some of the satisfied leave sooner.
    """
    rng, size = chunk.rng(Stream.PEOPLE), chunk.size
    satisfaction = rng.standard_normal(size)
    loyalty = 0.3 * satisfaction + np.sqrt(1 - 0.3**2) * rng.standard_normal(size)
    segment = _pick(rng, SEGMENT_SHARES, size)
    age = np.clip(np.round(rng.normal(45 + 4 * loyalty, 15)), 18, 90)
    discount_probability = rng.beta(2, 8, size)
    acquired = rng.random(size) * calendar.days
    order_rate = ORDERS_PER_DAY * np.array(SEGMENT_ORDER_FACTORS)[segment] * np.exp(0.2 * loyalty)
    leave_rate = LEAVE_PER_DAY * np.exp(-0.35 * satisfaction - 0.4 * loyalty)
    voucher_effect = 0.15 + 2 * discount_probability - 0.25 * (age > 60) + 0.2 * rng.standard_normal(size)
    call_effect = -0.9 + 0.5 * satisfaction + 0.2 * rng.standard_normal(size)
    people = People(
        acquired=acquired,
        orders_per_day=order_rate * rng.gamma(0.9, 1 / 0.9, size),
        leave_per_day=leave_rate * rng.gamma(2, 1 / 2, size) + LEAVE_PER_DAY_MIN,
        complaints_per_day=COMPLAINTS_PER_DAY * np.exp(-0.6 * satisfaction),
        recoveries_per_day=RECOVERIES_PER_DAY * np.exp(0.2 * satisfaction),
        extra_line_probability=rng.beta(1.5, 4.5, size),
        extra_units_mean=rng.gamma(1, 0.6, size),
        discount_probability=discount_probability,
        return_probability=rng.beta(1.5, 48.5, size),
        satisfaction=satisfaction,
        loyalty=loyalty,
        favourite=rng.integers(0, len(CATEGORIES), size, dtype=np.int8),
        segment=segment,
        region=np.where(rng.random(size) < 0.02, -1, _pick(rng, REGION_SHARES, size)).astype(np.int8),
        age=np.where(rng.random(size) < 0.08, np.nan, age),
        voucher_factor=np.exp(np.clip(voucher_effect, 0, 1.2)),
        call_factor=np.exp(np.clip(call_effect, -2.5, 0.4)),
        acquisition_cost=np.round(rng.gamma(4, 5, size), 2),
        referred_by=_referrers(rng, acquired, loyalty),
        has_alias=rng.random(size) < ALIAS_SHARE,
    )
    return _with_wholesalers(rng, people, calendar)


def _pick(rng: np.random.Generator, shares: tuple[float, ...], size: int) -> NDArray[np.int8]:
    return np.searchsorted(np.cumsum(shares)[:-1], rng.random(size), side="right").astype(np.int8)


def _referrers(rng: np.random.Generator, acquired: Numbers, loyalty: Numbers) -> NDArray[np.int32]:
    """For some customers one who was acquired earlier: of two at random, the more loyal."""
    by_age = np.argsort(acquired, kind="stable")
    rank = np.empty_like(by_age)
    rank[by_age] = np.arange(len(by_age))
    first, second = (by_age[(rng.random(len(rank)) * rank).astype(np.int64)] for _ in range(2))
    referrer = np.where(loyalty[first] >= loyalty[second], first, second)
    return np.where((rng.random(len(rank)) < REFERRED_SHARE) & (rank > 0), referrer, -1).astype(np.int32)


def _with_wholesalers(rng: np.random.Generator, people: People, calendar: Calendar) -> People:
    """The same people, but a few of them very heavy customers who were there from the start."""
    count = max(1, len(people) // WHOLESALER_EVERY)
    chosen: Integers = rng.choice(len(people), count, replace=False)

    def put(values: Numbers, value: float | Numbers) -> Numbers:
        changed = values.copy()
        changed[chosen] = value
        return changed

    return replace(
        people,
        acquired=put(people.acquired, rng.random(count) * min(30, calendar.days)),
        orders_per_day=put(people.orders_per_day, WHOLESALER_ORDERS_PER_DAY),
        leave_per_day=put(people.leave_per_day, LEAVE_PER_DAY_MIN),
        extra_line_probability=put(people.extra_line_probability, WHOLESALER_EXTRA_LINE_PROBABILITY),
        extra_units_mean=put(people.extra_units_mean, WHOLESALER_EXTRA_UNITS),
        segment=put(people.segment.astype(np.float64), SEGMENTS.index("business")).astype(np.int8),
        referred_by=put(people.referred_by.astype(np.float64), -1).astype(np.int32),
    )
