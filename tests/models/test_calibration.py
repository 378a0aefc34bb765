"""Platt scaling: what it must change, and what it must leave alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.calibration import Calibrator, fit_platt, inverse_link, uncalibrated


def logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def simulated(slope: float, intercept: float, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Margins, and outcomes whose log-odds are slope * margin + intercept."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(0, 1.5, size)
    happens = rng.uniform(size=size) < inverse_link(slope * margins + intercept, "sigmoid")
    return margins[:, None], happens.astype(float)[:, None]


def test_two_groups_get_the_rates_that_were_seen_in_them() -> None:
    # Margin -1: one of four leaves; margin +1: three of four. Two numbers fit two rates exactly.
    margins = np.repeat([-1.0, 1.0], 4)[:, None]
    outcomes = np.array([1, 0, 0, 0, 1, 1, 1, 0], dtype=float)[:, None]
    fitted = fit_platt(margins, outcomes)
    assert fitted.slopes[0] == pytest.approx(logit(0.75), abs=1e-3)
    assert fitted.intercepts[0] == pytest.approx(0, abs=1e-3)
    assert fitted.served(np.array([[-1.0], [1.0]]))[:, 0] == pytest.approx([0.25, 0.75], abs=1e-3)


def test_a_base_rate_that_moved_moves_only_the_intercept() -> None:
    # The margins say 1/2 and 3/4, seen are 1/5 and 3/7: the same odds ratio of 3, a quarter of the odds.
    margins = np.repeat([0.0, logit(0.75)], [35, 35])[:, None]
    outcomes = np.concatenate([np.arange(35) < 7, np.arange(35) < 15]).astype(float)[:, None]
    fitted = fit_platt(margins, outcomes)
    assert fitted.slopes[0] == pytest.approx(1, abs=1e-3)
    assert fitted.intercepts[0] == pytest.approx(np.log(0.25), abs=1e-3)


def test_the_served_number_is_the_link_of_slope_times_margin_plus_intercept() -> None:
    margins = np.array([[0.0, 1.0], [2.0, -1.0]])
    sigmoid = Calibrator(link="sigmoid", slopes=(2.0, 1.0), intercepts=(0.0, 1.0))
    assert sigmoid.linear(margins).tolist() == [[0.0, 2.0], [4.0, 0.0]]
    assert sigmoid.served(margins)[0, 0] == 0.5
    assert sigmoid.served(margins)[1] == pytest.approx([1 / (1 + np.exp(-4)), 0.5])
    exp = Calibrator(link="exp", slopes=(1.0, 0.5), intercepts=(0.0, 1.0))
    assert exp.served(margins)[0] == pytest.approx([1.0, np.exp(1.5)])


def test_the_calibrator_that_changes_nothing_changes_nothing() -> None:
    plain = uncalibrated("sigmoid", 3)
    margins = np.random.default_rng(0).normal(size=(5, 3))
    assert not plain.changes_anything
    assert np.array_equal(plain.linear(margins), margins)


@pytest.mark.parametrize(("slopes", "intercepts"), [((1.0, 1.1), (0.0, 0.0)), ((1.0, 1.0), (0.0, -0.1))])
def test_a_calibrator_that_changes_one_output_says_so(slopes: tuple[float, ...], intercepts: tuple[float, ...]) -> None:
    assert Calibrator(link="sigmoid", slopes=slopes, intercepts=intercepts).changes_anything


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -1.0), (2.0, 0.7)])
def test_the_slope_and_intercept_behind_simulated_outcomes_are_found_again(slope: float, intercept: float) -> None:
    fitted = fit_platt(*simulated(slope, intercept, size=40_000))
    assert fitted.slopes[0] == pytest.approx(slope, abs=0.08)
    assert fitted.intercepts[0] == pytest.approx(intercept, abs=0.08)


def test_each_output_is_calibrated_by_itself() -> None:
    one, other = simulated(0.5, -1.0, size=20_000), simulated(2.0, 0.7, size=20_000, seed=1)
    both = fit_platt(np.hstack([one[0], other[0]]), np.hstack([one[1], other[1]]))
    assert (both.slopes[0], both.intercepts[0]) == (fit_platt(*one).slopes[0], fit_platt(*one).intercepts[0])
    assert (both.slopes[1], both.intercepts[1]) == (fit_platt(*other).slopes[0], fit_platt(*other).intercepts[0])


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(-2, 2), st.floats(-2, 2))
def test_the_ranking_of_the_customers_never_changes(seed: int, slope: float, intercept: float) -> None:
    margins, outcomes = simulated(slope, intercept, size=120, seed=seed)
    served = fit_platt(margins, outcomes).served(margins)
    assert np.array_equal(np.argsort(served[:, 0]), np.argsort(margins[:, 0]))
    assert len(np.unique(served)) > 0.9 * len(margins)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_calibrating_never_makes_the_log_loss_worse_on_the_date_it_was_fitted_on(seed: int) -> None:
    margins, outcomes = simulated(0.4, 1.0, size=150, seed=seed)

    def log_loss(calibrator: Calibrator) -> float:
        linear = calibrator.linear(margins)
        return float(np.mean(np.logaddexp(0, linear) - outcomes * linear))

    assert log_loss(fit_platt(margins, outcomes)) <= log_loss(uncalibrated("sigmoid", 1)) + 1e-6


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_an_output_with_one_class_is_left_as_it_is_and_the_others_are_not(outcome: float) -> None:
    margins, outcomes = simulated(0.5, -1.0, size=2_000)
    fitted = fit_platt(np.hstack([margins, margins]), np.hstack([np.full_like(outcomes, outcome), outcomes]))
    assert (fitted.slopes[0], fitted.intercepts[0]) == (1.0, 0.0)
    assert fitted.slopes[1] == pytest.approx(0.5, abs=0.2)


def test_a_slope_that_would_turn_the_ranking_round_is_not_used() -> None:
    fitted = fit_platt(*simulated(-1.5, 0.5, size=2_000))
    assert (fitted.slopes, fitted.intercepts) == ((1.0,), (0.0,))


def test_a_calibrator_comes_back_from_json_as_it_was() -> None:
    fitted = fit_platt(*simulated(0.7, -0.3, size=500))
    again = Calibrator.model_validate_json(fitted.model_dump_json(indent=1))
    assert again == fitted
    margins = np.linspace(-5, 5, 11)[:, None]
    assert np.array_equal(again.served(margins), fitted.served(margins))


def test_a_calibrator_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="temperature"):
        Calibrator.model_validate({"link": "sigmoid", "slopes": [1], "intercepts": [0], "temperature": 2})
