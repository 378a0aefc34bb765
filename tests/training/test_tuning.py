"""Tuning: the defaults first, never worse than they, the same again with the same seed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.contract import TASKS, Roles, Task
from models.recipe import Parameters, Recipe, Trial
from training.fitting import level_free_loss, tree_margins
from training.folds import Fold
from training.rehearsal import fit_tuned
from training.settings import TrainingSettings
from training.tuning import Tuned, tune

TRIALS = 5


@pytest.fixture(scope="module")
def data(make_frame: Any, roles: Roles) -> dict[Task, list[Fold]]:
    """The rows to fit and to tune on, per task."""
    frames = {task: make_frame(task) for task in TASKS}
    return {
        task: [Fold(frame.at(*roles.tuned_on), frame.at(roles.tune))] for task, frame in frames.items()
    }


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
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles, data: dict[Task, list[Fold]], task: Task
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


def test_the_loss_is_measured_on_the_tune_date_and_not_on_the_rows_fitted_on(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame = make_frame("churn")
    fit_on, tune_on = frame.at(*roles.tuned_on), frame.at(roles.tune)
    turned = replace(tune_on, outcomes=1 - tune_on.outcomes)
    honest, absurd = (
        tune(recipes["churn"], [Fold(fit_on, each)], 1, quick) for each in (tune_on, turned)
    )
    assert honest.loss < np.log(2) * 0.9 < absurd.loss
    assert absurd.rounds < honest.rounds
