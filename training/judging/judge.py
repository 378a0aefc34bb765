"""Judge a model on the judged date, beside what a sceptic would use. The only place that looks at that date's outcomes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.baselines import baselines
from models.calibration import Calibrator
from models.contract import PROPENSITY_PREFIX, Contract
from models.evaluation import CalibrationPoint, Evaluation, Metric, OutputEvaluation
from models.intervals import Intervals
from training.frame import Frame
from training.judging.coverage import judge_interval, judge_quantiles, with_coverage
from training.judging.metrics import AMOUNT, NET, PROBABILITY, churn_figures, tenths
from training.judging.resampling import Beside, judged_beside

Floats = NDArray[np.float64]


def judge(
    contract: Contract,
    margins: Floats,
    calibrator: Calibrator,
    intervals: Intervals | None,
    *,
    past: Frame,
    judged: Frame,
    choices: dict[str, str],
) -> Evaluation:
    """Metrics of every output on the judged customers; baselines are fitted on `past`, like the model.

    All with 95 % intervals, by customer: a judged date has each customer once. An output after which all did the same has no
    figures: such ones are left out before (`training.predictable`).
    """
    served = calibrator.served(margins)
    outputs = {}
    for k, output in enumerate(contract.outputs):
        actual = judged.outcomes[:, k]
        beside = _beside(contract, actual, served[:, k], _baselines(contract, k, past, judged))
        spread, points = _spread(contract, intervals, actual, served[:, k])
        outputs[output.name] = OutputEvaluation(metrics=beside.ours | spread, baselines=beside.rivals, tenths=points)
    return Evaluation(
        judged_at=contract.roles.judge,
        customers=len(judged.rows),
        outputs=outputs,
        calibration_kept=calibrator.changes_anything,
        choices=choices,
    )


def _baselines(contract: Contract, k: int, past: Frame, judged: Frame) -> dict[str, Floats]:
    """What each baseline says of the judged customers; one that cannot answer for all of them is left out."""
    category = contract.outputs[k].name.removeprefix(PROPENSITY_PREFIX) if contract.task == "propensity" else None
    rivals = baselines(
        contract.task,
        past.rows.columns,
        horizon_days=contract.horizon_days,
        windows_days=contract.windows_days,
        learned_horizon_days=contract.learned_horizon_days,
        category=category,
    )
    seen = past.outcomes[:, k] if contract.link == "sigmoid" else np.maximum(past.outcomes[:, k], 0)  # as the model's
    answers = {name: rival(past.rows, seen, judged.rows) for name, rival in rivals.items()}
    return {name: answer for name, answer in answers.items() if np.isfinite(answer).all()}


def _beside(contract: Contract, actual: Floats, ours: Floats, rivals: dict[str, Floats]) -> Beside:
    if contract.link == "sigmoid":
        figures = churn_figures() if contract.task == "churn" else PROBABILITY
        return judged_beside(figures, actual, ours, rivals, seed=contract.seed)
    # A customer who only gave goods back brought nothing; what those took away stays visible in the net total.
    floored = np.maximum(actual, 0)
    found = judged_beside(AMOUNT, floored, ours, rivals, seed=contract.seed)
    if actual.sum() <= 0:
        return found
    net = judged_beside(NET, actual, ours, rivals, seed=contract.seed)
    return Beside(found.ours | net.ours, {name: metrics | net.rivals[name] for name, metrics in found.rivals.items()})


def _spread(
    contract: Contract, intervals: Intervals | None, actual: Floats, predicted: Floats
) -> tuple[dict[str, Metric], tuple[CalibrationPoint, ...]]:
    """What the intervals are worth, overall and by tenth; without intervals the tenths alone."""
    points = tenths(np.maximum(actual, 0), predicted)
    if intervals is None:
        return {}, points
    held = judge_interval(actual, predicted, *intervals.around(predicted), intervals.coverage, seed=contract.seed)
    spread = judge_quantiles(actual, predicted, intervals.quantiles(predicted), seed=contract.seed)
    return held | spread, with_coverage(points, intervals, actual, predicted, seed=contract.seed)
