"""Boosters, and a loss that does not mind the level; and that a booster learns from labels and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from features.families.calendar import DAY_OF_YEAR
from features.problems import BadInput
from models.calibration import inverse_link
from models.contract import TASKS, Link, Roles, Task
from models.prior import Prior
from models.recipe import Recipe
from training.fitting.corrections import (
    Corrected,
    Correction,
    booster_parameters,
    fit_booster,
    level_free_loss,
    level_free_losses,
    log_losses,
    matrices,
    tree_margins,
)
from training.fitting.levels import shift_to_mean
from training.fitting.linear import fit_linear
from training.frame import Frame
from training.settings import TrainingSettings


def made_up(link: Link, seed: int, outputs: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Margins, and outcomes that belong to them."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(0, 1, (100, outputs))
    if link == "sigmoid":
        return margins, (rng.uniform(size=margins.shape) < inverse_link(margins, "sigmoid")).astype(float)
    return margins, np.where(rng.uniform(size=margins.shape) < 0.5, 0, np.exp(margins) * rng.gamma(2, 0.5, margins.shape))


@settings(max_examples=40)
@given(st.sampled_from(["sigmoid", "exp"]), st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_the_same_amount_added_to_all_margins_changes_no_loss(link: Link, seed: int, constant: float) -> None:
    margins, outcomes = made_up(link, seed)
    assert level_free_loss(margins + constant, outcomes, link) == pytest.approx(
        level_free_loss(margins, outcomes, link), rel=1e-6
    )


@pytest.mark.parametrize("link", ["sigmoid", "exp"])
def test_margins_in_another_order_lose_more(link: Link) -> None:
    margins, outcomes = made_up(link, 0)
    assert level_free_loss(margins, outcomes, link) < level_free_loss(margins[::-1], outcomes, link)


@pytest.mark.parametrize("link", ["sigmoid", "exp"])
def test_the_loss_of_several_outputs_is_their_mean(link: Link) -> None:
    margins, outcomes = made_up(link, 0, outputs=3)
    each = [level_free_loss(margins[:, [k]], outcomes[:, [k]], link) for k in range(3)]
    assert level_free_loss(margins, outcomes, link) == pytest.approx(np.mean(each))


def test_at_the_right_level_the_loss_of_probabilities_is_the_log_loss() -> None:
    # Half of those at margin -1 and at +1 together happened, and the probabilities average to a half.
    margins, outcomes = np.array([[-1.0], [-1.0], [1.0], [1.0]]), np.array([[0.0], [0.0], [1.0], [1.0]])
    assert level_free_loss(margins, outcomes, "sigmoid") == pytest.approx(np.log1p(np.exp(-1)))


def test_money_given_back_counts_as_nothing_brought() -> None:
    margins, outcomes = made_up("exp", 0)
    given_back = np.where(outcomes == 0, -100.0, outcomes)
    assert level_free_loss(margins, given_back, "exp") == level_free_loss(margins, outcomes, "exp")


def test_with_nothing_brought_there_is_nothing_to_choose_by() -> None:
    margins, outcomes = made_up("exp", 0)
    said = "the customers brought nothing after the tune date: there is nothing to choose parameters by"
    with pytest.raises(BadInput, match=said):
        level_free_loss(margins, np.minimum(outcomes, 0), "exp")


def test_the_deviance_of_amounts_by_hand_once_their_total_is_right() -> None:
    # Predicted 1 and 4, a total of 5; brought 2 and 8. Doubled they are 2 and 8: no deviance. Turned round, with a mean of 5:
    # 4 (sqrt 2 - sqrt 8)^2 = 8, over sqrt(2 x 5) and over sqrt(8 x 5), and the mean of both.
    margins = np.log(np.array([[1.0], [4.0]]))
    assert level_free_loss(margins, np.array([[2.0], [8.0]]), "exp") == pytest.approx(0)
    assert level_free_loss(margins, np.array([[8.0], [2.0]]), "exp") == pytest.approx((8 / 10**0.5 + 8 / 40**0.5) / 2)


def test_the_deviance_of_amounts_is_that_of_the_textbook_in_units_of_its_mean() -> None:
    margins, outcomes = made_up("exp", 0)
    predicted = np.exp(margins) * outcomes.sum() / np.exp(margins).sum()
    deviance = sklearn.metrics.mean_tweedie_deviance(outcomes, predicted, power=1.5)
    assert level_free_loss(margins, outcomes, "exp") == pytest.approx(deviance / np.sqrt(outcomes.mean()))


def test_giving_the_money_to_too_few_loses_where_an_absolute_error_would_gain_by_it() -> None:
    # Three of five regular and one of five rare customers bring 10: right are 6 and 2 for each, not 8 and next to nothing.
    outcomes = np.array([10.0, 10, 10, 0, 0, 10, 0, 0, 0, 0])
    right, few = (np.repeat([regular, 8 - regular], 5) for regular in (6.0, 7.99))
    assert np.abs(outcomes - few).sum() < np.abs(outcomes - right).sum()
    losses = [level_free_loss(np.log(each)[:, None], outcomes[:, None], "exp") for each in (right, few)]
    assert losses[0] < losses[1]


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0.001, 0.999), st.floats(0.01, 5), st.floats(-8, 8))
def test_the_shift_makes_the_probabilities_average_to_the_mean(seed: int, mean: float, spread: float, middle: float) -> None:
    margin = np.random.default_rng(seed).normal(middle, spread, 50)
    assert inverse_link(margin + shift_to_mean(margin, mean), "sigmoid").mean() == pytest.approx(mean, abs=1e-6)


def test_margins_far_apart_can_be_shifted_too() -> None:
    margin = np.repeat([-12.0, 12.0], 50)
    for mean in (0.05, 0.3, 0.5, 0.95):
        assert inverse_link(margin + shift_to_mean(margin, mean), "sigmoid").mean() == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_class_has_a_finite_loss(outcome: float) -> None:
    margins, _ = made_up("sigmoid", 0)
    assert np.isfinite(level_free_loss(margins, np.full_like(margins, outcome), "sigmoid"))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_the_log_loss_equals_scikit_learns(seed: int) -> None:
    margins, outcomes = made_up("sigmoid", seed)
    theirs = sklearn.metrics.log_loss(outcomes[:, 0], inverse_link(margins[:, 0], "sigmoid"), labels=[0, 1])
    assert log_losses(margins, outcomes).mean() == pytest.approx(theirs)


def test_the_log_loss_of_certainty_is_finite_and_right() -> None:
    assert log_losses(np.array([[800.0], [-800.0]]), np.array([[1.0], [0.0]])).mean() == 0
    assert log_losses(np.array([[800.0], [-800.0]]), np.array([[0.0], [0.0]])).mean() == 400


@pytest.mark.parametrize("task", TASKS)
def test_no_class_weighs_more_than_the_other(recipes: dict[Task, Recipe], quick: TrainingSettings, task: Task) -> None:
    told = booster_parameters(recipes[task], recipes[task].defaults, quick)
    assert told.get("scale_pos_weight", 1) == 1
    assert not {"max_delta_step", "weight"} & set(told)
    assert told["seed"] == quick.seed


def test_what_was_tuned_outranks_the_common_parameters(recipes: dict[Task, Recipe], quick: TrainingSettings) -> None:
    told = booster_parameters(recipes["clv"], {"max_depth": 3}, quick)
    assert (told["max_depth"], told["learning_rate"], told["objective"]) == (3, 0.3, recipes["clv"].fixed["objective"])


@pytest.mark.parametrize("task", TASKS)
def test_the_same_seed_fits_the_same_booster(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, task: Task
) -> None:
    frame, recipe = make_frame(task), recipes[task]
    one, other, third = (
        fit_booster(recipe, frame, recipe.defaults, 5, quick.model_copy(update={"seed": seed})) for seed in (0, 0, 1)
    )
    assert one.save_raw("json") == other.save_raw("json")
    assert not np.array_equal(tree_margins(one, frame, quick), tree_margins(third, frame, quick))


@pytest.mark.parametrize("task", TASKS)
def test_a_booster_gets_as_many_rounds_as_asked_for_and_one_margin_per_output(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, task: Task
) -> None:
    frame, recipe = make_frame(task), recipes[task]
    booster = fit_booster(recipe, frame, recipe.defaults, 7, quick)
    assert booster.num_boosted_rounds() == 7
    assert tree_margins(booster, frame, quick).shape == frame.outcomes.shape
    # Not the day of the year, by which trees would know the dates by heart.
    assert booster.feature_names == [name for name in frame.rows.columns if name != DAY_OF_YEAR]


def test_the_clv_booster_starts_from_the_prior_when_fitted_and_when_asked(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings
) -> None:
    frame, recipe = make_frame("clv"), replace(recipes["clv"], starts_from_prior=True)
    started = frame.with_prior(Prior.fit(frame.rows, 90), recipe)
    booster = fit_booster(recipe, started, recipe.defaults, 5, quick)
    from_nothing = fit_booster(recipe, replace(started, start=None), recipe.defaults, 5, quick)
    trees = tree_margins(booster, started, quick)
    assert not np.allclose(trees, tree_margins(from_nothing, started, quick), atol=0.1)
    # When asked the start is not the booster's to say: it is added to what the trees correct.
    assert np.array_equal(trees, tree_margins(booster, replace(started, start=None), quick))
    assert np.array_equal(Corrected(started, trees, trees).margins(0.0), started.start + trees)


@pytest.mark.parametrize("task", TASKS)
def test_a_correction_is_where_rows_start_from_moved_by_trees_and_linear_half_each_by_its_share(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, task: Task
) -> None:
    frame, recipe = make_frame(task), recipes[task]
    started = frame.with_prior(Prior.fit(frame.rows, 90), recipe)
    linear, booster = fit_linear(recipe, started), fit_booster(recipe, started, recipe.defaults, 5, quick)
    corrected = Correction(booster, linear).of(started, quick)
    trees, weights = tree_margins(booster, started, quick), linear.margins(started.rows)
    assert trees.shape == weights.shape == frame.outcomes.shape
    for share in (0.0, 0.3, 1.0):
        assert corrected.margins(share) == pytest.approx(started.starts() + share * weights + (1 - share) * trees)


@pytest.mark.parametrize("link", ["sigmoid", "exp"])
def test_the_loss_is_the_mean_of_what_each_customer_adds(link: Link) -> None:
    margins, outcomes = made_up(link, 0, outputs=3)
    each = level_free_losses(margins, outcomes, link)
    assert each.shape == (100,)
    assert level_free_loss(margins, outcomes, link) == pytest.approx(each.mean())


def test_rows_to_tune_on_share_the_bins_of_the_rows_to_fit_on(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame = make_frame("propensity")
    data = matrices(recipes["propensity"], frame.at(*roles.tuned_on), frame.at(roles.tune), quick)
    assert (data.fit.num_row(), data.tune.num_row()) == (len(frame.at(*roles.tuned_on).rows), len(frame.at(roles.tune).rows))
    labels = data.tune.get_label().reshape(data.tune.num_row(), -1)
    assert np.array_equal(labels, frame.at(roles.tune).outcomes)
    for theirs, ours in zip(data.tune.get_quantile_cut(), data.fit.get_quantile_cut(), strict=True):
        assert np.array_equal(theirs, ours)


def judged_auc(recipe: Recipe, past: Frame, judged: Frame, quick: TrainingSettings) -> float:
    margins = tree_margins(fit_booster(recipe, past, recipe.defaults, 20, quick), judged, quick)
    return float(roc_auc_score(judged.outcomes[:, 0], margins[:, 0]))


def test_permuted_labels_teach_nothing(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe = make_frame("churn", customers=150), recipes["churn"]
    past, judged = frame.at(*roles.fitted_on), frame.at(roles.judge)
    assert judged_auc(recipe, past, judged, quick) > 0.75
    rng = np.random.default_rng(0)
    permuted = [judged_auc(recipe, replace(past, outcomes=rng.permutation(past.outcomes)), judged, quick) for _ in range(12)]
    assert np.mean(permuted) == pytest.approx(0.5, abs=0.06)


def test_a_negative_amount_is_fitted_as_nothing(make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings) -> None:
    frame, recipe = make_frame("clv"), recipes["clv"]
    assert (frame.outcomes < 0).any()
    floored = replace(frame, outcomes=np.maximum(frame.outcomes, 0))
    one, other = (fit_booster(recipe, each, recipe.defaults, 5, quick).save_raw("json") for each in (frame, floored))
    assert one == other


def test_the_dates_of_the_made_up_grid_are_dates(roles: Roles) -> None:
    assert roles.judge == date(2021, 9, 9)
    assert len(roles.fitted_on) == 9
