"""What a predicted spread is worth: coverage, width and CRPS by hand, then against what they estimate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from models.intervals import LEVELS, Intervals
from training.judging.coverage import crps, judge_interval, judge_quantiles, with_coverage
from training.judging.metrics import tenths

# Ten customers, each a tenth of them, from the lowest prediction to the highest.
PREDICTED = np.array([0.0, 10, 20, 30, 40, 50, 60, 70, 80, 140])
SPENT = np.array([0.0, 0, 0, 50, 0, 100, 0, 50, 100, 200])


def values(judged: dict) -> dict[str, float]:
    return {name: metric.value for name, metric in judged.items()}


def amounts(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions, and outcomes around them; a third brings nothing."""
    rng = np.random.default_rng(seed)
    predicted = rng.lognormal(4, 1, size)
    return predicted, np.where(rng.uniform(size=size) < 0.67, predicted * rng.lognormal(0, 0.8, size), 0.0)


def test_the_interval_judged_by_hand() -> None:
    lower, upper = np.zeros(10), np.array([0.0, 5, 5, 40, 5, 90, 5, 60, 100, 150])
    judged = judge_interval(SPENT, PREDICTED, lower, upper, 0.8)
    assert values(judged) == {
        "coverage_80": 0.7,  # outside: 50 above 40, 100 above 90, 200 above 150
        "coverage_80_top_decile": 0.0,  # the one predicted highest brought 200
        "interval_width_mean": 46.0,
    }
    assert [metric.greater_is_better for metric in judged.values()] == [None, None, False]
    assert [metric.unit for metric in judged.values()] == ["ratio", "ratio", "money"]


def test_an_outcome_below_zero_lies_inside_an_interval_that_starts_at_zero() -> None:
    judged = judge_interval(np.array([-50.0, 5.0]), np.array([1.0, 2.0]), np.zeros(2), np.full(2, 3.0), 0.5)
    assert values(judged)["coverage_50"] == 0.5


def test_the_crps_of_one_amount_is_the_absolute_error() -> None:
    assert crps(np.array([4.0, 10.0, -3.0]), np.full((3, 19), 10.0)).tolist() == pytest.approx([6.0, 0.0, 10.0])


def test_the_crps_of_an_even_spread_by_hand() -> None:
    # Quantiles 5, 10, ... 95 and an outcome of 50. Pinball losses below the middle: k / 20 x (50 - 5 k) = k (10 - k) / 4,
    # 165 / 4 in all from k = 1 to 9, and as much above.
    even = 100 * LEVELS[None, :]
    assert crps(np.array([50.0]), even)[0] == pytest.approx(2 * (2 * 165 / 4) / 19)
    # Without levels it is the integral of the squared distance between distribution and outcome.
    for came in (20.0, 50.0, 90.0):
        whole, _ = quad(lambda x, came=came: (x / 100 - (x >= came)) ** 2, 0, 100, points=[came])
        assert crps(np.array([came]), even)[0] == pytest.approx(whole, rel=0.06)


def test_a_spread_that_is_right_has_a_lower_crps_than_one_too_narrow_or_too_wide() -> None:
    predicted, actual = amounts(0, 4_000)
    fitted = Intervals.fit(predicted, actual, 0.8)
    right = fitted.quantiles(predicted)
    middle = right[:, [9]]
    scores = {
        factor: judge_quantiles(actual, predicted, middle + factor * (right - middle))["crps"].value for factor in (0.3, 1, 3)
    }
    assert scores[1] < min(scores[0.3], scores[3])


def test_every_tenth_has_its_coverage_and_its_width() -> None:
    predicted, actual = amounts(1, 1_000)
    fitted = Intervals.fit(*amounts(2, 1_000), 0.8)
    lower, upper = fitted.around(predicted)
    points = with_coverage(tenths(actual, predicted), fitted, actual, predicted)
    order = np.argsort(predicted)
    for point, group in zip(points, np.array_split(order, 10), strict=True):
        assert point.coverage.value == pytest.approx(((actual >= lower) & (actual <= upper))[group].mean())
        assert point.width.value == pytest.approx((upper - lower)[group].mean())
        assert point.coverage.low <= point.coverage.value <= point.coverage.high <= 1
        assert point.width.low <= point.width.value <= point.width.high
    overall = judge_interval(actual, predicted, lower, upper, 0.8)
    assert points[-1].coverage.value == pytest.approx(overall["coverage_80_top_decile"].value)


def test_fewer_than_ten_customers_have_fewer_tenths_with_coverage() -> None:
    predicted, actual = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1e9])
    points = with_coverage(tenths(actual, predicted), Intervals.fit(*amounts(2, 100), 0.8), actual, predicted)
    assert [point.coverage.value for point in points] == [1.0, 0.0, 1.0]
