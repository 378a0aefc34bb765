"""Judge a model on the judged date, beside what a sceptic would use. The only place that looks at that date's outcomes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.problems import BadInput
from models.baselines import baselines
from models.calibration import Calibrator
from models.contract import Contract
from models.evaluation import Evaluation, Metric, OutputEvaluation
from models.intervals import Intervals
from training.frame import Frame
from training.metrics import judge_amount, judge_interval, judge_probability, tenths

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
    """Metrics of every output on the judged customers; baselines are fitted on `past`, like the model."""
    served = calibrator.served(margins)
    outputs = {}
    for k, output in enumerate(contract.outputs):
        actual = judged.outcomes[:, k]
        if contract.link == "sigmoid" and len(np.unique(actual)) < 2:
            raise BadInput(
                f"{output.label}: all {len(actual):,} customers have the same outcome after {contract.roles.judge}, so nothing "
                "can be judged; leave a category nobody buys out of features.main_categories, or choose another dates.judged_at"
            )
        metrics = _metrics(contract, actual, served[:, k])
        if intervals is not None:
            metrics |= judge_interval(actual, served[:, k], *intervals.around(served[:, k]), intervals.coverage)
        outputs[output.name] = OutputEvaluation(
            metrics=metrics,
            baselines=_baselines(contract, k, past, judged),
            tenths=tenths(np.maximum(actual, 0), served[:, k]),
        )
    return Evaluation(
        judged_at=contract.roles.judge,
        customers=len(judged.rows),
        outputs=outputs,
        calibration_kept=calibrator.changes_anything,
        choices=choices,
    )


def _baselines(contract: Contract, k: int, past: Frame, judged: Frame) -> dict[str, dict[str, Metric]]:
    category = contract.outputs[k].name.removeprefix("propensity_") if contract.task == "propensity" else None
    rivals = baselines(
        contract.task,
        past.rows.columns,
        horizon_days=contract.horizon_days,
        windows_days=contract.windows_days,
        learned_horizon_days=contract.learned_horizon_days,
        category=category,
    )
    seen = past.outcomes[:, k] if contract.link == "sigmoid" else np.maximum(past.outcomes[:, k], 0)  # as the model's
    return {
        name: _metrics(contract, judged.outcomes[:, k], rival(past.rows, seen, judged.rows)) for name, rival in rivals.items()
    }


def _metrics(contract: Contract, actual: Floats, predicted: Floats) -> dict[str, Metric]:
    if contract.link == "sigmoid":
        return judge_probability(actual, predicted)
    # A customer who only gave goods back brought nothing; what those took away stays visible in the net total.
    net = (
        {"sum_ratio_net": Metric(value=float(predicted.sum() / actual.sum()), greater_is_better=None)}
        if actual.sum() > 0
        else {}
    )
    return judge_amount(np.maximum(actual, 0), predicted) | net
