"""Fitting the linear half: the weights are those of scikit-learn and, with a start, of a general optimiser."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression, TweedieRegressor

from features.families.calendar import DAY_OF_YEAR
from models.calibration import inverse_link
from models.churn import CHURN
from models.clv import CLV, TWEEDIE_VARIANCE_POWER
from models.contract import TASKS, Link, Task
from models.linear import Linear
from models.prior import Prior
from models.recipe import Recipe
from training.fitting.linear import fit_linear
from training.frame import Frame

OF_LINK: dict[Link, Recipe] = {"sigmoid": CHURN, "exp": CLV}


def made_up(link: Link, *, seed: int = 0, count: int = 300, start: bool = False, **columns: np.ndarray) -> Frame:
    """Customers of one date with three columns, two of which matter; and any others."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {"a": rng.normal(0, 2, count), "b": rng.gamma(2, 20, count), "noise": rng.normal(size=count), **columns}
    )
    rows.loc[rng.uniform(size=count) < 0.1, "b"] = np.nan
    begun = rng.normal(0, 1, count) if start else np.zeros(count)
    margin = begun + 0.8 * np.arcsinh(rows["a"]) - 0.7 * np.log1p(rows["b"].fillna(30)) + 2
    if link == "sigmoid":
        outcome = (rng.uniform(size=count) < inverse_link(margin.to_numpy(), "sigmoid")).astype(float)
    else:
        outcome = np.where(rng.uniform(size=count) < 0.4, -3.0, np.exp(margin) * rng.gamma(2, 0.5, count))
    return Frame(
        customer_id=np.array([f"c{number}" for number in range(count)]),
        as_of=np.full(count, date(2021, 1, 1), dtype=object),
        rows=rows,
        outcomes=outcome[:, None],
        horizon_days=90,
        start=begun[:, None] if start else None,
    )


def columns_used(linear: Linear, frame: Frame) -> np.ndarray:
    """What the weights are for, in the slow way."""
    found = []
    for name in linear.columns:
        logs = np.sign(frame.rows[name]) * np.log1p(frame.rows[name].abs())
        filled = logs.fillna(logs.median())
        found.append((filled - filled.mean()) / filled.std(ddof=0))
    return np.column_stack(found)


def penalised_loss(link: Link, margin: np.ndarray, outcome: np.ndarray, weights: np.ndarray, ridge: float) -> float:
    """The log-loss, or half the Tweedie deviance but for what no margin changes, over the size of amounts; and the penalty."""
    if link == "sigmoid":
        mean = float(np.mean(np.log(1 + np.exp(margin)) - outcome * margin))
    else:
        p, amount = TWEEDIE_VARIANCE_POWER, np.exp(margin)
        each = amount ** (2 - p) / (2 - p) - outcome * amount ** (1 - p) / (1 - p)
        mean = float(np.mean(each) / outcome.mean() ** (2 - p))
    return mean + ridge / 2 * float(np.sum(weights**2))


@pytest.mark.parametrize("ridge", [0.003, 0.03, 0.3])
def test_without_a_start_chances_have_scikit_learns_weights(ridge: float) -> None:
    frame = made_up("sigmoid")
    linear = fit_linear(replace(CHURN, ridge=ridge), frame)
    theirs = LogisticRegression(C=1 / (ridge * len(frame.rows)), tol=1e-10, max_iter=1000)
    theirs.fit(columns_used(linear, frame), frame.outcomes[:, 0])
    assert linear.weights[0] == pytest.approx(theirs.coef_[0], abs=2e-3)
    assert linear.intercepts[0] == pytest.approx(theirs.intercept_[0], abs=2e-3)
    assert linear.margins(frame.rows)[:, 0] == pytest.approx(theirs.decision_function(columns_used(linear, frame)), abs=0.01)


@pytest.mark.parametrize("ridge", [0.01, 0.1, 1.0])
def test_without_a_start_amounts_have_scikit_learns_weights(ridge: float) -> None:
    frame = made_up("exp")
    amounts = np.maximum(frame.outcomes[:, 0], 0)
    linear = fit_linear(replace(CLV, ridge=ridge), frame)
    size = amounts.mean() ** (2 - TWEEDIE_VARIANCE_POWER)  # the penalty does not mind the currency
    theirs = TweedieRegressor(power=TWEEDIE_VARIANCE_POWER, link="log", alpha=ridge * size, tol=1e-9, max_iter=5000)
    theirs.fit(columns_used(linear, frame), amounts)
    assert linear.weights[0] == pytest.approx(theirs.coef_, abs=5e-3)
    assert linear.intercepts[0] == pytest.approx(theirs.intercept_, abs=5e-3)


@pytest.mark.parametrize("link", ["sigmoid", "exp"])
@pytest.mark.parametrize("seed", [1, 2])
def test_with_a_start_no_weights_are_better(link: Link, seed: int) -> None:
    frame, recipe = made_up(link, seed=seed, start=True), OF_LINK[link]
    linear = fit_linear(recipe, frame)
    inputs, outcome = columns_used(linear, frame), np.maximum(frame.outcomes[:, 0], 0)

    def loss(parameters: np.ndarray) -> float:
        margin = frame.start[:, 0] + parameters[0] + inputs @ parameters[1:]
        return penalised_loss(link, margin, outcome, parameters[1:], recipe.ridge)

    ours = np.array([linear.intercepts[0], *linear.weights[0]])
    best = minimize(loss, np.zeros(len(ours)), method="BFGS", options={"gtol": 1e-8})
    assert loss(ours) == pytest.approx(best.fun, rel=2e-5)
    assert ours == pytest.approx(best.x, abs=0.02)
    # The start matters: without it other weights are found.
    assert fit_linear(recipe, replace(frame, start=None)).weights[0] != pytest.approx(ours[1:], abs=0.02)


@pytest.mark.parametrize("link", ["sigmoid", "exp"])
def test_a_start_that_is_already_right_is_hardly_moved(link: Link) -> None:
    frame, recipe = made_up(link, count=2000), OF_LINK[link]
    right = fit_linear(replace(recipe, ridge=0.0), frame).margins(frame.rows)
    found = fit_linear(recipe, replace(frame, start=right))
    assert np.abs([*found.weights[0], found.intercepts[0]]).max() < 0.02


@pytest.mark.parametrize("link", ["sigmoid", "exp"])
def test_twice_the_same_rows_give_the_same_weights(link: Link) -> None:
    frame, recipe = made_up(link, start=True), OF_LINK[link]
    twice = Frame(
        customer_id=np.tile(frame.customer_id, 2),
        as_of=np.tile(frame.as_of, 2),
        rows=pd.concat([frame.rows, frame.rows], ignore_index=True),
        outcomes=np.tile(frame.outcomes, (2, 1)),
        horizon_days=frame.horizon_days,
        start=np.tile(frame.starts(), (2, 1)),
    )
    one, other = fit_linear(recipe, frame), fit_linear(recipe, twice)
    assert other.weights[0] == pytest.approx(one.weights[0], abs=1e-8)
    assert other.intercepts == pytest.approx(one.intercepts, abs=1e-8)
    assert (other.medians, other.lowest, other.highest) == (one.medians, one.lowest, one.highest)


def test_amounts_in_another_currency_have_the_same_weights() -> None:
    frame = made_up("exp")
    one, other = fit_linear(CLV, frame), fit_linear(CLV, replace(frame, outcomes=frame.outcomes * 100))
    assert other.weights[0] == pytest.approx(one.weights[0], abs=0.01)
    assert other.intercepts[0] == pytest.approx(one.intercepts[0] + np.log(100), abs=0.01)


@pytest.mark.parametrize("link", ["sigmoid", "exp"])
@pytest.mark.parametrize(
    "odd",
    [
        np.full(300, 7.0),
        np.full(300, np.nan),
        np.where(np.arange(300) % 50 == 0, np.inf, 2.0),
        np.where(np.arange(300) < 290, np.nan, -np.inf),
        np.full(300, 1e308),
    ],
    ids=["constant", "all_missing", "some_infinite", "infinite_or_missing", "enormous"],
)
@pytest.mark.filterwarnings("error")
def test_a_column_that_tells_nothing_does_no_harm(link: Link, odd: np.ndarray) -> None:
    frame, recipe = made_up(link), OF_LINK[link]
    without, found = fit_linear(recipe, frame), fit_linear(recipe, replace(frame, rows=frame.rows.assign(odd=odd)))
    assert found.weights[0][:3] == pytest.approx(without.weights[0], abs=1e-6)
    assert found.weights[0][3] == 0
    assert np.isfinite([*found.medians, *found.lowest, *found.highest, *found.means, *found.per_unit]).all()
    for value in (0.0, np.nan, np.inf, -np.inf, 1e308):
        asked = found.margins(frame.rows.assign(odd=value))
        assert asked == pytest.approx(without.margins(frame.rows), abs=1e-6)


@pytest.mark.filterwarnings("error")
def test_one_infinite_value_does_not_hide_what_a_column_tells() -> None:
    frame = made_up("sigmoid")
    one, other = frame.rows.copy(), frame.rows.copy()
    one.loc[0, "a"], other.loc[0, "a"] = np.inf, one["a"].drop(0).max()
    found, expected = (fit_linear(CHURN, replace(frame, rows=rows)) for rows in (one, other))
    assert found.weights[0] == pytest.approx(expected.weights[0], abs=0.01)
    assert abs(found.weights[0][0]) > 0.3


@settings(max_examples=20)
@given(st.sampled_from(["sigmoid", "exp"]), st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_a_handful_of_customers_gives_finite_margins(link: Link, seed: int, count: int) -> None:
    frame = made_up(link, seed=seed, count=count, start=True)
    linear = fit_linear(OF_LINK[link], frame)
    assert np.isfinite(linear.margins(made_up(link, seed=seed + 1).rows)).all()


@pytest.mark.parametrize(("link", "outcome"), [("sigmoid", 0.0), ("sigmoid", 1.0), ("exp", 0.0), ("exp", -5.0)])
def test_customers_who_all_did_the_same_give_finite_margins(link: Link, outcome: float) -> None:
    frame = made_up(link)
    linear = fit_linear(OF_LINK[link], replace(frame, outcomes=np.full((300, 1), outcome)))
    assert np.isfinite(linear.margins(frame.rows)).all()


@pytest.mark.parametrize("task", TASKS)
def test_each_output_has_weights_of_its_own_for_every_column_but_the_day_of_the_year(
    make_frame: Any, recipes: dict[Task, Recipe], task: Task
) -> None:
    frame = make_frame(task)
    frame = frame.with_prior(Prior.fit(frame.rows, 90), recipes[task])
    linear = fit_linear(recipes[task], frame)
    assert list(linear.columns) == [name for name in frame.rows.columns if name != DAY_OF_YEAR]
    assert linear.margins(frame.rows).shape == frame.outcomes.shape
    for k in range(frame.outcomes.shape[1]):
        alone = fit_linear(recipes[task], frame.with_outputs([k]))
        assert (alone.weights, alone.intercepts) == ((linear.weights[k],), (linear.intercepts[k],))
    # Fitted columns have mean 0 and deviation 1, so the intercept is the mean margin.
    standardised = linear.standardised(frame.rows)
    assert standardised.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert linear.margins(frame.rows).mean(axis=0) == pytest.approx(linear.intercepts)
