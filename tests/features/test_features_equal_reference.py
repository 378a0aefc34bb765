"""Every feature of every family, by both executors, equals the loops of `tests.reference` on random companies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features.build import reach_of
from features.engines.engine import connect
from tests.features.made_up_company import (
    ALL_WORDS,
    LEAP_DAY,
    companies,
    company_snapshot,
    online_rows,
    random_company,
    side_by_side,
    tables_of,
    types_of,
)
from tests.reference.raw_rows import Asked, Company
from tests.reference.snapshot_reference import reference_snapshot

NO_SHRINKING = (Phase.explicit, Phase.generate)  # a smaller failing company would take minutes to find
TOGETHER = st.builds(side_by_side, companies(4), companies(30), companies(100), companies(100))
DAYS = st.integers(-700, 70)


def some_dates(days: int) -> tuple[date, ...]:
    return tuple({LEAP_DAY, LEAP_DAY + timedelta(days=41), LEAP_DAY + timedelta(days=days)})


def slow_snapshot(company: Company, dates: tuple[date, ...], asked: Asked = ALL_WORDS) -> pd.DataFrame:
    return pd.DataFrame([row for as_of in sorted(dates) for row in reference_snapshot(company, as_of, asked)])


def feature_names(rows: pd.DataFrame) -> list[str]:
    return [name for name in rows.columns if name not in ("customer_id", "as_of", "not_eligible_because")]


def assert_equal(fast: pd.DataFrame, slow: pd.DataFrame) -> None:
    """The columns of `fast` are in `slow` too, for the same customers and dates, with the same values."""
    assert list(fast.customer_id) == list(slow.customer_id)
    assert [pd.Timestamp(day).date() for day in fast.as_of] == list(slow.as_of)
    names = feature_names(fast)
    pd.testing.assert_frame_equal(fast[names], slow[names].astype("float64"), rtol=1e-9, atol=1e-9)


@settings(max_examples=4, phases=NO_SHRINKING)
@given(company=TOGETHER, days=DAYS)
def test_the_features_from_running_totals_equal_the_loops_for_every_customer_and_date(company: Company, days: int) -> None:
    fast, slow = company_snapshot(company, *some_dates(days)), slow_snapshot(company, some_dates(days))
    assert set(feature_names(fast)) == set(feature_names(slow))
    assert_equal(fast, slow)


def test_the_features_from_the_engine_equal_the_loops_for_every_customer_and_date() -> None:
    # One large example instead of several: Ibis takes ten seconds to write the query, whatever the number of rows.
    company = side_by_side(*(random_company(seed, 80) for seed in range(8)), random_company(8, 3))
    fast = company_snapshot(company, *some_dates(-200), executor="in the engine")
    slow = slow_snapshot(company, some_dates(-200))
    assert set(feature_names(fast)) == set(feature_names(slow))
    assert_equal(fast, slow)


def test_the_features_from_raw_events_equal_the_loops_for_every_customer_and_date() -> None:
    company, dates = random_company(21, 150), some_dates(0)
    reach = reach_of(connect(), tables_of(company, types_of(company, ALL_WORDS)))
    fast, slow = online_rows(company, *dates, reach=reach), slow_snapshot(company, dates)
    assert set(feature_names(fast)) == set(feature_names(slow))
    assert_equal(fast, slow)


@pytest.mark.parametrize(
    "left_out",
    [
        ("orders", "surveys"),
        ("orders", "interactions", "treatments", "customers"),
        ("subscriptions", "interactions", "surveys", "treatments", "customers"),
    ],
)
def test_a_company_that_keeps_fewer_tables_has_the_features_of_the_others(left_out: tuple[str, ...]) -> None:
    company = replace(random_company(7, 60), **dict.fromkeys(left_out))
    asked = replace(ALL_WORDS, kinds=()) if "interactions" in left_out else ALL_WORDS
    fast, slow = company_snapshot(company, *some_dates(3)), slow_snapshot(company, some_dates(3), asked)
    assert set(feature_names(fast)) == set(feature_names(slow))
    assert_equal(fast, slow)


OPTIONAL = {
    "orders": ("product_id", "quantity", "cost", "discount", "channel"),
    "interactions": ("value", "duration_s", "resolved_at"),
    "surveys": ("scale_min", "scale_max"),
    "subscriptions": ("fee",),
    "treatments": ("cost",),
    "customers": ("acquired_at", "acquisition_cost", "referred_by"),
}
RECORDED = dict.fromkeys(("orders", "interactions", "surveys", "subscriptions", "treatments"), ("recorded_at",))


@pytest.mark.parametrize("optional", [OPTIONAL, RECORDED, {"surveys": ("scale_min",), "customers": ("acquired_at",)}])
def test_columns_that_are_not_mapped_are_as_if_they_were_empty(optional: dict[str, tuple[str, ...]]) -> None:
    company = random_company(11, 60)
    empty = {
        name: [replace(row, **dict.fromkeys(columns)) for row in getattr(company, name)] for name, columns in optional.items()
    }
    fast = company_snapshot(
        company, *some_dates(3), without=[f"{name}.{c}" for name, columns in optional.items() for c in columns]
    )
    assert_equal(fast, slow_snapshot(replace(company, **empty), some_dates(3)))
