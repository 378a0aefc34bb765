"""Tuning: the defaults first, never worse than they, the same again with the same seed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import training.fitting.tuning
from models.contract import TASKS, Roles, Task
from models.recipe import Parameters, Recipe, Trial
from training.fitting.corrections import fit_booster, level_free_loss, level_free_losses, tree_margins
from training.fitting.linear import fit_linear
from training.fitting.rehearsal import fit_tuned, with_levels
from training.fitting.tuning import CHECKED_EVERY, Tuned, choose_ridge, tune
from training.folds import Fold, folds
from training.settings import TrainingSettings

TRIALS = 5


@pytest.fixture(scope="module")
def data(make_frame: Any, roles: Roles) -> dict[Task, list[Fold]]:
    """The rows to fit and to tune on, per task."""
    frames = {task: make_frame(task) for task in TASKS}
    return {task: [Fold(frame.at(*roles.tuned_on), frame.at(roles.tune))] for task, frame in frames.items()}


@pytest.mark.parametrize("task", TASKS)
def test_the_same_seed_chooses_the_same(
    data: dict[Task, list[Fold]], recipes: dict[Task, Recipe], quick: TrainingSettings, task: Task
) -> None:
    one = tune(recipes[task], data[task], TRIALS, quick)
    assert tune(recipes[task], data[task], TRIALS, quick) == one
    other = tune(recipes[task], data[task], TRIALS, quick.model_copy(update={"seed": 1}))
    assert other != one


@pytest.mark.parametrize("trials", [0, 1])
@pytest.mark.parametrize("task", TASKS)
def test_without_trials_the_defaults_are_kept(
    data: dict[Task, list[Fold]], recipes: dict[Task, Recipe], quick: TrainingSettings, task: Task, trials: int
) -> None:
    kept = tune(recipes[task], data[task], trials, quick)
    assert kept.parameters == recipes[task].defaults
    assert kept.loss == kept.loss_of_defaults
    assert not kept.is_tuned
    assert kept.untuned() == kept
    assert (kept.trials, kept.pruned) == (1, 0)


@pytest.mark.parametrize("task", TASKS)
def test_the_defaults_come_first_and_are_never_beaten_by_something_worse(
    data: dict[Task, list[Fold]], recipes: dict[Task, Recipe], quick: TrainingSettings, task: Task
) -> None:
    defaults = tune(recipes[task], data[task], 1, quick)
    chosen = tune(recipes[task], data[task], TRIALS, quick)
    assert chosen.loss_of_defaults == defaults.loss
    assert chosen.loss <= chosen.loss_of_defaults
    assert chosen.trials == TRIALS


@pytest.mark.parametrize("task", TASKS)
def test_the_chosen_rounds_reach_the_loss_that_was_promised(
    make_frame: Any,
    recipes: dict[Task, Recipe],
    quick: TrainingSettings,
    roles: Roles,
    data: dict[Task, list[Fold]],
    task: Task,
) -> None:
    frame, recipe = make_frame(task), recipes[task]
    chosen = tune(recipe, data[task], 1, quick)
    assert 1 <= chosen.rounds <= quick.rounds_max
    fitted = fit_tuned(recipe, frame.at(*roles.tuned_on), chosen, quick)
    assert fitted.num_boosted_rounds() == chosen.rounds
    margins = tree_margins(fitted, frame.at(roles.tune), quick)
    again = level_free_loss(margins, frame.at(roles.tune).outcomes, recipe.link)
    assert again == pytest.approx(chosen.loss, rel=1e-4)


def test_rounds_stop_where_the_tune_date_is_served_best(
    data: dict[Task, list[Fold]], recipes: dict[Task, Recipe], quick: TrainingSettings
) -> None:
    hasty = quick.model_copy(update={"learning_rate": 1.0, "rounds_max": 200})
    chosen = tune(recipes["churn"], data["churn"], 1, hasty)
    assert chosen.rounds < 60


def test_hopeless_trials_are_stopped_early_and_counted(
    data: dict[Task, list[Fold]], recipes: dict[Task, Recipe], quick: TrainingSettings
) -> None:
    asked: list[int] = []

    def search_space(trial: Trial) -> Parameters:
        """From the sixth trial on steps are so small that next to nothing is learned."""
        asked.append(trial.suggest_int("max_depth", 2, 4))
        return {"max_depth": asked[-1], "min_child_weight": 2.0, "learning_rate": 0.05 if len(asked) <= 5 else 0.002}

    recipe = replace(recipes["churn"], search_space=search_space, defaults={"max_depth": 3})
    slow = quick.model_copy(update={"rounds_max": 80, "learning_rate": 0.05})
    said: list[str] = []
    chosen = tune(recipe, data["churn"], 8, slow, say=said.append)
    assert len(asked) == chosen.trials == 8
    assert chosen.pruned > 0
    assert len(said) == 8 - chosen.pruned  # a stopped trial has nothing to say
    assert said[0].startswith("trial 1 of 8: loss ")


def test_rounds_grow_in_proportion_to_the_rows() -> None:
    chosen = Tuned(
        parameters={},
        rounds=40,
        defaults={},
        rounds_of_defaults=40,
        rows=1000,
        loss=0.5,
        loss_of_defaults=0.5,
        trials=1,
        pruned=0,
        ridge=0.1,
    )
    assert [chosen.rounds_for(rows) for rows in (1000, 2500, 500, 1)] == [40, 100, 20, 1]


@pytest.fixture
def told(data: dict[Task, list[Fold]], quick: TrainingSettings) -> tuple[list[Fold], TrainingSettings]:
    """Where to ask about churn, and settings with very few rounds."""
    return data["churn"], quick.model_copy(update={"rounds_max": 10})


def tried(recipe: Recipe) -> tuple[Recipe, list[Parameters]]:
    """The recipe, and a list that gets the parameters of every trial."""
    found: list[Parameters] = []

    def search_space(trial: Trial) -> Parameters:
        found.append(recipe.search_space(trial))
        return found[-1]

    return replace(recipe, search_space=search_space), found


def test_known_parameters_are_tried_second(told: tuple[list[Fold], TrainingSettings], recipes: dict[Task, Recipe]) -> None:
    recipe, found = tried(recipes["churn"])
    known: Parameters = recipe.defaults | {"max_depth": 2, "subsample": 0.55}
    champions = known | {"ridge": 0.1, "objective": "binary:logistic", "learning_rate": 0.5}  # and what is not tuned
    chosen = tune(recipe, told[0], 4, told[1], known=[champions])
    assert found[:2] == [recipe.defaults, known]
    assert len(found) == chosen.trials == 4
    assert recipe.defaults not in found[1:]


def test_defaults_that_are_known_too_are_tried_once(
    told: tuple[list[Fold], TrainingSettings], recipes: dict[Task, Recipe]
) -> None:
    recipe, found = tried(recipes["churn"])
    tune(recipe, told[0], 3, told[1], known=[dict(recipe.defaults)])
    assert len(found) == 3
    assert found.count(recipe.defaults) == 1


def test_known_parameters_that_are_the_best_are_chosen(
    told: tuple[list[Fold], TrainingSettings], recipes: dict[Task, Recipe]
) -> None:
    recipe = replace(recipes["churn"], defaults=recipes["churn"].defaults | {"min_child_weight": 199.0})  # nothing is learned
    known = recipe.defaults | {"min_child_weight": 2.0}
    chosen = tune(recipe, told[0], 2, told[1], known=[known])
    assert (chosen.parameters, chosen.is_tuned, chosen.trials) == (known, True, 2)
    assert chosen.loss < chosen.loss_of_defaults


def losses(monkeypatch: pytest.MonkeyPatch, of_trial: Callable[[int], float]) -> list[int]:
    """Instead of fitting anything, a trial has a loss by its number; the numbers are listed."""
    asked: list[int] = []

    def fit_and_watch(*_: Any) -> tuple[float, int]:
        asked.append(len(asked))
        return of_trial(asked[-1]), 10

    monkeypatch.setattr(training.fitting.tuning, "_fit_and_watch", fit_and_watch)
    return asked


@pytest.mark.parametrize(("best", "trials"), [(0, 16), (3, 19), (40, 50)])
def test_tuning_stops_after_fifteen_trials_without_gain(
    told: tuple[list[Fold], TrainingSettings],
    recipes: dict[Task, Recipe],
    monkeypatch: pytest.MonkeyPatch,
    best: int,
    trials: int,
) -> None:
    # Every trial up to the best one is a little better than the one before it.
    asked = losses(monkeypatch, lambda number: 1.0 - 0.001 * number if number <= best else 2.0)
    chosen = tune(recipes["churn"], told[0], 50, told[1])
    assert len(asked) == chosen.trials == trials
    assert chosen.loss == pytest.approx(1.0 - 0.001 * best)


def test_no_more_trials_are_begun_when_the_time_is_over_and_what_was_found_is_used(
    told: tuple[list[Fold], TrainingSettings], recipes: dict[Task, Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(number: int) -> float:
        time.sleep(1.2)
        return 1.0 - 0.001 * number

    asked = losses(monkeypatch, slowly)
    hasty = told[1].model_copy(update={"tuning_seconds_max": 1.0})
    chosen = tune(recipes["churn"], told[0], 50, hasty)
    assert len(asked) == chosen.trials == 2  # the defaults, and the one that was begun in time
    assert chosen.is_tuned


@pytest.mark.parametrize("task", TASKS)
def test_several_folds_are_averaged_by_their_rows_round_by_round(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles, task: Task
) -> None:
    recipe, frame = recipes[task], make_frame(task, customers=120)
    split = [with_levels(recipe, fold) for fold in folds(frame, roles.tuned_on, roles.tuned_on[-1])]
    assert len(split) > 1
    chosen = tune(recipe, split, 1, quick)
    found = {}
    for rounds in range(CHECKED_EVERY, quick.rounds_max + 1, CHECKED_EVERY):
        total, rows = 0.0, 0
        for fold in split:
            booster = fit_booster(recipe, fold.fit, recipe.defaults, rounds, quick)
            asked = fold.asked.starts() + tree_margins(booster, fold.asked, quick)
            total += len(asked) * level_free_loss(asked, fold.asked.outcomes, recipe.link)
            rows += len(asked)
        found[rounds] = total / rows
    assert chosen.loss == pytest.approx(min(found.values()), rel=1e-4)
    assert found[chosen.rounds] == pytest.approx(min(found.values()), rel=1e-4)
    assert chosen.rows == round(np.mean([len(fold.fit.rows) for fold in split]))


@pytest.mark.parametrize("task", TASKS)
def test_the_penalty_of_the_linear_half_is_the_one_that_loses_least(
    make_frame: Any, recipes: dict[Task, Recipe], roles: Roles, task: Task
) -> None:
    recipe, frame = recipes[task], make_frame(task)
    split = [with_levels(recipe, fold) for fold in folds(frame, roles.tuned_on, roles.tuned_on[-1])]
    found = {}
    for ridge in (recipe.ridge, recipe.ridge / 10, recipe.ridge * 10):
        each: list[float] = []
        for fold in split:
            linear = fit_linear(replace(recipe, ridge=ridge), fold.fit)
            margins = fold.asked.starts() + linear.margins(fold.asked.rows)
            each += list(level_free_losses(margins, fold.asked.outcomes, recipe.link))
        found[ridge] = np.mean(each)
    assert choose_ridge(recipe, split) == min(found, key=found.__getitem__)


def test_the_loss_is_measured_on_the_tune_date_and_not_on_the_rows_fitted_on(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame = make_frame("churn")
    fit_on, tune_on = frame.at(*roles.tuned_on), frame.at(roles.tune)
    turned = replace(tune_on, outcomes=1 - tune_on.outcomes)
    honest, absurd = (tune(recipes["churn"], [Fold(fit_on, each)], 1, quick) for each in (tune_on, turned))
    assert honest.loss < np.log(2) * 0.9 < absurd.loss
    assert absurd.rounds < honest.rounds
