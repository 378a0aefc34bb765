"""The pyramid of tiers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from models.tiers import TIERS, Tiers, spend_column


def test_of_a_hundred_customers_one_is_platinum_four_are_gold_and_fifteen_silver() -> None:
    rows = pd.DataFrame({"spend_sum_365d": np.arange(1.0, 101.0)})
    tiers = Tiers.fit(rows)
    names = [TIERS[place].name for place in tiers.of(rows)]
    assert {name: names.count(name) for name in ("platinum", "gold", "silver", "bronze")} == {
        "platinum": 1,
        "gold": 4,
        "silver": 15,
        "bronze": 80,
    }
    assert names[-1] == "platinum"
    assert names[0] == "bronze"


def test_a_year_of_spend_counts_or_the_longest_window_within_one() -> None:
    assert (
        spend_column(pd.DataFrame(columns=["spend_sum", "spend_sum_30d", "spend_sum_365d", "spend_sum_730d"]))
        == "spend_sum_365d"
    )
    assert spend_column(pd.DataFrame(columns=["spend_sum", "spend_sum_730d"])) == "spend_sum"
    assert spend_column(pd.DataFrame(columns=["spend_per_order_90d", "spend_sum_90d_of_tea"])) is None


def test_without_a_column_of_spend_there_are_no_tiers() -> None:
    assert Tiers.fit(pd.DataFrame({"order_count": [1.0, 2.0]})) is None


def test_who_is_not_known_to_have_spent_has_no_tier() -> None:
    tiers = Tiers.fit(pd.DataFrame({"spend_sum": [0.0, 1.0, np.nan, 5.0]}))
    assert tiers.of(pd.DataFrame({"spend_sum": [np.nan]})).tolist() == [-1]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(-2e6, 2e6))
def test_more_spend_is_never_a_lower_tier(spends: list[float], asked: float) -> None:
    tiers = Tiers.fit(pd.DataFrame({"spend_sum": spends}))
    places = tiers.of(pd.DataFrame({"spend_sum": sorted([*spends, asked])}))
    assert (np.diff(places) >= 0).all()
    assert set(places) <= set(range(len(TIERS)))
