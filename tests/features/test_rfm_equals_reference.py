"""The fast features equal the loops of `tests.reference.rfm_reference` on random tables."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features.catalogue import catalogue
from features.feature import Family, Words
from tests.features.made_up import LEAP_DAY, REQUIRED, SCHEMA, order_tables, snapshot
from tests.reference.rfm_reference import Line, reference_features

CATEGORIES = ("Tea", "Toys & Games")
WINDOWS_DAYS = (1, 30, 365)
RFM: tuple[Family, ...] = (
    "recency", "frequency", "monetary", "rhythm", "trend", "basket", "breadth", "refunds", "season", "category",
)  # fmt: skip
NO_SHRINKING = (Phase.explicit, Phase.generate)  # a smaller failing table would take minutes to find


def reference_snapshot(lines: list[Line], dates: tuple[date, ...], horizon_days: int) -> pd.DataFrame:
    rows = []
    for as_of in sorted(dates):
        by_customer = reference_features(
            lines, as_of, windows_days=WINDOWS_DAYS, horizon_days=horizon_days, categories=CATEGORIES
        )
        rows += [{"customer_id": customer, "as_of": as_of} | features for customer, features in by_customer.items()]
    return pd.DataFrame(rows)


def assert_equal(fast: pd.DataFrame, slow: pd.DataFrame) -> None:
    assert list(fast.customer_id) == list(slow.customer_id)
    assert [pd.Timestamp(day).date() for day in fast.as_of] == list(slow.as_of)
    features = [name for name in fast.columns[3:] if name in slow.columns]
    pd.testing.assert_frame_equal(fast[features], slow[features].astype("float64"), rtol=1e-9, atol=1e-9)


@settings(max_examples=25, phases=NO_SHRINKING)
@given(
    lines=order_tables(),
    days=st.lists(st.integers(-800, 45), min_size=1, max_size=3),
    horizon_days=st.sampled_from([30, 90]),
)
def test_fast_features_equal_the_loops_for_every_customer_and_date(
    lines: list[Line], days: list[int], horizon_days: int
) -> None:
    dates = tuple({LEAP_DAY, LEAP_DAY + timedelta(days=41), *(LEAP_DAY + timedelta(days=day) for day in days)})
    fast = snapshot(lines, *dates, windows_days=WINDOWS_DAYS, horizon_days=horizon_days, categories=CATEGORIES)
    slow = reference_snapshot(lines, dates, horizon_days)
    if slow.empty:
        assert fast.empty
    else:
        assert_equal(fast, slow)


def test_the_loops_cover_every_feature_of_the_catalogue() -> None:
    lines = [Line("ada", "1", pd.Timestamp("2012-02-01").to_pydatetime(), 10.0)]
    slow = reference_snapshot(lines, (LEAP_DAY,), horizon_days=90)
    words = Words(
        windows_days=WINDOWS_DAYS, horizon_days=90, categories=CATEGORIES, mapped={"orders": tuple(SCHEMA)}, families=RFM
    )
    assert set(slow.columns[2:]) == {feature.name for feature in catalogue(words)}


@pytest.mark.parametrize("optional", [(), ("recorded_at",), ("quantity", "product_id")])
def test_unmapped_columns_change_no_other_feature(optional: tuple[str, ...]) -> None:
    lines = [
        Line("ada", "1", pd.Timestamp("2012-01-01").to_pydatetime(), 10.0, product_id="p1", category="Tea", quantity=2.0),
        Line("ada", "1", pd.Timestamp("2012-01-01").to_pydatetime(), 5.0, product_id="p2", quantity=1.0),
        Line("ada", "2", pd.Timestamp("2012-02-01").to_pydatetime(), -5.0, category="Tea"),
        Line("bo", "1", pd.Timestamp("2012-02-02").to_pydatetime(), 7.0),
    ]
    fast = snapshot(lines, LEAP_DAY, windows_days=WINDOWS_DAYS, columns=(*REQUIRED, *optional))
    assert_equal(fast, reference_snapshot(lines, (LEAP_DAY,), horizon_days=90))
