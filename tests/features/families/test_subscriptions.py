"""The subscription family on tables small enough to work out by hand."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pandas as pd

from tests.features.made_up_company import Asked, at, online_row, online_rows
from tests.reference.raw_rows import Company, Period


def period(started_at: str, ended_at: str | None = None, *, recorded_at: str | None = None, fee: float | None = None) -> Period:
    return Period("ada", datetime.fromisoformat(started_at), at(ended_at), at(recorded_at), fee)


def of_periods(*periods: Period, as_of: str = "2021-12-31") -> dict[str, Any]:
    return online_row("ada", Company(subscriptions=periods), as_of, asked=Asked(windows_days=(30,)))


def on_dates(*dates: str, periods: list[Period]) -> pd.DataFrame:
    return online_rows(Company(subscriptions=periods), *dates, asked=Asked(windows_days=(30,)))


def test_starts_and_ends_are_counted_and_what_started_and_did_not_end_runs() -> None:
    row = of_periods(
        period("2020-01-01", "2020-07-01", fee=5.0),
        period("2020-06-01", "2021-12-01", fee=7.0),  # ended 30 days before
        period("2021-12-30", fee=9.5),
    )
    assert (row["subscription_count"], row["running_subscription_count"]) == (3, 1)
    assert (row["started_count_30d"], row["ended_count_30d"]) == (1, 1)
    assert (row["days_since_first_start"], row["days_since_last_start"], row["days_since_last_end"]) == (730, 1, 30)
    assert (row["running_fee"], row["fee_started_365d"], row["fee_ended_365d"]) == (9.5, 9.5, 7)


def test_an_end_that_lies_ahead_is_not_known() -> None:
    rows = on_dates("2021-06-30", "2021-07-01", periods=[period("2021-01-01", "2021-06-30 12:00", fee=5.0)])
    assert list(rows.running_subscription_count) == [1, 0]
    assert list(rows.running_fee) == [5, 0]
    assert list(rows.ended_count_30d) == [0, 1]
    assert math.isnan(rows.days_since_last_end[0])


def test_a_period_that_is_recorded_late_is_known_from_then_on_with_its_end() -> None:
    late = period("2021-01-01", "2021-02-01", recorded_at="2021-03-01")
    rows = on_dates("2021-03-01", "2021-03-02", periods=[period("2020-01-01"), late])
    assert list(rows.subscription_count) == [1, 2]
    assert list(rows.running_subscription_count) == [1, 1]
    assert list(rows.days_since_last_end.fillna(-1)) == [-1, 29]  # it ended on 1 February, whenever that was recorded


def test_subscriptions_of_one_day_are_counted_each() -> None:
    row = of_periods(period("2021-12-01", "2021-12-01", fee=5.0), period("2021-12-01", fee=6.0), period("2021-12-01", fee=6.0))
    assert (row["subscription_count"], row["running_subscription_count"], row["running_fee"]) == (3, 2, 12)


def test_a_fee_nobody_recorded_adds_nothing() -> None:
    row = of_periods(period("2021-01-01"), period("2021-01-01", fee=4.0))
    assert (row["running_subscription_count"], row["running_fee"]) == (2, 4)


def test_who_has_no_running_subscription_is_not_eligible_and_it_says_so() -> None:
    rows = on_dates("2021-02-01", "2021-03-02", periods=[period("2021-01-01", "2021-03-01")])
    assert rows.not_eligible_because[0] is None or pd.isna(rows.not_eligible_because[0])
    assert rows.not_eligible_because[1] == "no subscription runs on the date"
