"""What a judgement says, and that one written before there were intervals can still be read."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from models.evaluation import Difference, Evaluation

BEFORE_INTERVALS = {
    "judged_at": "2020-10-01",
    "customers": 3,
    "outputs": {
        "clv_90d": {
            "metrics": {"rmse": {"value": 12.5, "greater_is_better": False}},
            "baselines": {"mean_value": {"rmse": {"value": 13.0, "greater_is_better": False}}},
            "tenths": [{"customers": 3, "predicted": 1.0, "actual": 2.0}],
        }
    },
    "calibration_kept": False,
    "choices": {},
}


@pytest.mark.parametrize(
    ("low", "high", "greater_is_better", "standing"),
    [
        (0.1, 0.3, True, "ahead"),
        (0.1, 0.3, False, "behind"),
        (0.1, 0.3, None, "behind"),  # further from the target
        (-0.3, -0.1, True, "behind"),
        (-0.3, -0.1, False, "ahead"),
        (-0.3, -0.1, None, "ahead"),
        (-0.1, 0.1, True, "undecided"),
        (0.0, 0.0, False, "undecided"),  # the same model
        (0.0, 0.1, True, "undecided"),
    ],
)
def test_a_difference_counts_when_its_interval_leaves_out_zero(
    low: float, high: float, greater_is_better: bool | None, standing: str
) -> None:
    assert Difference(value=(low + high) / 2, low=low, high=high).standing(greater_is_better) == standing


def test_a_judgement_from_before_there_were_intervals_can_be_read() -> None:
    found = Evaluation.model_validate_json(json.dumps(BEFORE_INTERVALS))
    output = found.outputs["clv_90d"]
    rmse = output.metrics["rmse"]
    assert (rmse.value, rmse.unit, rmse.low, rmse.high, rmse.ours_less_this) == (12.5, None, None, None, None)
    assert output.tenths[0].coverage is output.tenths[0].width is None


def test_a_unit_that_nobody_knows_is_refused() -> None:
    metrics = {"rmse": {"value": 12.5, "greater_is_better": False, "unit": "bananas"}}
    output = BEFORE_INTERVALS["outputs"]["clv_90d"] | {"metrics": metrics}
    with pytest.raises(ValidationError, match="unit"):
        Evaluation.model_validate(BEFORE_INTERVALS | {"outputs": {"clv_90d": output}})
