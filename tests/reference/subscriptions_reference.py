"""The subscription family the slow, obvious way.

The rules, in words (those for time and sums are in `raw_rows`):

- A start is seen if the period began and was recorded before `as_of`. An end is an event of its own: it is seen if the
  period ended and was recorded before `as_of`; an end that lies ahead is not known, even where it is on record.
- What was seen to start and was not seen to end runs. A fee that is not recorded is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from tests.reference.raw_rows import NAN, Asked, Period, days_before, is_seen, total


def subscriptions(all_periods: Sequence[Period], as_of: date, asked: Asked) -> dict[str, float]:
    """One customer's features from all her contract periods, seen or not."""
    started = [each for each in all_periods if is_seen(each.started_at, each.recorded_at, as_of)]
    ended = [each for each in all_periods if each.ended_at is not None and is_seen(each.ended_at, each.recorded_at, as_of)]
    running = [each for each in started if each not in ended]
    start_days = [days_before(as_of, each.started_at) for each in started]
    end_days = [days_before(as_of, end_of(each)) for each in ended]
    features: dict[str, float] = {
        "subscription_count": len(started),
        "running_subscription_count": len(running),
        "days_since_first_start": max(start_days, default=NAN),
        "days_since_last_start": min(start_days, default=NAN),
        "days_since_last_end": min(end_days, default=NAN),
        "running_fee": fees(running),
        "fee_started_365d": fees([each for each in started if days_before(as_of, each.started_at) <= 365]),
        "fee_ended_365d": fees([each for each in ended if days_before(as_of, end_of(each)) <= 365]),
    }
    for window in asked.windows_days:
        features[f"started_count_{window}d"] = len([days for days in start_days if days <= window])
        features[f"ended_count_{window}d"] = len([days for days in end_days if days <= window])
    return features


def end_of(period: Period) -> datetime:
    assert period.ended_at is not None
    return period.ended_at


def fees(periods: Sequence[Period]) -> float:
    return total(each.fee for each in periods if each.fee is not None)
