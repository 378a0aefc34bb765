"""A judgement as it stands in the bundle: every figure with its interval, every baseline with its difference."""

from __future__ import annotations

import numpy as np
import pytest

from models.baselines import Baseline
from models.calibration import uncalibrated
from models.contract import TASKS, Contract, Output, Roles, Task
from models.evaluation import Evaluation
from models.intervals import Intervals
from models.prior import Prior
from models.recipe import Recipe
from tests.training.conftest import CUSTOMERS, HORIZON_DAYS, JUDGED_AT, MakeFrame
from training.judging.judge import judge

ONE: dict[Task, Output] = {
    "churn": Output(name="churn_probability", target="leaves", label="risk of leaving", label_zh="流失风险"),
    "clv": Output(name="clv_90d", target="spends", label="expected value", label_zh="预期价值"),
}


def judgement(task: Task, recipe: Recipe, roles: Roles, make_frame: MakeFrame) -> Evaluation:
    """Of a model that knows the truth but for some noise."""
    contract = Contract.model_construct(
        task=task, link=recipe.link, outputs=(ONE[task],), horizon_days=HORIZON_DAYS, windows_days=(), roles=roles, seed=0
    )
    frame = make_frame(task)
    prior = Prior.fit(frame.at(roles.fitted_on[-1]).rows, HORIZON_DAYS)
    past, judged = (frame.at(*dates).with_prior(prior, recipe) for dates in (roles.fitted_on, (JUDGED_AT,)))
    rng = np.random.default_rng(0)
    actual = np.maximum(judged.outcomes, 0)
    margins = np.log1p(actual) if task == "clv" else 4 * actual - 2
    margins = margins + rng.normal(0, 1.0, margins.shape)
    intervals = Intervals.fit(np.exp(margins[:, 0]), actual[:, 0], 0.8) if task == "clv" else None
    calibrator = uncalibrated(recipe.link, 1)
    return judge(contract, margins, calibrator, intervals, past=past, judged=judged, choices={})


@pytest.mark.parametrize("task", [task for task in TASKS if task in ONE])
def test_every_figure_has_unit_and_interval_and_every_baseline_its_difference(
    task: Task, recipes: dict[Task, Recipe], roles: Roles, make_frame: MakeFrame
) -> None:
    found = judgement(task, recipes[task], roles, make_frame)
    assert found.customers == CUSTOMERS
    (output,) = found.outputs.values()
    for name, metric in output.metrics.items():
        assert metric.unit, name
        assert metric.low <= metric.value <= metric.high, name
        assert metric.ours_less_this is None
    for metrics in output.baselines.values():
        for name, metric in metrics.items():
            if metric.greater_is_better is not None:
                assert metric.ours_less_this.value == pytest.approx(output.metrics[name].value - metric.value), name
            assert metric.ours_less_this.low <= metric.ours_less_this.value <= metric.ours_less_this.high
    assert Evaluation.model_validate_json(found.model_dump_json()) == found


def test_churn_has_the_profit_of_a_campaign_and_value_has_the_spread_by_tenth(
    recipes: dict[Task, Recipe], roles: Roles, make_frame: MakeFrame
) -> None:
    (churn,) = judgement("churn", recipes["churn"], roles, make_frame).outputs.values()
    assert churn.metrics["empc"].value > churn.baselines["base_rate"]["empc"].value
    assert all(tenth.coverage is None for tenth in churn.tenths)
    (value,) = judgement("clv", recipes["clv"], roles, make_frame).outputs.values()
    assert {"crps", "coverage_80", "coverage_80_top_decile", "interval_width_mean", "bias", "sum_ratio_net"} <= set(
        value.metrics
    )
    assert "empc" not in value.metrics
    assert all(tenth.coverage is not None and tenth.width is not None for tenth in value.tenths)


def test_a_model_that_nearly_knows_the_truth_is_ahead_of_the_mean_by_more_than_chance(
    recipes: dict[Task, Recipe], roles: Roles, make_frame: MakeFrame
) -> None:
    (churn,) = judgement("churn", recipes["churn"], roles, make_frame).outputs.values()
    against = churn.baselines["base_rate"]
    assert against["auc"].ours_less_this.standing(greater_is_better=True) == "ahead"
    assert against["logloss"].ours_less_this.standing(greater_is_better=False) == "ahead"


def test_a_baseline_that_cannot_answer_for_everybody_is_left_out(
    recipes: dict[Task, Recipe], roles: Roles, make_frame: MakeFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answering(spend: float) -> Baseline:
        return lambda _past, _seen, rows: np.full(len(rows), spend)

    rivals = {"knows": answering(9.0), "does not": answering(np.nan)}
    monkeypatch.setattr("training.judging.judge.baselines", lambda *_, **__: rivals)
    (output,) = judgement("clv", recipes["clv"], roles, make_frame).outputs.values()
    assert list(output.baselines) == ["knows"]
