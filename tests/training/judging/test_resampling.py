"""How sure a figure is: draws against slow loops, intervals by hand, and what a comparison must never do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation import Difference
from training.judging.metrics import AMOUNT, PROBABILITY, auc, bias, brier, churn_figures, ece, lift_10, spearman, sum_ratio
from training.judging.resampling import Figure, Resampled, interval, judged, judged_beside, weights
from training.judging.weighed import Sample, Weighed

FIGURES = [*churn_figures(), *(figure for figure in AMOUNT if figure is not sum_ratio)]


def made_up(figure: Figure, seed: int, size: int = 60, *, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """What came and what was predicted, as the figure wants it."""
    rng = np.random.default_rng(seed)
    probability = rng.beta(1, 2, size)
    if ties:
        probability = np.clip(np.round(probability, 1), 0.05, 0.95)
    if figure in AMOUNT and figure is not sum_ratio:
        spent = np.where(rng.uniform(size=size) < 0.6, 200 * probability * rng.gamma(2, 0.5, size), 0.0)
        return np.append(spent[1:], 7.0), 100 * probability
    happened = (rng.uniform(size=size) < probability).astype(float)
    return np.concatenate([[0.0, 1.0], happened[2:]]), probability


def difference(figure: Figure, actual: np.ndarray, ours: np.ndarray, theirs: np.ndarray, *, seed: int) -> tuple[float, ...]:
    """Our figure less theirs, and the ends of its interval."""
    found = judged_beside([figure], actual, ours, {"theirs": theirs}, seed=seed).rivals["theirs"][figure.name].ours_less_this
    assert found is not None
    return found.value, found.low, found.high


def by_name(figure: Figure) -> str:
    return figure.name


# By hand


def test_the_mean_error_of_two_customers_has_the_three_values_that_two_can_have() -> None:
    # Errors of 1 and 3: both drawn once is 2, one of them twice is 1 or 3. A quarter of the draws each for the ends.
    low, high = (judged([bias], np.zeros(2), np.array([1.0, 3.0]), seed=0)["bias"].model_dump()[end] for end in ("low", "high"))
    assert (low, high) == (1.0, 3.0)


def test_an_interval_is_moved_so_that_its_middle_is_the_figure() -> None:
    # Draws of 0 to 100 around 50, of a figure that is 10: 95 % of them lie between 2.5 and 97.5.
    assert interval(Resampled(10.0, np.arange(101.0))) == (-37.5, 57.5)
    assert interval(Resampled(10.0, np.arange(101.0)), bounds=(0.0, 50.0)) == (0.0, 50.0)


def test_draws_without_a_value_are_left_out_and_too_many_of_them_leave_no_interval() -> None:
    assert interval(Resampled(1.0, np.array([np.nan, 1.0, 1.0]))) == (1.0, 1.0)
    assert interval(Resampled(1.0, np.array([np.nan, np.nan, 1.0]))) is None
    assert interval(Resampled(np.nan, np.ones(3))) is None
    never = Figure("never", lambda seen: np.where(seen.weights.max(axis=1) > 1, np.nan, 1.0), "ratio", greater_is_better=True)
    found = judged([never], np.zeros(9), np.zeros(9), seed=0)["never"]
    assert (found.value, found.low, found.high) == (1.0, None, None)
    assert (
        judged_beside([never], np.zeros(9), np.zeros(9), {"one": np.ones(9)}, seed=0).rivals["one"]["never"].ours_less_this
        is None
    )


def test_the_difference_of_a_figure_with_a_target_is_one_of_distances() -> None:
    actual = np.full(20, 10.0)
    # 20 % too much against 10 % too little: 0.2 - 0.1 further off, on every draw.
    assert difference(sum_ratio, actual, actual * 1.2, actual * 0.9, seed=0) == pytest.approx((0.1, 0.1, 0.1))
    assert Difference(value=0.1, low=0.1, high=0.1).standing(greater_is_better=None) == "behind"


# Properties


@pytest.mark.parametrize("figure", FIGURES, ids=by_name)
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), ties=st.booleans())
def test_an_interval_holds_its_figure_and_a_model_differs_from_itself_by_nothing(figure: Figure, seed: int, ties: bool) -> None:
    actual, predicted = made_up(figure, seed, ties=ties)
    found = judged([figure], actual, predicted, seed=seed)[figure.name]
    assert found.value == figure(actual, predicted)
    assert found.low is not None
    assert found.high is not None
    assert figure.bounds[0] - 1e-9 <= found.low <= found.value <= found.high <= figure.bounds[1] + 1e-9
    assert difference(figure, actual, predicted, predicted.copy(), seed=seed) == (0.0, 0.0, 0.0)


def test_the_same_seed_gives_the_same_and_another_seed_nearly_the_same() -> None:
    actual, predicted = made_up(auc, 1, 500)
    one, again, other = (judged(PROBABILITY, actual, predicted, seed=seed) for seed in (3, 3, 4))
    assert one == again
    assert one["auc"] != other["auc"]
    assert one["auc"].low == pytest.approx(other["auc"].low, abs=0.01)


def test_what_is_judged_together_is_what_is_judged_alone() -> None:
    actual, ours = made_up(auc, 2, 200)
    theirs = np.sqrt(ours)
    beside = judged_beside(PROBABILITY, actual, ours, {"root": theirs}, seed=5)
    assert beside.ours == judged(PROBABILITY, actual, ours, seed=5)
    for figure in PROBABILITY:
        found = beside.rivals["root"][figure.name].ours_less_this
        assert found is not None
        assert (found.value, found.low, found.high) == difference(figure, actual, ours, theirs, seed=5)


def test_about_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    rng, held = np.random.default_rng(5), 0
    for seed in range(60):
        predicted = rng.gamma(1, 50, 150)
        errors = rng.gamma(2, 10, 150) - 20  # their mean is 0
        found = judged([bias], predicted - errors, predicted, seed=seed)["bias"]
        held += found.low <= 0 <= found.high
    assert 52 <= held <= 60


def test_a_calibration_error_that_grows_by_resampling_keeps_its_interval_around_it() -> None:
    # Probabilities that are right: what remains is chance, and each resample has more of it than the sample.
    rng = np.random.default_rng(0)
    probability = rng.uniform(0.1, 0.9, 500)
    happened = (rng.uniform(size=500) < probability).astype(float)
    drawn = np.concatenate([ece.of(Weighed(Sample(happened, probability), block)) for block in weights(500, seed=0)])
    found = judged([ece], happened, probability, seed=0)["ece"]
    assert np.median(drawn) > 1.2 * found.value
    assert found.low < found.value - 0.01
    assert found.high - found.low == pytest.approx(np.subtract(*np.quantile(drawn, [0.975, 0.025])))


def test_more_customers_are_drawn_less_often_so_that_judging_ends() -> None:
    blocks = weights(100_000, seed=0)
    assert next(blocks).shape == (1, 100_000)
    assert sum(1 for _ in blocks) + 1 == 200


# Oracles


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if figure is not spearman], ids=by_name)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), ties=st.booleans())
def test_a_figure_under_weights_is_that_of_the_rows_repeated(figure: Figure, seed: int, ties: bool) -> None:
    actual, predicted = made_up(figure, seed, 37, ties=ties)
    times = np.random.default_rng(seed).integers(0, 4, (5, 37))
    found = figure.of(Weighed(Sample(actual, predicted), times.astype(float)))
    for draw, value in zip(times, found, strict=True):
        repeated = np.repeat(np.arange(37), draw)
        if 0 < actual[repeated].sum() < len(repeated) or actual.max() > 1:
            assert value == pytest.approx(figure(actual[repeated], predicted[repeated]), abs=1e-9)


@pytest.mark.parametrize("figure", [auc, lift_10, brier, ece], ids=by_name)
def test_the_paired_difference_is_that_of_a_slow_loop(figure: Figure) -> None:
    actual, ours = made_up(figure, 4, 80)
    theirs, rng, differences = np.round(np.sqrt(ours), 1), np.random.default_rng(9), []
    for _ in range(1_000):
        row = rng.integers(0, 80, 80)
        differences.append(figure(actual[row], ours[row]) - figure(actual[row], theirs[row]))
    low, middle, high = np.quantile(differences, [0.025, 0.5, 0.975])
    value = figure(actual, ours) - figure(actual, theirs)
    wanted = (value, value + low - middle, value + high - middle)
    assert difference(figure, actual, ours, theirs, seed=9) == pytest.approx(wanted, abs=1e-9)


def test_resampled_ranks_are_nearly_those_of_the_resampled_customers() -> None:
    actual, predicted = made_up(spearman, 6, 400)
    found, rng, drawn = judged([spearman], actual, predicted, seed=2)["spearman"], np.random.default_rng(2), []
    for _ in range(1_000):
        row = rng.integers(0, 400, 400)
        drawn.append(spearman(actual[row], predicted[row]))
    low, middle, high = np.quantile(drawn, [0.025, 0.5, 0.975])
    assert (found.low - found.value, found.high - found.value) == pytest.approx((low - middle, high - middle), abs=0.01)
