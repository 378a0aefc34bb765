"""How well a predicted spread fits what came: coverage and width of an interval, and the CRPS of its distribution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.evaluation import CalibrationPoint, Metric
from models.intervals import LEVELS, Intervals
from training.judging.resampling import Figure, judged
from training.judging.weighed import Floats, Weighed


def judge_interval(
    actual: Floats, predicted: Floats, lower: Floats, upper: Floats, nominal: float, *, seed: int = 0
) -> dict[str, Metric]:
    """Share of outcomes inside the interval, overall and in the tenth predicted highest, and its mean width.

    The share is best when it equals the nominal one, so neither more nor less is better. Outcomes below zero count
    as zero, which is where the interval ends.
    """
    name = f"coverage_{round(nominal * 100)}"
    shares = (_share(name, _mean, nominal), _share(f"{name}_top_decile", _top_mean, nominal))
    width = Figure("interval_width_mean", _mean, "money", greater_is_better=False, bounds=(0.0, np.inf))
    return {
        **judged(shares, _inside(actual, lower, upper), predicted, seed=seed),
        **judged([width], upper - lower, predicted, seed=seed),
    }


def judge_quantiles(actual: Floats, predicted: Floats, quantiles: Floats, *, seed: int = 0) -> dict[str, Metric]:
    """The CRPS, in money per customer, of quantiles of `models.intervals.LEVELS`: one column per level."""
    figure = Figure("crps", _mean, "money", greater_is_better=False, bounds=(0.0, np.inf))
    return judged([figure], crps(actual, quantiles), predicted, seed=seed)


def crps(actual: Floats, quantiles: Floats) -> Floats:
    """Continuous ranked probability score of each customer, from quantiles; in money.

    Twice the mean pinball loss over the levels (Gneiting, Raftery 2007). If all quantiles are one amount, it is the
    absolute error. Beyond the outermost levels nothing is known, so nothing is counted.
    """
    short = np.maximum(actual, 0)[:, None] - quantiles
    scores: Floats = 2 * np.maximum(LEVELS * short, (LEVELS - 1) * short).mean(axis=1)
    return scores


def with_coverage(
    points: tuple[CalibrationPoint, ...],
    intervals: Intervals,
    actual: Floats,
    predicted: Floats,
    *,
    seed: int = 0,
) -> tuple[CalibrationPoint, ...]:
    """The tenths of the customers, each with its coverage and the mean width of its intervals."""
    lower, upper = intervals.around(predicted)
    places = [(str(place), _of_tenth(place)) for place in range(len(points))]
    shares = [_share(name, by_draw, intervals.coverage) for name, by_draw in places]
    widths = [Figure(name, by_draw, "money", greater_is_better=False, bounds=(0.0, np.inf)) for name, by_draw in places]
    held = judged(shares, _inside(actual, lower, upper), predicted, seed=seed)
    wide = judged(widths, upper - lower, predicted, seed=seed)
    return tuple(
        point.model_copy(update={"coverage": held[str(place)], "width": wide[str(place)]}) for place, point in enumerate(points)
    )


def _inside(actual: Floats, lower: Floats, upper: Floats) -> Floats:
    floored = np.maximum(actual, 0)
    return ((floored >= lower) & (floored <= upper)).astype(np.float64)


def _share(name: str, by_draw: Callable[[Weighed], Floats], nominal: float) -> Figure:
    return Figure(name, by_draw, "ratio", greater_is_better=None, target=nominal, bounds=(0.0, 1.0))


def _mean(seen: Weighed) -> Floats:
    return seen.brought / seen.customers


def _top_mean(seen: Weighed) -> Floats:
    size, held = seen.top_tenth
    return held / size


def _of_tenth(place: int) -> Callable[[Weighed], Floats]:
    return lambda seen: seen.tenth_actual[:, place] / seen.tenth_customers[:, place]
