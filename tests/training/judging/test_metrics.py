"""Each figure by hand, then against scikit-learn and slow loops, then what it does with ties and with nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, mean_squared_error, roc_auc_score

from training.judging.metrics import (
    AMOUNT,
    auc,
    average_precision,
    bias,
    brier,
    decile_mape,
    ece,
    gini_normalized,
    lift_10,
    logloss,
    rmse,
    spearman,
    tenths,
    top_decile_capture,
    wape,
)
from training.judging.metrics import PROBABILITY as PROBABILITY_FIGURES
from training.judging.resampling import Figure
from training.judging.weighed import Sample, Weighed

# Ten customers, each a tenth of them, from the lowest prediction to the highest.
PROBABILITY = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 0.9])
HAPPENED = np.array([0.0, 0, 0, 0, 1, 0, 0, 1, 1, 1])
PREDICTED = np.array([0.0, 10, 20, 30, 40, 50, 60, 70, 80, 140])
SPENT = np.array([0.0, 0, 0, 50, 0, 100, 0, 50, 100, 200])


def simulated(seed: int, size: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities with what happened, amounts with what was spent."""
    rng = np.random.default_rng(seed)
    probability = rng.beta(1, 2, size)
    predicted = rng.gamma(1, 50, size)
    spent = np.where(rng.uniform(size=size) < 0.5, predicted * rng.gamma(2, 0.5, size), 0.0)
    return (rng.uniform(size=size) < probability).astype(float), probability, spent, predicted


def plain(figures: tuple[Figure, ...], actual: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """The values alone, which are quick to have."""
    return {figure.name: figure(actual, predicted) for figure in figures}


def test_probabilities_judged_by_hand() -> None:
    judged = plain(PROBABILITY_FIGURES, HAPPENED, PROBABILITY)
    # Of 4 x 6 pairs of one who did and one who did not, two are in the wrong order: 0.3 is below 0.4 and 0.5.
    assert judged["auc"] == pytest.approx(22 / 24)
    # Precision at each who did, from the highest prediction down: 1/1, 2/2, 3/3, 4/6.
    assert judged["average_precision"] == pytest.approx((1 + 1 + 1 + 4 / 6) / 4)
    assert judged["lift_10"] == pytest.approx(1 / 0.4)
    gaps = [0.05, 0.1, 0.15, 0.2, 0.7, 0.4, 0.5, 0.4, 0.2, 0.1]
    assert judged["ece"] == pytest.approx(sum(gaps) / 10)
    assert judged["brier"] == pytest.approx(sum(gap**2 for gap in gaps) / 10)
    assert judged["logloss"] == pytest.approx(-sum(np.log(1 - gap) for gap in gaps) / 10)
    assert judged["sum_ratio"] == pytest.approx(4.0 / 4)


def test_amounts_judged_by_hand() -> None:
    judged = plain(AMOUNT, SPENT, PREDICTED)
    errors = [0, 10, 20, 20, 40, 50, 60, 20, 20, 60]
    assert judged["wape"] == pytest.approx(300 / 500)
    assert judged["rmse"] == pytest.approx(np.sqrt(sum(error**2 for error in errors) / 10))
    assert judged["top_decile_capture"] == pytest.approx(200 / 500)
    # Only the five tenths that brought something: 20/50, 50/100, 20/50, 20/100, 60/200.
    assert judged["decile_mape"] == pytest.approx((0.4 + 0.5 + 0.4 + 0.2 + 0.3) / 5)
    assert judged["sum_ratio"] == pytest.approx(500 / 500)
    assert judged["bias"] == pytest.approx(0)
    assert bias(SPENT, PREDICTED + 3) == pytest.approx(3)


def test_the_gini_by_hand() -> None:
    # Captured by the prediction's order, best first: 1/2 from the first, then the rest; by the best possible order the same.
    spent, predicted = np.array([1.0, 3.0]), np.array([2.0, 1.0])  # the wrong way round
    # In the predicted order 1/4 then 1: mean 0.625, less 0.5; in the best order 3/4 then 1: mean 0.875, less 0.5.
    assert gini_normalized(spent, predicted) == pytest.approx(0.125 / 0.375)
    assert gini_normalized(spent, spent) == 1


def test_tenths_are_groups_of_the_same_size_lowest_first() -> None:
    points = tenths(np.arange(25.0)[::-1], np.arange(25.0))
    assert [point.customers for point in points] == [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]
    assert (points[0].predicted, points[0].actual) == (1.0, 23.0)
    assert (points[-1].predicted, points[-1].actual) == (23.5, 0.5)


def test_fewer_than_ten_customers_have_fewer_tenths() -> None:
    assert [point.customers for point in tenths(np.array([1.0, 0, 1]), np.array([0.3, 0.1, 0.2]))] == [1, 1, 1]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_figures_equal_scikit_learns(seed: int) -> None:
    happened, probability, spent, predicted = simulated(seed)
    judged = plain(PROBABILITY_FIGURES, happened, probability)
    assert judged["auc"] == pytest.approx(roc_auc_score(happened, probability))
    assert judged["average_precision"] == pytest.approx(average_precision_score(happened, probability))
    assert judged["brier"] == pytest.approx(brier_score_loss(happened, probability))
    assert judged["logloss"] == pytest.approx(log_loss(happened, probability))
    assert rmse(spent, predicted) == pytest.approx(np.sqrt(mean_squared_error(spent, predicted)))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_figures_under_weights_equal_scikit_learns_with_sample_weights(seed: int, ties: bool) -> None:
    happened, probability, _, _ = simulated(seed)
    probability = np.clip(np.round(probability, 1), 0.05, 0.95) if ties else probability
    drawn = np.random.default_rng(seed).integers(0, 4, (3, 200)).astype(float)
    seen = Weighed(Sample(happened, probability), drawn)
    for figure, oracle in (
        (auc, roc_auc_score),
        (average_precision, average_precision_score),
        (brier, brier_score_loss),
        (logloss, log_loss),
    ):
        wanted = [oracle(happened, probability, sample_weight=times) for times in drawn]
        assert figure.of(seen) == pytest.approx(wanted), figure.name


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([10, 37, 60]))
def test_figures_equal_slow_loops(seed: int, size: int) -> None:
    happened, probability, spent, predicted = simulated(seed, size)
    if 0 < happened.sum() < size and spent.sum() > 0:
        best = sorted(range(size), key=lambda i: -probability[i])[: size // 10]
        assert lift_10(happened, probability) == pytest.approx(np.mean(happened[best]) / np.mean(happened))
        richest = sorted(range(size), key=lambda i: -predicted[i])
        assert top_decile_capture(spent, predicted) == pytest.approx(sum(spent[richest[: size // 10]]) / sum(spent))
        assert gini_normalized(spent, predicted) == pytest.approx(
            slow_gini(spent, richest) / slow_gini(spent, np.argsort(-spent))
        )
        assert wape(spent, predicted) == pytest.approx(sum(abs(spent - predicted)) / sum(abs(spent)))
        assert spearman(spent, predicted) == pytest.approx(slow_spearman(spent, predicted))


def slow_gini(spent: np.ndarray, order: list[int] | np.ndarray) -> float:
    captured = list(itertools.accumulate(spent[i] for i in order))
    return sum(each / captured[-1] for each in captured) / len(captured) - 0.5


def slow_spearman(one: np.ndarray, other: np.ndarray) -> float:
    def ranks(column: np.ndarray) -> list[float]:
        return [sum(x < value for x in column) + sum(x == value for x in column) / 2 for value in column]

    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_figures_do_not_depend_on_the_order_of_the_customers_even_among_ties(seed: int, shuffling: int) -> None:
    happened, probability, spent, predicted = simulated(seed, 60)
    probability, predicted = np.round(probability, 1), np.round(predicted, -2)
    order = np.random.default_rng(shuffling).permutation(60)
    for figures, actual, answers in (
        (PROBABILITY_FIGURES, happened, np.clip(probability, 0.01, 0.99)),
        (AMOUNT, spent, predicted),
    ):
        if 0 < happened.sum() < 60 and spent.sum() > 0:
            shuffled = plain(figures, actual[order], answers[order])
            assert plain(figures, actual, answers) == pytest.approx(shuffled, abs=1e-9)
    assert [point.model_dump() for point in tenths(spent, predicted)] == [
        pytest.approx(point.model_dump()) for point in tenths(spent[order], predicted[order])
    ]


def test_the_same_answer_for_everybody_ranks_nobody() -> None:
    happened = np.array([1.0] * 10 + [0.0] * 30)  # those who did stand first in the table
    judged = plain(PROBABILITY_FIGURES, happened, np.full(40, 0.25))
    assert judged["auc"] == 0.5
    assert judged["lift_10"] == pytest.approx(1.0)
    assert judged["ece"] == pytest.approx(0.0)
    spent = np.array([100.0] * 10 + [0.0] * 30)
    judged = plain(AMOUNT, spent, np.full(40, 25.0))
    assert judged["spearman"] == 0
    assert judged["top_decile_capture"] == pytest.approx(4 / 40)
    assert judged["gini_normalized"] == pytest.approx(0, abs=0.05)
    assert judged["decile_mape"] == pytest.approx(0.0)


def test_a_perfect_prediction_gets_the_best_of_every_figure() -> None:
    _, _, spent, _ = simulated(0)
    judged = plain(AMOUNT, spent, spent)
    assert (judged["wape"], judged["rmse"], judged["decile_mape"]) == (0, 0, 0)
    assert judged["spearman"] == pytest.approx(1)
    assert judged["gini_normalized"] == pytest.approx(1)
    assert judged["sum_ratio"] == pytest.approx(1)
    assert ece(np.array([0.0, 1.0] * 10), np.array([0.0, 1.0] * 10)) == 0


def test_every_figure_says_which_way_is_better_and_means_it() -> None:
    happened, probability, spent, predicted = simulated(1, 500)
    rng = np.random.default_rng(1)
    for figures, actual, good in ((PROBABILITY_FIGURES, happened, probability), (AMOUNT, spent, predicted)):
        bad = rng.permutation(good)
        for figure in figures:
            if figure.greater_is_better is not None:
                assert (figure(actual, good) > figure(actual, bad)) == figure.greater_is_better, figure.name
        assert [figure.greater_is_better for figure in figures if figure.name == "sum_ratio"] == [None]


def test_every_figure_carries_its_unit() -> None:
    figures = (*PROBABILITY_FIGURES, *AMOUNT)
    assert {figure.name: figure.unit for figure in figures} == {
        **dict.fromkeys(["auc", "average_precision", "brier", "sum_ratio", "spearman", "gini_normalized"], "ratio"),
        **dict.fromkeys(["top_decile_capture", "wape", "decile_mape"], "ratio"),
        **dict.fromkeys(["rmse", "bias"], "money"),
        "lift_10": "times",
        "ece": "points",
        "logloss": "nats",
    }
    assert {figure.name: figure.target for figure in figures if figure.greater_is_better is None} == {
        "sum_ratio": 1.0,
        "bias": 0.0,
    }


def test_refunds_count_against_what_was_spent() -> None:
    spent, predicted = np.array([100.0, -20.0]), np.array([90.0, 10.0])
    assert wape(spent, predicted) == pytest.approx((10 + 30) / 120)
    assert plain(AMOUNT, spent, predicted)["sum_ratio"] == pytest.approx(100 / 80)
    assert decile_mape(spent, predicted) == pytest.approx((10 / 100 + 30 / 20) / 2)
