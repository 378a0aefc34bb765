"""Known directions: trees keep to them where that costs next to nothing, and not where it costs much."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.families.calendar import DAY_OF_YEAR
from models.churn import CHURN
from models.clv import CLV
from models.contract import Task
from models.propensity import PROPENSITY
from models.recipe import Recipe
from training.fitting.corrections import tree_margins
from training.fitting.monotone import COST_MAX, monotone_if_cheap
from training.fitting.rehearsal import fit_tuned
from training.fitting.tuning import Tuned
from training.folds import Fold
from training.frame import Frame
from training.settings import TrainingSettings

RECIPES: dict[Task, Recipe] = {
    task: replace(recipe, defaults=recipe.defaults | {"min_child_weight": 2.0, "colsample_bytree": 1.0})
    for task, recipe in {"churn": CHURN, "clv": CLV, "propensity": PROPENSITY}.items()
}
DIRECTIONS = {"orders": 1, "absent": -1}


def tuned(recipe: Recipe, rows: int) -> Tuned:
    """The defaults and 20 rounds for so many rows."""
    return Tuned(
        parameters=recipe.defaults,
        rounds=20,
        defaults=recipe.defaults,
        rounds_of_defaults=20,
        rows=rows,
        loss=0.5,
        loss_of_defaults=0.5,
        trials=1,
        pruned=0,
        ridge=recipe.ridge,
    )


def fold(task: Task, orders_go_with_staying: bool, count: int = 1500) -> Fold:
    """Customers to fit on and others to ask; who orders much stays and buys, or else leaves and buys nothing."""
    parts = []
    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        orders = rng.uniform(0, 10, count)
        rows = pd.DataFrame({"orders": orders, "noise": rng.normal(size=count), DAY_OF_YEAR: 1.0})
        margin = (orders - 5) * (1 if orders_go_with_staying else -1)
        if task == "clv":
            outcome = np.exp(margin / 3) * rng.gamma(0.5, 2, count)  # so noisy that free trees learn some of it
        else:
            outcome = (rng.uniform(size=count) < 1 / (1 + np.exp(margin if task == "churn" else -margin))).astype(float)
        who, when = np.array([f"c{seed}-{each}" for each in range(count)]), np.full(count, date(2021, 1, 1), dtype=object)
        parts.append(Frame(who, when, rows, outcome[:, None], 90))
    return Fold(*parts)


@pytest.mark.parametrize("task", RECIPES)
def test_directions_that_hold_are_kept_to_and_trees_then_follow_them(task: Task, quick: TrainingSettings) -> None:
    recipe, asked = RECIPES[task], fold(task, orders_go_with_staying=True)
    found = monotone_if_cheap(recipe, [asked], tuned(recipe, 1500), DIRECTIONS, quick)
    # Staying goes against leaving. A direction of a column that is not there is nobody's; the day of the year is no column.
    assert found.constraints == ("(-1,0)" if task == "churn" else "(1,0)")
    assert found.all_parameters()["monotone_constraints"] == found.constraints
    assert found.constraints_said.startswith("1 known directions cost ")
    assert found.constraints_said.endswith(f" {'of the loss' if task == 'clv' else 'of AUC'} in the trees; they are kept to")
    booster = fit_tuned(recipe, asked.fit, found, quick)
    for noise in (-1.0, 0.0, 1.0):
        many = pd.DataFrame({"orders": np.linspace(-1, 11, 200), "noise": noise, DAY_OF_YEAR: 1.0})
        ask = Frame(np.array(["c"] * 200), np.full(200, date(2021, 1, 1), dtype=object), many, np.zeros((200, 1)), 90)
        steps = np.diff(tree_margins(booster, ask, quick)[:, 0])
        assert np.all(steps <= 0 if task == "churn" else steps >= 0)
        assert np.any(steps != 0)
    # Free trees do not.
    free = tree_margins(fit_tuned(recipe, asked.fit, tuned(recipe, 1500), quick), ask, quick)[:, 0]
    assert len(set(np.sign(np.diff(free)))) == 3


@pytest.mark.parametrize("task", RECIPES)
def test_directions_that_do_not_hold_cost_too_much(task: Task, quick: TrainingSettings) -> None:
    recipe, asked = RECIPES[task], fold(task, orders_go_with_staying=False)
    before = tuned(recipe, 1500)
    found = monotone_if_cheap(recipe, [asked], before, DIRECTIONS, quick)
    assert found.constraints == ""
    assert "monotone_constraints" not in found.all_parameters()
    assert found.constraints_said.endswith("; they are not kept to")
    cost = float(found.constraints_said.split("cost ")[1].split(" of")[0])
    assert cost > 100 * COST_MAX
    assert replace(found, constraints_said="") == before


def test_without_a_known_direction_nothing_is_asked(quick: TrainingSettings) -> None:
    recipe, asked = RECIPES["churn"], fold("churn", orders_go_with_staying=True, count=50)
    before = tuned(recipe, 50)
    assert monotone_if_cheap(recipe, [asked], before, {"absent": 1, DAY_OF_YEAR: 1}, quick) is before
    assert monotone_if_cheap(recipe, [asked], before, {}, quick) is before


def test_several_folds_are_asked_together(quick: TrainingSettings) -> None:
    recipe = RECIPES["churn"]
    holds, fails = fold("churn", orders_go_with_staying=True), fold("churn", orders_go_with_staying=False)
    found = monotone_if_cheap(recipe, [holds, fails], tuned(recipe, 1500), DIRECTIONS, quick)
    assert found.constraints == ""  # right in one of them is not enough


def test_an_output_of_one_class_has_no_say(quick: TrainingSettings) -> None:
    recipe, asked = RECIPES["churn"], fold("churn", orders_go_with_staying=True)
    nobody = replace(asked, asked=replace(asked.asked, outcomes=np.zeros((1500, 1))))
    found = monotone_if_cheap(recipe, [nobody], tuned(recipe, 1500), DIRECTIONS, quick)
    assert found.constraints_said == "1 known directions cost +0.0000 of AUC in the trees; they are kept to"


def test_constraints_stay_with_the_defaults_where_tuning_bought_nothing() -> None:
    found = replace(tuned(CHURN, 100), parameters={"max_depth": 2}, constraints="(1,0)", constraints_said="said")
    assert found.untuned().constraints == "(1,0)"
    assert found.untuned().all_parameters() == CHURN.defaults | {"monotone_constraints": "(1,0)"}
    assert found.is_tuned
