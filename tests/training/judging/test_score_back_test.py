"""Learned weights, and the orders that the score is compared with."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.problems import BadInput
from models.evaluation import Difference, Metric
from models.value.score_evaluation import ScoreEvaluation
from models.value.settings import Layer
from tests.training.conftest import JUDGED_AT
from training.frame import Frame
from training.judging.score_back_test import _judged, _refuse_informed, learned_order, learned_weights, rfm_order

RNG = np.random.default_rng(9)
COUNT = 2_000
TRUE = RNG.uniform(0, 100, COUNT)
COMPONENTS = {"value": TRUE, "satisfaction": RNG.uniform(0, 100, COUNT), "loyalty": 100 - TRUE + RNG.normal(0, 30, COUNT)}
KEPT = TRUE + RNG.normal(0, 10, COUNT)


def asked(kept: np.ndarray = KEPT) -> Frame:
    ids = np.array([f"c{k}" for k in range(len(kept))])
    dates = np.array([JUDGED_AT] * len(kept), dtype=object)
    return Frame(ids, dates, pd.DataFrame(index=range(len(kept))), kept[:, None], 90)


def test_learned_weights_are_shares_and_find_what_tells() -> None:
    found = learned_weights(COMPONENTS, KEPT)
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) >= 0
    assert found["value"] > 0.9
    assert found["loyalty"] < 0.02  # it says the opposite: no component may count against a customer
    assert learned_weights({"value": np.ones(5), "loyalty": np.ones(5)}, np.arange(5.0)) == {"value": 0.5, "loyalty": 0.5}


def test_each_half_is_put_in_order_by_what_the_other_half_teaches() -> None:
    order = learned_order(COMPONENTS, KEPT, asked())
    assert np.corrcoef(order, KEPT)[0, 1] > 0.9
    shuffled = RNG.permutation(KEPT)
    nothing = learned_order(COMPONENTS, shuffled, asked(shuffled))
    assert abs(np.corrcoef(nothing, shuffled)[0, 1]) < 0.1  # its own outcome is not in it


def test_rfm_is_the_sum_of_three_fifths() -> None:
    rows = pd.DataFrame(
        {
            "days_since_last_order": [5.0, 4, 3, 2, 1],
            "order_day_count": [1.0, 2, 3, 4, 5],
            "spend_sum": [5.0, 4, 3, 2, 1],
            "refund_sum": 0.0,
        }
    )
    assert rfm_order(rows).tolist() == [1 + 1 + 5, 2 + 2 + 4, 9, 4 + 4 + 2, 5 + 5 + 1]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.01, 0.05, "The score as configured orders the value that was then kept better than RFM alone."),
        (-0.05, -0.01, "The score as configured orders the value that was then kept worse than RFM alone."),
        (
            -0.01,
            0.05,
            "The score as configured cannot be told apart from RFM alone in how it orders the value that was then kept.",
        ),
    ],
)
def test_it_is_said_plainly_where_the_score_is_worse(low: float, high: float, said: str) -> None:
    beside = Difference(value=(low + high) / 2, low=low, high=high)
    rfm = {"gini_normalized": Metric(value=0.5, greater_is_better=True, ours_less_this=beside)}
    found = ScoreEvaluation(
        judged_at=JUDGED_AT, customers=9, weights={}, learned_weights={}, metrics={"score": {}, "rfm": rfm}, models={}
    )
    assert found.verdict == (said,)


def judged_on(day: date, *split: str) -> Any:
    roles = SimpleNamespace(judge=day, split_by_customers=split)
    return SimpleNamespace(label="clv v1", bundle=SimpleNamespace(contract=SimpleNamespace(roles=roles)))


def test_models_that_may_have_learned_from_what_is_asked_are_refused() -> None:
    _refuse_informed(judged_on(JUDGED_AT), judged_on(JUDGED_AT))
    with pytest.raises(BadInput, match="its models were judged on different dates, 2021-09-09 and 2021-10-09"):
        _refuse_informed(judged_on(JUDGED_AT), judged_on(JUDGED_AT + timedelta(days=30)))
    with pytest.raises(BadInput, match="clv v1 has learned from the judged date"):
        _refuse_informed(judged_on(JUDGED_AT, "judgement"))
    _refuse_informed(judged_on(JUDGED_AT, "tuning", "calibration"))  # on customers of an earlier date


def test_a_champion_judged_on_a_date_that_has_no_snapshot_any_more_is_a_sentence() -> None:
    nothing: Any = SimpleNamespace(cohorts={})
    with pytest.raises(BadInput, match="was judged on 2021-09-09, of which there is no snapshot any more"):
        _judged(nothing, nothing, Layer(), judged_on(JUDGED_AT), None)
