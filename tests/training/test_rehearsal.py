"""The rehearsal: what is chosen before the judged date, and that nothing later has a say in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from features.rfm import DAY_OF_YEAR
from models.calibration import inverse_link
from models.contract import TASKS, Roles, Task
from models.recipe import Recipe
from training.dates import assign_roles
from training.fitting import log_loss, raw_margins
from training.frame import Frame
from training.rehearsal import fit_prior, fit_tuned, fitted_and_asked, rehearse, rehearsed_on, season_was_seen
from training.settings import TrainingSettings
from training.tuning import Tuned


def tuned(recipe: Recipe, rounds: int = 10) -> Tuned:
    """The defaults, with rounds for the 240 rows of the dates to tune on."""
    return Tuned(parameters=recipe.defaults, rounds=rounds, rows=240, loss=0.5, loss_of_defaults=0.5, trials=1, pruned=0)


def scrambled(frame: Frame, *dates: date) -> Frame:
    """The frame with other features and other outcomes at some dates."""
    rng = np.random.default_rng(99)
    there = np.isin(frame.as_of, np.array(dates, dtype=object))
    rows, outcomes = frame.rows.copy(), frame.outcomes.copy()
    rows.loc[there] = rng.permutation(rows.loc[there].to_numpy()) * 3 + 1
    outcomes[there] = 1 - rng.permutation(outcomes[there])
    return replace(frame, rows=rows, outcomes=outcomes)


@pytest.mark.parametrize("task", TASKS)
def test_nothing_that_happens_later_has_a_say(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles, task: Task
) -> None:
    frame, recipe = make_frame(task), recipes[task]
    chosen = rehearse(recipe, frame, roles, tuned(recipe), quick)
    # Neither the judged date nor dates whose windows were still open on the calibrate date.
    used = {*rehearsed_on(roles), roles.calibrate}
    unused = [as_of for as_of in sorted(set(frame.as_of)) if as_of not in used]
    assert roles.judge in unused
    assert len(unused) > 3
    assert rehearse(recipe, scrambled(frame, *unused), roles, tuned(recipe), quick) == chosen
    # But the calibrate date does.
    assert rehearse(recipe, scrambled(frame, roles.calibrate), roles, tuned(recipe), quick) != chosen


@pytest.mark.parametrize("task", TASKS)
def test_a_date_that_is_asked_about_teaches_the_booster_nothing(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles, task: Task
) -> None:
    frame, recipe = make_frame(task), recipes[task]
    others = replace(frame, outcomes=scrambled(frame, roles.tune).outcomes)  # other outcomes, the same features

    def asked(each: Frame) -> np.ndarray:
        return fitted_and_asked(recipe, each, roles.tuned_on, roles.tune, tuned(recipe), quick)

    assert not np.array_equal(frame.outcomes, others.outcomes)
    assert np.array_equal(asked(frame), asked(others))


def test_the_prior_is_that_of_the_latest_date_and_looks_at_no_outcome(make_frame: Any, roles: Roles) -> None:
    frame = make_frame("clv")
    prior = fit_prior(frame, roles.tuned_on)
    assert prior == fit_prior(
        scrambled(frame, *(as_of for as_of in set(frame.as_of) if as_of != roles.tuned_on[-1])), roles.tuned_on
    )
    assert prior == fit_prior(replace(frame, outcomes=-frame.outcomes), roles.tuned_on)
    assert prior != fit_prior(frame, roles.fitted_on)
    assert prior.horizon_days == 90


def test_calibration_that_helps_one_horizon_later_is_kept(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe = make_frame("churn"), recipes["churn"]
    overconfident = tuned(recipe, rounds=150)  # the training rows are known by heart
    found = rehearse(recipe, frame, roles, overconfident, quick)
    assert found.choices["calibration"].endswith("; Platt scaling is used")
    assert 0 < found.calibrator.slopes[0] < 0.8
    margins = fitted_and_asked(
        recipe, frame.without(*found.left_out), rehearsed_on(roles), roles.calibrate, overconfident, quick
    )
    outcomes = frame.at(roles.calibrate).outcomes
    assert log_loss(found.calibrator.linear(margins), outcomes) < log_loss(margins, outcomes)


def test_calibration_that_does_not_help_one_horizon_later_is_not_kept(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe = make_frame("churn"), recipes["churn"]
    # On the tune date hardly anybody leaves: Platt scaling from there is wrong on the calibrate date.
    few = np.where(frame.as_of[:, None] == roles.tune, 0.0, frame.outcomes)
    few[np.flatnonzero(frame.as_of == roles.tune)[:3]] = 1.0
    found = rehearse(recipe, replace(frame, outcomes=few), roles, tuned(recipe), quick)
    assert not found.calibrator.changes_anything
    assert found.choices["calibration"].endswith("; the booster is left as it is")


@pytest.mark.parametrize("task", ["churn", "propensity"])
def test_what_is_said_about_calibration_is_what_is_done(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles, task: Task
) -> None:
    for rounds in (3, 10, 60):
        found = rehearse(recipes[task], make_frame(task), roles, tuned(recipes[task], rounds), quick)
        assert ("Platt scaling is used" in found.choices["calibration"]) == found.calibrator.changes_anything
        assert f"log-loss on {roles.calibrate}: " in found.choices["calibration"]
        assert found.intervals is None


def test_amounts_get_an_interval_and_no_platt_scaling(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame = make_frame("clv")
    found = rehearse(recipes["clv"], frame, roles, tuned(recipes["clv"]), quick)
    assert not found.calibrator.changes_anything
    assert found.intervals is not None
    assert found.intervals.coverage == quick.interval_coverage
    assert f"from {len(frame.at(roles.calibrate).rows)} customers on {roles.calibrate}" in found.choices["interval"]


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("first", "when", "was_seen"),
    [
        ("2020-06-01", "2021-06-01", True),
        ("2020-06-30", "2021-06-01", True),  # within a step of 30 days
        ("2020-07-02", "2021-06-01", False),
        ("2021-01-01", "2021-06-01", False),
    ],
)
def test_a_season_was_seen_if_the_dates_reach_back_a_year_give_or_take_a_step(first: str, when: str, was_seen: bool) -> None:
    fitted_on = (day(first), day(first) + timedelta(days=30), day(first) + timedelta(days=60))
    assert season_was_seen(fitted_on, day(when)) is was_seen


def test_one_date_alone_is_no_season() -> None:
    assert season_was_seen((day("2020-06-01"),), day("2021-06-01"))
    assert not season_was_seen((day("2020-06-02"),), day("2021-06-01"))


@pytest.mark.parametrize("task", TASKS)
def test_a_short_history_leaves_the_day_of_the_year_out(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles, task: Task
) -> None:
    found = rehearse(recipes[task], make_frame(task), roles, tuned(recipes[task]), quick)
    assert found.left_out == (DAY_OF_YEAR,)
    assert "the history is too short to have seen a season twice" in found.choices["season"]


@pytest.mark.parametrize("it_comes_again", [True, False])
def test_the_day_of_the_year_is_used_only_where_it_told_something_a_year_later(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, it_comes_again: bool
) -> None:
    judged_at = day("2021-09-09")
    grid = tuple(judged_at - timedelta(days=30 * back) for back in range(23, -1, -1))
    long_roles = assign_roles(grid, judged_at=judged_at, horizon_days=90)
    frame = make_frame("churn", customers=60, grid=grid)
    turn = np.cos(2 * np.pi * frame.rows[DAY_OF_YEAR].to_numpy() / 365)
    if not it_comes_again:
        turn = np.where(frame.as_of >= long_roles.calibrate, -turn, turn)
    leaves = np.random.default_rng(5).uniform(size=len(turn)) < inverse_link(2.0 * turn, "sigmoid")
    frame = replace(frame, outcomes=leaves.astype(float)[:, None])
    found = rehearse(recipes["churn"], frame, long_roles, tuned(recipes["churn"]), quick)
    assert (found.left_out == ()) is it_comes_again
    assert found.choices["season"].endswith("it is used" if it_comes_again else "it is left out")
    assert f"loss on {long_roles.calibrate}: " in found.choices["season"]


def test_the_final_booster_learns_from_every_closed_window_and_not_from_the_judged_date(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe = make_frame("churn"), recipes["churn"]

    def margins(each: Frame) -> np.ndarray:
        booster = fit_tuned(recipe, each.at(*roles.fitted_on), tuned(recipe), quick)
        return raw_margins(booster, frame.at(roles.judge), quick)

    later = [as_of for as_of in set(frame.as_of) if as_of > roles.calibrate]
    assert np.array_equal(margins(frame), margins(scrambled(frame, *later)))
    for as_of in roles.fitted_on:
        assert not np.array_equal(margins(frame), margins(scrambled(frame, as_of))), as_of


def test_rehearsing_leaves_the_frame_alone(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame = make_frame("clv")
    rehearse(recipes["clv"], frame, roles, tuned(recipes["clv"]), quick)
    assert_frame_equal(frame.rows, make_frame("clv").rows)
    assert np.array_equal(frame.outcomes, make_frame("clv").outcomes)
