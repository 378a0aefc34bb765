"""Levels: what moves all customers of a date alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.families.calendar import DAY_OF_YEAR
from features.problems import BadInput
from models.calibration import inverse_link
from models.contract import TASKS, Roles, Task
from models.recipe import Recipe
from models.season import Season
from training.fitting.corrections import fit_booster, tree_margins
from training.fitting.levels import UNTRIED, date_levels, level_of, miss_of, on_their_levels, season_for, seasons
from training.settings import TrainingSettings


def test_the_level_of_amounts_is_the_log_of_what_came_over_what_was_expected() -> None:
    # 10 + 30 expected, 20 came; 5 given back count as nothing.
    assert level_of(np.log([10.0, 30.0, 1e-9]), np.array([20.0, 0.0, -5.0]), "exp") == pytest.approx(np.log(0.5))


def test_the_level_of_chances_makes_their_mean_come_out() -> None:
    margins, outcomes = np.linspace(-2, 2, 999), np.repeat([1.0, 0.0, 0.0], 333)
    shift = level_of(margins, outcomes, "sigmoid")
    assert inverse_link(margins + shift, "sigmoid").mean() == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_that_all_or_none_of_a_few_did_is_no_certainty(outcome: float) -> None:
    few, many = (abs(level_of(np.zeros(count), np.full(count, outcome), "sigmoid")) for count in (10, 10_000))
    assert few == pytest.approx(np.log(21), abs=1e-3)  # half a customer in eleven
    assert few < many < 12


def test_a_date_on_which_nothing_was_brought_has_no_level() -> None:
    with pytest.raises(BadInput, match="the customers of a date brought nothing in its label window"):
        level_of(np.zeros(3), np.array([0.0, -1.0, 0.0]), "exp")


@pytest.mark.parametrize("task", TASKS)
def test_on_their_levels_each_date_comes_out_in_total(make_frame: Any, recipes: dict[Task, Recipe], task: Task) -> None:
    frame, link = make_frame(task), recipes[task].link
    placed = on_their_levels(frame, date_levels(frame, frame.starts(), link))
    for as_of in set(frame.as_of):
        here = placed.at(as_of)
        expected = inverse_link(here.starts(), link).sum(axis=0)
        came = np.maximum(here.outcomes, 0).sum(axis=0)
        assert expected == pytest.approx(came, abs=1.0 if link == "sigmoid" else 1e-6)


def test_a_season_that_moves_everybody_alike_teaches_the_booster_nothing(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe = make_frame("clv"), recipes["clv"]
    summer = np.array([as_of.month in (5, 6, 7) for as_of in frame.as_of])
    dear = replace(frame, outcomes=frame.outcomes * np.where(summer, 10.0, 1.0)[:, None])
    asked = []
    for each in (frame, dear):
        placed = on_their_levels(each, date_levels(each, each.starts(), "exp"))
        # The weight of a row grows with its amount, so not to the last digit, but the dear dates must not tower.
        booster = fit_booster(recipe, placed, recipe.defaults | {"min_child_weight": 0.1}, 20, quick)
        asked.append(tree_margins(booster, frame.at(roles.judge), quick)[:, 0])
    assert asked[0].mean() == pytest.approx(asked[1].mean(), abs=0.3)
    assert np.corrcoef(*asked)[0, 1] > 0.8


GRID = tuple(date(2021, 6, 1) - timedelta(days=30 * back) for back in range(16, 2, -1))  # 2020-02-07 ... 2021-03-03
LEVELS = {as_of: np.array([float(number), -float(number)]) for number, as_of in enumerate(GRID)}


def test_a_year_ago_is_the_same_day_of_last_year_and_every_day_since() -> None:
    found = seasons(LEVELS, date(2021, 6, 1), from_prior=True)
    assert list(found) == ["year_ago", "year_ago_corrected", "rhythm", "last"]
    a_year_ago = date(2020, 6, 6)  # the grid's date nearest to 2020-06-01
    day = a_year_ago.timetuple().tm_yday
    number = GRID.index(a_year_ago)
    frame = pd.DataFrame({DAY_OF_YEAR: [float(day)]})
    assert found["year_ago"].at(frame).tolist() == [[number, -number]]
    assert found["last"].at(frame).tolist() == [[13.0, -13.0]]
    # The last date, 2021-03-03, stands 12 above 2020-03-08: so much is added to what was a year ago.
    assert GRID[1] == date(2020, 3, 8)
    assert found["year_ago_corrected"].at(frame).tolist() == [[number + 12, -(number + 12)]]
    assert found["rhythm"].at(frame).tolist() == [[0.0, 0.0]]


def test_a_short_history_has_no_year_ago_and_without_a_prior_nothing_is_expected_of_rhythm() -> None:
    recent = {as_of: LEVELS[as_of] for as_of in GRID[-6:]}
    assert list(seasons(recent, date(2021, 6, 1), from_prior=False)) == ["last"]
    assert list(seasons({GRID[-1]: LEVELS[GRID[-1]]}, date(2021, 6, 1), from_prior=True)) == ["rhythm", "last"]


def test_a_miss_is_the_shift_that_is_lacking_and_its_error_shrinks_with_the_customers() -> None:
    margins, outcomes = np.zeros((400, 1)), np.repeat([[1.0], [0.0]], 200, axis=0)
    miss, error = miss_of(margins + 0.5, outcomes, "sigmoid")
    assert miss == pytest.approx(0.5, abs=1e-6)
    assert error == pytest.approx(0.1)
    assert miss_of(np.tile(margins, (4, 1)), np.tile(outcomes, (4, 1)), "sigmoid")[1] == pytest.approx(0.05, rel=1e-3)
    amounts = np.tile([[0.0], [2.0]], (200, 1))
    assert miss_of(margins, amounts, "exp") == pytest.approx((0.0, 0.05))


NEW_YEAR, MAY, NEXT_MAY = date(2023, 1, 1), date(2023, 5, 1), date(2024, 5, 1)


def season(level: float, **moving: float) -> Season:
    """A level that is the same on all days, or moves with them."""
    days = tuple(int(name[1:]) for name in moving)
    return Season(usual=(level,), days=days, levels=tuple((each,) for each in moving.values()))


def test_a_rule_that_could_not_be_tried_is_the_mean_of_what_all_rules_expect() -> None:
    # 30 days apart from May 2023 to February 2024: 0.6 in May, the last -0.3.
    levels = {MAY + timedelta(days=30 * k): np.array([0.6 - 0.1 * k]) for k in range(10)}
    asked = NEXT_MAY - timedelta(days=1)
    of_three = season_for(UNTRIED, levels, asked, from_prior=True)  # a year ago 0.6, rhythm 0, last -0.3
    of_two = season_for(UNTRIED, levels, asked, from_prior=False)
    at_may = pd.DataFrame({DAY_OF_YEAR: [float(MAY.timetuple().tm_yday)]})
    assert of_three.at(at_may)[0, 0] == pytest.approx((0.6 + 0.0 - 0.3) / 3)
    assert of_two.at(at_may)[0, 0] == pytest.approx((0.6 - 0.3) / 2)
    # Too early for a year ago: rhythm and last.
    early = season_for(UNTRIED, levels, date(2024, 2, 20), from_prior=True)
    assert early.usual == pytest.approx((-0.15,))
    assert not early.days


def test_a_date_whose_customers_are_split_has_the_level_it_has() -> None:
    levels = {NEW_YEAR: np.array([0.4]), MAY: np.array([-0.2])}
    assert season_for(UNTRIED, levels, MAY, from_prior=True) == season(-0.2)
    assert seasons(levels, MAY, from_prior=True) == {"last": season(-0.2)}
