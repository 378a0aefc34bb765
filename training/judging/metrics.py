"""The figures a model is judged by. Each says which way is better, in which unit, and how sure it is; nothing is negated.

Formulas, sources and when not to use a figure: docs/glossary.md.
"""

from __future__ import annotations

import numpy as np

from models.evaluation import CalibrationPoint
from training.judging.profit import Campaign, expected_maximum_profit
from training.judging.resampling import Figure, figure
from training.judging.weighed import Floats, Sample, Weighed

SURELY = float(np.finfo(np.float64).eps)  # a probability of 0 or 1 counts as this near to it: its log-loss is finite
POSITIVE = (0.0, np.inf)


@figure("ratio", greater_is_better=True, bounds=(0.0, 1.0))
def auc(seen: Weighed) -> Floats:
    """Chance that one with the outcome is put above one without; the same prediction counts as half."""
    happened, others = seen.brought, seen.customers - seen.brought
    return 1 - (seen.area - happened**2 / 2) / (happened * others)


@figure("ratio", greater_is_better=True, bounds=(0.0, 1.0))
def average_precision(seen: Weighed) -> Floats:
    """Mean, over those with the outcome, of the outcome's rate among all who are predicted at least as much."""
    at_least = seen.customers[:, None] - seen.running_customers[:, :-1]
    found = seen.running_actual[:, -1:] - seen.running_actual[:, :-1]
    precision = np.divide(found, at_least, out=np.zeros_like(found), where=at_least > 0)
    purity: Floats = np.einsum("ij,ij->i", seen.group_actual, precision) / seen.brought
    return purity


@figure("times", greater_is_better=True, bounds=POSITIVE)
def lift_10(seen: Weighed) -> Floats:
    """The outcome's rate in the tenth predicted highest over its rate among all."""
    size, happened = seen.top_tenth
    return happened / size / (seen.brought / seen.customers)


@figure("ratio", greater_is_better=False, bounds=POSITIVE)
def brier(seen: Weighed) -> Floats:
    """Mean squared distance between probability and outcome (Brier 1950)."""
    return seen.mean((seen.predicted - seen.actual) ** 2)


@figure("points", greater_is_better=False, bounds=(0.0, 1.0))
def ece(seen: Weighed) -> Floats:
    """Expected calibration error: mean |predicted - actual| over ten groups of equal size (Naeini et al. 2015)."""
    misses: Floats = np.abs(seen.tenth_predicted - seen.tenth_actual).sum(axis=1)
    return misses / seen.customers


@figure("nats", greater_is_better=False, bounds=POSITIVE)
def logloss(seen: Weighed) -> Floats:
    """Mean surprise at what happened: -log of the probability it was given."""
    given = np.where(seen.actual == 1, seen.predicted, 1 - seen.predicted)
    return seen.mean(-np.log(np.clip(given, SURELY, 1)))


@figure("ratio", greater_is_better=None, target=1.0)
def sum_ratio(seen: Weighed) -> Floats:
    """Total predicted over total actual: 1 is right."""
    return seen.total(seen.predicted) / seen.brought


@figure("ratio", greater_is_better=True, bounds=(-1.0, 1.0))
def spearman(seen: Weighed) -> Floats:
    """Rank correlation; 0 for a prediction that is the same for everybody. Resampled customers keep their ranks."""
    one, other = seen.sample.ranks
    mean_one, mean_other = seen.mean(one), seen.mean(other)
    spread = (seen.mean(one**2) - mean_one**2) * (seen.mean(other**2) - mean_other**2)
    together = seen.mean(one * other) - mean_one * mean_other
    return np.divide(together, np.sqrt(spread), out=np.zeros_like(spread), where=spread > 0)


@figure("ratio", greater_is_better=True, bounds=(-np.inf, 1.0))
def gini_normalized(seen: Weighed) -> Floats:
    """Gini of the actual amounts in predicted order over that in their own order (Wang, Liu, Miao 2019)."""
    return _gini(seen) / _gini(Weighed(Sample(seen.actual, seen.actual), seen.weights))


@figure("ratio", greater_is_better=True, bounds=(0.0, 1.0))
def top_decile_capture(seen: Weighed) -> Floats:
    """Share of the whole amount that the tenth predicted highest brought."""
    return seen.top_tenth[1] / seen.brought


@figure("ratio", greater_is_better=False, bounds=POSITIVE)
def wape(seen: Weighed) -> Floats:
    """Weighted absolute percentage error: sum of |actual - predicted| over sum of |actual|."""
    return seen.total(np.abs(seen.actual - seen.predicted)) / seen.total(np.abs(seen.actual))


@figure("money", greater_is_better=False, bounds=POSITIVE)
def rmse(seen: Weighed) -> Floats:
    """Root of the mean squared error, in money."""
    return np.sqrt(seen.mean((seen.actual - seen.predicted) ** 2))


@figure("ratio", greater_is_better=False, bounds=POSITIVE)
def decile_mape(seen: Weighed) -> Floats:
    """Mean over ten groups by prediction of |predicted - actual| / |actual| sums (Wang, Liu, Miao 2019).

    Groups that brought nothing are left out.
    """
    brought = np.abs(seen.tenth_actual)
    misses, some = np.abs(seen.tenth_predicted - seen.tenth_actual), brought > 0
    errors: Floats = np.divide(misses, brought, out=np.zeros_like(misses), where=some).sum(axis=1) / some.sum(axis=1)
    return errors


@figure("money", greater_is_better=None, target=0.0)
def bias(seen: Weighed) -> Floats:
    """Mean of predicted less actual, in money per customer: 0 is right."""
    return seen.mean(seen.predicted - seen.actual)


PROBABILITY = (auc, average_precision, lift_10, brier, ece, logloss, sum_ratio)
AMOUNT = (spearman, gini_normalized, top_decile_capture, wape, rmse, decile_mape, sum_ratio, bias)
NET = (Figure("sum_ratio_net", sum_ratio.by_draw, "ratio", greater_is_better=None),)


def churn_figures() -> tuple[Figure, ...]:
    """The figures of a probability, and what a campaign against leaving would earn at the textbook's costs."""
    return (*PROBABILITY, expected_maximum_profit(Campaign()))


def tenths(actual: Floats, predicted: Floats) -> tuple[CalibrationPoint, ...]:
    """The customers in ten groups of equal size by prediction, lowest first."""
    seen = Sample(actual, predicted).as_it_is()
    groups = zip(seen.tenth_customers[0], seen.tenth_predicted[0], seen.tenth_actual[0], strict=True)
    return tuple(
        CalibrationPoint(customers=int(size), predicted=float(expected / size), actual=float(came / size))
        for size, expected, came in groups
        if size
    )


def _gini(seen: Weighed) -> Floats:
    """Mean, over the customers from the highest down, of the share captured so far, less a half."""
    return (1 + 1 / seen.customers) / 2 - seen.area / (seen.customers * seen.brought)
