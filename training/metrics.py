"""The figures a model is judged by. Each says which way is better; nothing is negated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from features.problems import BadInput
from models.evaluation import CalibrationPoint, Metric

Floats = NDArray[np.float64]
Figure = Callable[[Floats, Floats], float]
TENTHS = 10


def judge_probability(actual: Floats, predicted: Floats) -> dict[str, Metric]:
    """Ranking and calibration of a probability. Raises BadInput when only one class was seen."""
    if len(np.unique(actual)) < 2:
        raise BadInput(f"every customer has the same outcome ({actual[0]:g}) on the judged date: nothing can be judged")
    better_more: dict[str, Figure] = {"auc": roc_auc_score, "average_precision": average_precision_score, "lift_10": lift_10}
    better_less: dict[str, Figure] = {"brier": brier_score_loss, "ece": ece, "logloss": log_loss}
    return _judged(actual, predicted, better_more, better_less) | _sum_ratio(actual, predicted)


def judge_amount(actual: Floats, predicted: Floats) -> dict[str, Metric]:
    """Error, ranking and total of an amount. Raises BadInput when nothing was spent in total."""
    if actual.sum() <= 0:
        raise BadInput("the customers brought nothing in total after the judged date: no amount can be judged")
    better_more: dict[str, Figure] = {
        "spearman": spearman,
        "gini_normalized": gini_normalized,
        "top_decile_capture": top_decile_capture,
    }
    better_less: dict[str, Figure] = {"wape": wape, "rmse": rmse, "decile_mape": decile_mape}
    return _judged(actual, predicted, better_more, better_less) | _sum_ratio(actual, predicted)


def judge_interval(actual: Floats, predicted: Floats, lower: Floats, upper: Floats, nominal: float) -> dict[str, Metric]:
    """Share of outcomes inside the interval, overall and in the tenth predicted highest, and its mean width.

    The share is best when it equals the nominal one, so neither more nor less is better. Outcomes below zero count
    as zero, which is where the interval ends.
    """
    floored = np.maximum(actual, 0)
    inside = ((floored >= lower) & (floored <= upper)).astype(np.float64)
    top = _top_tenth(predicted)
    percent = round(nominal * 100)
    return {
        f"coverage_{percent}": Metric(value=float(inside.mean()), greater_is_better=None),
        f"coverage_{percent}_top_decile": Metric(value=float(_evened(inside, predicted)[top].mean()), greater_is_better=None),
        "interval_width_mean": Metric(value=float((upper - lower).mean()), greater_is_better=False),
    }


def tenths(actual: Floats, predicted: Floats) -> tuple[CalibrationPoint, ...]:
    """The customers in ten groups of equal size by prediction, lowest first."""
    actual = _evened(actual, predicted)
    return tuple(
        CalibrationPoint(customers=len(group), predicted=float(predicted[group].mean()), actual=float(actual[group].mean()))
        for group in _tenths(predicted)
        if len(group)
    )


def ece(actual: Floats, predicted: Floats) -> float:
    """Expected calibration error: mean |predicted - actual| over ten groups of equal size (Naeini et al. 2015)."""
    actual = _evened(actual, predicted)
    gaps = [abs(predicted[group].mean() - actual[group].mean()) * len(group) for group in _tenths(predicted) if len(group)]
    return float(sum(gaps) / len(predicted))


def lift_10(actual: Floats, predicted: Floats) -> float:
    """The outcome's rate in the tenth predicted highest over its rate among all."""
    return float(_evened(actual, predicted)[_top_tenth(predicted)].mean() / actual.mean())


def wape(actual: Floats, predicted: Floats) -> float:
    """Weighted absolute percentage error: sum of |actual - predicted| over sum of |actual|."""
    return float(np.abs(actual - predicted).sum() / np.abs(actual).sum())


def rmse(actual: Floats, predicted: Floats) -> float:
    """Root of the mean squared error, in money."""
    return float(np.sqrt(np.mean((actual - predicted) ** 2)))


def spearman(actual: Floats, predicted: Floats) -> float:
    """Rank correlation; 0 for a prediction that is the same for everybody."""
    if len(np.unique(predicted)) < 2:
        return 0.0
    return float(spearmanr(actual, predicted).statistic)


def gini_normalized(actual: Floats, predicted: Floats) -> float:
    """Gini of the actual amounts in predicted order over that in their own order (Wang, Liu, Miao 2019)."""
    return _gini(_evened(actual, predicted), predicted) / _gini(actual, actual)


def top_decile_capture(actual: Floats, predicted: Floats) -> float:
    """Share of the whole amount that the tenth predicted highest brought."""
    return float(_evened(actual, predicted)[_top_tenth(predicted)].sum() / actual.sum())


def decile_mape(actual: Floats, predicted: Floats) -> float:
    """Mean over ten groups by prediction of |predicted - actual| / |actual| sums (Wang, Liu, Miao 2019)."""
    actual = _evened(actual, predicted)
    errors = [
        abs(predicted[group].sum() - actual[group].sum()) / abs(actual[group].sum())
        for group in _tenths(predicted)
        if len(group) and actual[group].sum() != 0
    ]
    return float(np.mean(errors))


def _judged(actual: Floats, predicted: Floats, more: dict[str, Figure], less: dict[str, Figure]) -> dict[str, Metric]:
    figures = [(name, figure, True) for name, figure in more.items()] + [(name, figure, False) for name, figure in less.items()]
    return {
        name: Metric(value=float(figure(actual, predicted)), greater_is_better=greater) for name, figure, greater in figures
    }


def _sum_ratio(actual: Floats, predicted: Floats) -> dict[str, Metric]:
    """Total predicted over total actual: 1 is right."""
    return {"sum_ratio": Metric(value=float(predicted.sum() / actual.sum()), greater_is_better=None)}


def _evened(actual: Floats, predicted: Floats) -> Floats:
    """Outcomes shared evenly among customers with the same prediction, so that it does not matter who stands first."""
    _, group, customers = np.unique(predicted, return_inverse=True, return_counts=True)
    shared: Floats = (np.bincount(group, weights=actual) / customers)[group]
    return shared


def _tenths(predicted: Floats) -> list[NDArray[np.intp]]:
    return np.array_split(np.argsort(predicted, kind="stable"), TENTHS)


def _top_tenth(predicted: Floats) -> NDArray[np.intp]:
    return np.argsort(-predicted, kind="stable")[: max(1, len(predicted) // TENTHS)]


def _gini(actual: Floats, ranked_by: Floats) -> float:
    captured = np.cumsum(actual[np.argsort(-ranked_by, kind="stable")]) / actual.sum()
    return float(captured.mean() - 0.5)
