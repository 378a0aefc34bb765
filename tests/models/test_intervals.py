"""Intervals around amounts: the conformal quantile by hand, and the coverage that is promised."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.intervals import LEVELS, Intervals


def amounts(size: int, seed: int, share_of_nothing: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Predictions, and outcomes as spend is: nothing from many, from the others skewed and around the prediction."""
    rng = np.random.default_rng(seed)
    predicted = rng.lognormal(4, 1.2, size)
    spends = rng.uniform(size=size) < 1 - share_of_nothing * np.exp(-predicted / 500)
    return predicted, np.where(spends, predicted * rng.lognormal(0, 0.9, size), 0.0)


def covered(intervals: Intervals, predicted: np.ndarray, actual: np.ndarray) -> np.ndarray:
    lower, upper = intervals.around(predicted)
    rounding = 1e-9 * upper
    return (actual >= lower - rounding) & (actual <= upper + rounding)


def test_the_ends_are_the_conformal_quantiles_worked_out_by_hand() -> None:
    # Nineteen customers with the same prediction of 99; on the log scale they stray by -0.9, -0.8, ... 0.9.
    # Coverage 0.8 leaves 0.1 on each side: rank ceil(20 * 0.9) = 18 of 19, from either end: a stray of 0.8.
    strays = np.arange(-9, 10) / 10
    predicted = np.full(19, 99.0)
    fitted = Intervals.fit(predicted, 100 * np.exp(strays) - 1, 0.8)
    lower, upper = fitted.around(np.array([99.0]))
    assert lower[0] == pytest.approx(100 * np.exp(-0.8) - 1)
    assert upper[0] == pytest.approx(100 * np.exp(0.8) - 1)


def test_where_many_bring_nothing_the_lower_end_is_zero_and_the_upper_end_takes_the_whole_risk() -> None:
    # Five of nineteen bring nothing, more than a tenth. Rank ceil(20 * 0.8) = 16 of 19 strays: the fourth largest.
    spent = 100 * np.exp(np.arange(1, 15) / 10) - 1
    fitted = Intervals.fit(np.full(19, 99.0), np.concatenate([np.zeros(5), spent]), 0.8)
    lower, upper = fitted.around(np.array([99.0]))
    assert lower[0] == 0
    assert upper[0] == pytest.approx(100 * np.exp(1.1) - 1)


def test_each_stratum_of_predictions_has_its_own_width() -> None:
    # Who is predicted 10 strays by up to 0.1, who is predicted 1000 by up to 1.
    strays = np.linspace(-1, 1, 200)
    predicted = np.repeat([10.0, 1000.0], 200)
    actual = np.concatenate([11 * np.exp(strays / 10) - 1, 1001 * np.exp(strays) - 1])
    lower, upper = Intervals.fit(predicted, actual, 0.8).around(np.array([10.0, 1000.0]))
    assert np.log1p(upper) - np.log1p([10, 1000]) == pytest.approx([0.08, 0.8], abs=0.02)
    assert np.log1p([10, 1000]) - np.log1p(lower) == pytest.approx([0.08, 0.8], abs=0.02)


@pytest.mark.parametrize("share_of_nothing", [0.0, 0.05, 0.5, 0.95])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_as_many_new_customers_lie_inside_as_was_promised_also_among_the_most_valuable(
    coverage: float, share_of_nothing: float
) -> None:
    fitted = Intervals.fit(*amounts(4_000, 0, share_of_nothing), coverage)
    predicted, actual = amounts(20_000, 1, share_of_nothing)
    inside = covered(fitted, predicted, actual)
    top = np.argsort(-predicted)[: len(predicted) // 10]
    assert inside.mean() >= coverage - 0.03
    assert inside[top].mean() >= coverage - 0.03


def test_where_everybody_brings_something_no_more_lie_inside_than_were_promised() -> None:
    fitted = Intervals.fit(*amounts(4_000, 0, 0.0), 0.8)
    predicted, actual = amounts(20_000, 1, 0.0)
    inside = covered(fitted, predicted, actual)
    assert inside.mean() <= 0.83
    above = actual > fitted.around(predicted)[1]
    assert 0.07 <= above.mean() <= 0.13  # the risk is shared by the two sides


def test_a_small_calibration_date_keeps_its_promise_on_average() -> None:
    shares = [covered(Intervals.fit(*amounts(60, seed), 0.8), *amounts(400, 1_000 + seed)).mean() for seed in range(60)]
    assert np.mean(shares) >= 0.8 - 0.03


@given(
    st.integers(1, 60),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.5, 0.8, 0.9, 0.99]),
    st.sampled_from([0.0, 0.3, 1.0]),
)
def test_the_prediction_lies_inside_and_the_ends_are_amounts(
    size: int, seed: int, coverage: float, share_of_nothing: float
) -> None:
    fitted = Intervals.fit(*amounts(size, seed, share_of_nothing), coverage)
    predicted = np.concatenate([amounts(20, seed + 1)[0], [0.0, 1e-9, 1e7]])
    lower, upper = fitted.around(predicted)
    assert np.all(lower >= 0)
    assert np.all(lower <= predicted)
    assert np.all(predicted <= upper)
    assert np.all(np.isfinite(upper))


@given(st.lists(st.sampled_from([1.0, 2.0, 5.0, 100.0]), min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_predictions_that_many_customers_share_are_no_trouble(predicted: list[float], seed: int) -> None:
    actual = np.random.default_rng(seed).gamma(1, 10, len(predicted))
    fitted = Intervals.fit(np.array(predicted), actual, 0.8)
    assert list(fitted.edges) == sorted(set(fitted.edges))
    assert len(fitted.below) == len(fitted.above) == len(fitted.edges) + 1
    assert covered(fitted, np.array(predicted), actual).mean() >= 0.8 - 1e-9


def test_one_prediction_for_everybody_is_one_stratum() -> None:
    actual = np.arange(50.0)
    fitted = Intervals.fit(np.full(50, 20.0), actual, 0.8)
    assert fitted.edges == ()
    assert covered(fitted, np.full(50, 20.0), actual).mean() >= 0.8


def test_a_few_customers_are_one_stratum_not_ten_of_one() -> None:
    predicted, actual = amounts(19, 0)
    assert Intervals.fit(predicted, actual, 0.8).edges == ()
    predicted, actual = amounts(1_000, 0)
    assert len(Intervals.fit(predicted, actual, 0.8).edges) == 9


def test_who_only_gave_goods_back_counts_as_nothing() -> None:
    predicted, actual = amounts(500, 3)
    given_back = np.where(actual == 0, -250.0, actual)
    assert Intervals.fit(predicted, given_back, 0.8) == Intervals.fit(predicted, actual, 0.8)


def test_nobody_bringing_anything_gives_an_interval_from_zero_to_the_prediction() -> None:
    lower, upper = Intervals.fit(np.linspace(1, 100, 300), np.zeros(300), 0.8).around(np.array([5.0, 50.0]))
    assert lower.tolist() == [0.0, 0.0]
    assert upper.tolist() == [5.0, 50.0]


def test_intervals_come_back_from_json_without_infinities() -> None:
    fitted = Intervals.fit(*amounts(500, 4), 0.8)
    text = fitted.model_dump_json(indent=1)

    def refuse(word: str) -> float:
        raise AssertionError(f"{word} is not JSON")

    json.loads(text, parse_constant=refuse)
    again = Intervals.model_validate_json(text)
    assert again == fitted
    predicted = amounts(100, 5)[0]
    assert np.array_equal(again.around(predicted), fitted.around(predicted))


def test_the_quantiles_are_the_conformal_ones_worked_out_by_hand() -> None:
    # Nineteen customers with the same prediction of 99 stray by -0.9, -0.8, ... 0.9: of a level k / 20 it is the k-th stray.
    strays = np.arange(-9, 10) / 10
    fitted = Intervals.fit(np.full(19, 99.0), 100 * np.exp(strays) - 1, 0.8)
    assert fitted.quantiles(np.array([99.0]))[0] == pytest.approx(100 * np.exp(strays) - 1)
    assert LEVELS[[0, 9, 18]] == pytest.approx([0.05, 0.5, 0.95])


def test_where_some_bring_nothing_the_lowest_quantiles_are_zero_for_any_prediction() -> None:
    spent = 100 * np.exp(np.arange(1, 15) / 10) - 1
    fitted = Intervals.fit(np.full(19, 99.0), np.concatenate([np.zeros(5), spent]), 0.8)
    found = fitted.quantiles(np.array([99.0, 1e6]))
    assert np.all(found[:, :5] == 0)
    assert np.all(found[:, 5:] > 0)


def test_as_many_new_customers_lie_below_a_quantile_as_it_says() -> None:
    fitted = Intervals.fit(*amounts(4_000, 0, 0.3), 0.8)
    predicted, actual = amounts(20_000, 1, 0.3)
    quantiles = fitted.quantiles(predicted)
    assert np.all(np.diff(quantiles, axis=1) >= 0)
    above_zero = (quantiles > 0).mean(axis=0) > 0.99  # the others are all zero, and so are many outcomes
    below = (actual[:, None] <= quantiles * (1 + 1e-9)).mean(axis=0)
    assert below[above_zero] == pytest.approx(LEVELS[above_zero], abs=0.03)


def test_an_interval_from_before_there_were_quantiles_can_be_read() -> None:
    fitted = Intervals.fit(*amounts(500, 4), 0.8)
    old = json.loads(fitted.model_dump_json())
    del old["strays"]
    predicted = amounts(100, 5)[0]
    assert np.array_equal(Intervals.model_validate(old).around(predicted), fitted.around(predicted))
