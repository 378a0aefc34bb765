"""The pyramid of tiers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.problems import BadConfig
from models.tiers import TIERS, Tier, Tiers, TierSettings
from models.value.settings import read_layer


def spends(amounts: Sequence[float]) -> pd.DataFrame:
    """Customers by the net spend of a year."""
    return pd.DataFrame({"spend_sum_365d": amounts, "refund_sum_365d": np.nan})


def test_of_a_hundred_customers_one_is_platinum_four_are_gold_and_fifteen_silver() -> None:
    rows = spends(np.arange(1.0, 101.0))
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


def test_what_was_given_back_does_not_lift_into_a_higher_tier() -> None:
    rows = spends(np.arange(1.0, 101.0)).assign(refund_sum_365d=[np.nan] * 99 + [98.0])
    places = Tiers.fit(rows).of(rows)
    assert (places[-1], places[-2]) == (0, 3)


def test_without_a_column_of_spend_there_are_no_tiers() -> None:
    assert Tiers.fit(pd.DataFrame({"order_count": [1.0, 2.0]})) is None


def test_who_is_not_known_to_have_spent_has_no_tier() -> None:
    tiers = Tiers.fit(spends([0.0, 1.0, np.nan, 5.0]))
    assert tiers.of(spends([np.nan])).tolist() == [-1]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(-2e6, 2e6))
def test_more_spend_is_never_a_lower_tier(given_spends: list[float], asked: float) -> None:
    tiers = Tiers.fit(spends(given_spends))
    places = tiers.of(spends(sorted([*given_spends, asked])))
    assert (np.diff(places) >= 0).all()
    assert set(places) <= set(range(len(TIERS)))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([("low", 0, 0.5), ("high", 0.4, 1)], "low ends at 0.5 and high begins at 0.4: they overlap"),
        ([("low", 0, 0.5), ("high", 0.6, 1)], "low ends at 0.5 and high begins at 0.6: that leaves a gap"),
        (
            [("low", 0, 0.5), ("high", 0.5, 0.9)],
            "from low at 0 to high at 0.9: expected 0 to 1, so that everybody is in a tier",
        ),
        ([("low", 0.5, 0.2), ("high", 0.2, 1)], "low goes from 0.5 to 0.2: expected the lower share first"),
        ([("low", 0, 0.5), ("low", 0.5, 1)], "two tiers have the same name"),
        ([], "expected one tier at least"),
    ],
)
def test_tiers_that_overlap_or_leave_a_gap_are_refused(
    tmp_path: Path, steps: list[tuple[str, float, float]], said: str
) -> None:
    config = tmp_path / "shop.toml"
    listed = ", ".join(f'{{name = "{name}", share = [{low:.2f}, {high:.2f}]}}' for name, low, high in steps)
    config.write_text(f"[tiers]\nsteps = [{listed}]\n", encoding="utf-8")
    with pytest.raises(BadConfig) as bad:
        read_layer(config)
    (problem,) = bad.value.problems
    assert problem.startswith(f"{config}: tiers.steps")
    assert problem.endswith(said)


def test_a_company_may_count_something_else_and_have_other_steps() -> None:
    steps = (Tier(name="few", share=(0.0, 0.5)), Tier(name="many", name_zh="多", share=(0.5, 1.0)))
    tiers = Tiers.fit(pd.DataFrame({"order_count": [1.0, 2.0, 3.0, 4.0]}), TierSettings(by="order_count", steps=steps))
    assert tiers is not None
    assert [tiers.steps[k].name for k in tiers.of(pd.DataFrame({"order_count": [2.0, 3.0]}))] == ["few", "many"]
    assert [one.in_chinese for one in steps] == ["few", "多"]


def test_most_who_have_the_same_stay_together_at_the_foot() -> None:
    rows = spends([0.0] * 97 + [10.0, 20.0, 30.0])
    tiers = Tiers.fit(rows)
    assert tiers is not None
    assert np.bincount(tiers.of(rows), minlength=4).tolist() == [97, 0, 2, 1]
    alike = spends([5.0] * 10)
    same = Tiers.fit(alike)
    assert same is not None
    assert set(same.of(alike)) == {0}
