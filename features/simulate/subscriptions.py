"""Who subscribes, to what, and until when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.simulate.chunk import Chunk, Flags, Integers, Numbers, Stream
from features.simulate.columns import SECONDS_PER_DAY, coded, seconds, timestamps
from features.simulate.leaving import Moods
from features.simulate.market import Market
from features.simulate.people import People
from features.simulate.times import late_days

PLANS = ("basic", "plus", "premium")
PLAN_SHARES = (0.6, 0.3, 0.1)
FEES = np.array([4.99, 9.99, 24.99])  # a month
START_AFTER_DAYS = 45  # the mean wait from being acquired
CHANGE_SHARE = 0.2  # of the subscribers change their plan once
LATE_SHARE = 0.02


@dataclass(frozen=True)
class Subscriptions:
    """One entry per contract period; `until` (days) is infinite where it runs beyond the end."""

    customer: Integers
    since: Numbers
    until: Numbers
    plan: NDArray[np.int8]
    late_days: Numbers


def draw_subscriptions(chunk: Chunk, people: People, moods: Moods, market: Market) -> Subscriptions:
    """The contracts of a chunk: the loyal more often; a contract ends when the customer leaves.

    P(subscribes) = 1 / (1 + exp(1 - 0.6 loyalty)), if they are still there after the wait.
    """
    rng = chunk.rng(Stream.SUBSCRIPTIONS)
    wants: Flags = rng.random(len(people)) < 1 / (1 + np.exp(1 - 0.6 * people.loyalty))
    since = people.acquired + START_AFTER_DAYS * rng.standard_exponential(len(people))
    customer = np.flatnonzero(wants & (since < np.minimum(moods.left, market.calendar.days)))
    since, until = since[customer], moods.left[customer]
    plan = np.searchsorted(np.cumsum(PLAN_SHARES)[:-1], rng.random(len(customer)), side="right")
    end = np.minimum(until, market.calendar.days)
    changes: Flags = rng.random(len(customer)) < CHANGE_SHARE
    changed_at = since + rng.random(len(customer)) * (end - since)
    next_plan = (plan + rng.integers(1, len(PLANS), len(customer))) % len(PLANS)
    return Subscriptions(
        customer=np.concatenate([customer, customer[changes]]),
        since=np.concatenate([since, changed_at[changes]]),
        until=np.concatenate([np.where(changes, changed_at, until), until[changes]]),
        plan=np.concatenate([plan, next_plan[changes]]).astype(np.int8),
        late_days=late_days(rng, rng.random(len(customer) + int(changes.sum())) < LATE_SHARE),
    )


def subscriptions_table(subscriptions: Subscriptions, market: Market, *, customer_id: pa.Array) -> pa.Table:
    """One row per contract period, by start.

    `recorded_at` is when the start became known; `ended_at` is filled in as far as it is known at the calendar's end.
    """
    days, starts_at = market.calendar.days, market.calendar.starts_at
    in_time = np.argsort(subscriptions.since)
    started = seconds(subscriptions.since[in_time])
    recorded = started + seconds(subscriptions.late_days[in_time])
    is_known = recorded < days * SECONDS_PER_DAY
    rows = in_time[is_known]
    until = subscriptions.until[rows]
    columns = {
        "customer_id": coded(subscriptions.customer[rows], customer_id),
        "started_at": timestamps(started[is_known], starts_at),
        "ended_at": timestamps(seconds(until), starts_at, known=until < days),
        "recorded_at": timestamps(recorded[is_known], starts_at),
        "plan": coded(subscriptions.plan[rows], PLANS),
        "fee": FEES[subscriptions.plan[rows]],
    }
    return pa.table(columns)
