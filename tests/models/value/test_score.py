"""The customer score: its components by hand, its weights, and how firm it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.problems import BadConfig
from models.value.score import customer_score, firmness, percentiles, score_components
from models.value.settings import ScoreSettings, read_layer

NAN = np.nan


def test_components_by_hand() -> None:
    rows = pd.DataFrame(
        {
            "nps_score_last": [10.0, 5.0, NAN, NAN],
            "csat_score_last": [5.0, NAN, NAN, NAN],
            "complaint_count_365d": [0.0, 1.0, 2.0, 0.0],
            "order_day_count": [1.0, 2.0, 3.0, 4.0],
        }
    )
    found = score_components(rows, np.array([5.0, 1.0, 7.0, 3.0]), np.array([0.4, 0.3, 0.2, 0.1]))
    assert found["value"].tolist() == [62.5, 12.5, 87.5, 37.5]
    # 10 of 10 and 5 of 5; 5 of 10 and a complaint; a complaint; nothing known: the mean of the others
    assert found["satisfaction"] == pytest.approx([100, 25, 0, 125 / 3])
    assert found["loyalty"].tolist() == [12.5, 37.5, 62.5, 87.5]  # both parts say the same


def test_what_nothing_tells_is_no_component_and_its_weight_is_shared() -> None:
    found = score_components(pd.DataFrame({"age": [30.0, 40.0]}), np.array([1.0, 2.0]), np.array([NAN, NAN]))
    assert set(found) == {"value"}
    assert customer_score(found, ScoreSettings().weights).tolist() == [25.0, 75.0]


def test_the_score_is_the_weighted_mean() -> None:
    components = {"value": np.array([100.0, 0.0]), "loyalty": np.array([0.0, 50.0])}
    assert customer_score(components, {"value": 0.6, "loyalty": 0.2}) == pytest.approx([75.0, 12.5])  # 3 to 1
    assert customer_score(components, {"value": 0.0, "loyalty": 0.0}) == pytest.approx([50.0, 25.0])


def test_the_score_lies_between_0_and_100() -> None:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(
        {"nps_score_last": rng.integers(0, 11, 200), "order_day_count": rng.integers(1, 9, 200)}, dtype="float64"
    )
    components = score_components(rows, rng.normal(size=200), rng.uniform(size=200))
    score = customer_score(components, ScoreSettings(value=0.2, satisfaction=0.5, loyalty=0.3).weights)
    assert 0 <= score.min() < score.max() <= 100


def test_an_order_that_weights_do_not_move_is_firm_and_one_of_opposites_is_not() -> None:
    up = percentiles(np.arange(50.0))
    alike = firmness({"value": up, "loyalty": up}, {"value": 0.5, "loyalty": 0.5})
    assert (alike.rank_correlation, alike.moved_share) == (pytest.approx(1), 0)
    opposites = firmness({"value": up, "loyalty": 100 - up + np.tile([0.0, 5.0], 25)}, {"value": 0.5, "loyalty": 0.5})
    assert opposites.rank_correlation < 0.9
    assert opposites.moved_share > 0.1


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("value = 0.9", "score: value, satisfaction and loyalty sum to 1.4: expected 1"),
        ("value = 1.5", "score.value = 1.5: expected at most 1"),
        ("valeu = 0.5", "unknown key score.valeu; did you mean 'value'?"),
    ],
)
def test_weights_that_do_not_sum_are_refused(tmp_path: Path, section: str, said: str) -> None:
    config = tmp_path / "shop.toml"
    config.write_text(f"[score]\n{section}\n", encoding="utf-8")
    with pytest.raises(BadConfig) as bad:
        read_layer(config)
    assert bad.value.problems == (f"{config}: {said}",)


def test_without_surveys_complaints_still_count() -> None:
    rows = pd.DataFrame({"complaint_count_365d": [0.0, 0.0, 3.0]})
    found = score_components(rows, np.arange(3.0), np.full(3, 0.2))
    assert found["satisfaction"].tolist() == [100, 100, 0]
