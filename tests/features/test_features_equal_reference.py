"""Every feature of every family, by both executors, equals the loops of `tests.reference` on random companies."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.features.made_up_company import ALL_WORDS, LEAP_DAY, companies, company_snapshot, side_by_side
from tests.reference.raw_rows import Company
from tests.reference.snapshot_reference import reference_snapshot

NO_SHRINKING = (Phase.explicit, Phase.generate)  # a smaller failing company would take minutes to find


def assert_equal(fast: pd.DataFrame, slow: pd.DataFrame) -> None:
    assert list(fast.customer_id) == list(slow.customer_id)
    assert [pd.Timestamp(day).date() for day in fast.as_of] == list(slow.as_of)
    features = [name for name in fast.columns if name not in ("customer_id", "as_of", "not_eligible_because")]
    assert set(features) == set(slow.columns[2:])
    pd.testing.assert_frame_equal(fast[features], slow[features].astype("float64"), rtol=1e-9, atol=1e-9)


def slow_snapshot(company: Company, dates: tuple[date, ...]) -> pd.DataFrame:
    return pd.DataFrame([row for as_of in sorted(dates) for row in reference_snapshot(company, as_of, ALL_WORDS)])


TOGETHER = st.builds(side_by_side, companies(4), companies(30), companies(100), companies(100))
DAYS = st.integers(-700, 70)


def some_dates(days: int) -> tuple[date, ...]:
    return tuple({LEAP_DAY, LEAP_DAY + timedelta(days=41), LEAP_DAY + timedelta(days=days)})


@settings(max_examples=10, phases=NO_SHRINKING)
@given(company=TOGETHER, days=DAYS)
def test_the_features_from_running_totals_equal_the_loops_for_every_customer_and_date(company: Company, days: int) -> None:
    dates = some_dates(days)
    assert_equal(company_snapshot(company, *dates), slow_snapshot(company, dates))


@settings(max_examples=2, phases=NO_SHRINKING)
@given(company=TOGETHER, days=DAYS)
def test_the_features_from_the_engine_equal_the_loops_for_every_customer_and_date(company: Company, days: int) -> None:
    dates = some_dates(days)
    assert_equal(company_snapshot(company, *dates, executor="in the engine"), slow_snapshot(company, dates))
