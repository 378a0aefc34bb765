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
from training.fitting import log_losses, raw_margins
from training.frame import Frame
from training.levels import seasons
from training.rehearsal import fit_prior, fit_tuned, fitted_and_asked, rehearse, rehearsed_on
from training.settings import TrainingSettings
from training.tuning import Tuned


def tuned(recipe: Recipe, rounds: int = 10) -> Tuned:
    """The defaults, with rounds for the 240 rows of the dates to tune on."""
    return Tuned(
        parameters=recipe.defaults,
        rounds=rounds,
        defaults=recipe.defaults,
        rounds_of_defaults=rounds,
        rows=240,
        loss=0.5,
        loss_of_defaults=0.5,
        trials=1,
        pruned=0,
    )


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
        return fitted_and_asked(recipe, each, roles.tuned_on, roles.tune, tuned(recipe), quick)[0]

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
    margins, levels = fitted_and_asked(recipe, frame, rehearsed_on(roles), roles.calibrate, overconfident, quick)
    margins = margins + seasons(levels, roles.calibrate, from_prior=True)[found.season].at(frame.at(roles.calibrate).rows)
    outcomes = frame.at(roles.calibrate).outcomes
    assert log_losses(found.calibrator.linear(margins), outcomes).mean() < log_losses(margins, outcomes).mean()
    # The spread changes, the level does not.
    served, plain = found.calibrator.served(margins), inverse_link(margins, "sigmoid")
    assert served.mean() == pytest.approx(plain.mean(), abs=1e-6)
    assert served.std() < plain.std()


def test_calibration_that_does_not_help_one_horizon_later_is_not_kept(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe = make_frame("churn"), recipes["churn"]
    # On the tune date who leaves is a matter of chance: the spread found there is wrong on the calibrate date.
    chance = (np.random.default_rng(1).uniform(size=frame.outcomes.shape) < 0.5).astype(float)
    mixed = np.where(frame.as_of[:, None] == roles.tune, chance, frame.outcomes)
    found = rehearse(recipe, replace(frame, outcomes=mixed), roles, tuned(recipe), quick)
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


@pytest.mark.parametrize(("shifts", "rule"), [(0.0, "year_ago"), (2.5, "year_ago_corrected")])
def test_what_was_a_year_ago_is_expected_and_corrected_where_the_calibrate_date_contradicts(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, shifts: float, rule: str
) -> None:
    judged_at = date(2021, 9, 9)
    grid = tuple(judged_at - timedelta(days=30 * back) for back in range(15, -1, -1))
    long_roles = assign_roles(grid, judged_at=judged_at, horizon_days=90)
    frame, recipe = make_frame("churn", customers=150, grid=grid), recipes["churn"]
    turn = 1.5 * np.cos(2 * np.pi * frame.rows[DAY_OF_YEAR].to_numpy() / 365)
    turn = turn + np.where(frame.as_of >= long_roles.calibrate, shifts, 0.0)
    leaves = np.random.default_rng(5).uniform(size=len(turn)) < inverse_link(turn, "sigmoid")
    frame = replace(frame, outcomes=leaves.astype(float)[:, None])
    found = rehearse(recipe, frame, long_roles, tuned(recipe), quick)
    assert found.season == rule
    assert found.choices["season"].endswith(f"{rule} is used")
    assert f"off on {long_roles.calibrate} by where the level is taken from" in found.choices["season"]
    margins, levels = fitted_and_asked(recipe, frame, long_roles.fitted_on, judged_at, tuned(recipe), quick)
    judged, expected = frame.at(judged_at), seasons(levels, judged_at, from_prior=True)
    off = {
        name: abs(inverse_link(margins + season.at(judged.rows), "sigmoid").mean() - judged.outcomes.mean())
        for name, season in expected.items()
    }
    assert off[rule] <= off["year_ago"]
    assert off[rule] < 0.2


def test_without_a_year_of_history_rhythm_is_believed_until_it_is_wrong(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe = make_frame("churn", customers=300), recipes["churn"]
    nearly_all = 1.0 - (np.arange(len(frame.as_of)) % 10 == 0)[:, None]
    found = rehearse(recipe, replace(frame, outcomes=nearly_all), roles, tuned(recipe), quick)
    assert found.season == "last"
    assert "rhythm" in found.choices["season"]


def parameters_found(recipe: Recipe, **found: float) -> Tuned:
    """What tuning came home with: better than the defaults on the tune date, it believes."""
    return replace(tuned(recipe), parameters=recipe.defaults | found, loss=0.4, trials=5)


@pytest.mark.parametrize(("found", "helps"), [({"learning_rate": 1e-4}, False), ({"max_depth": 3, "gamma": 0.1}, True)])
def test_what_tuning_found_is_used_only_if_it_helps_on_a_date_that_had_no_say(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles, found: dict[str, float], helps: bool
) -> None:
    recipe = recipes["churn"]
    if helps:  # the defaults have learned next to nothing
        recipe = replace(recipe, defaults=recipe.defaults | {"min_child_weight": 1000.0})
        found = found | {"min_child_weight": 2.0}
    frame = make_frame("churn", customers=200)
    chosen = rehearse(recipe, frame, roles, parameters_found(recipe, **found), quick)
    assert chosen.tuned.is_tuned is helps
    assert f"the loss on {roles.calibrate} changes by {'-' if helps else '+'}" in chosen.choices["tuning"]
    assert "95 % interval" in chosen.choices["tuning"]
    assert chosen.choices["tuning"].endswith("what was found is used" if helps else "the defaults are used")


def test_where_tuning_found_nothing_nothing_is_claimed(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    found = rehearse(recipes["clv"], make_frame("clv"), roles, tuned(recipes["clv"]), quick)
    assert found.choices["tuning"] == f"1 trials, 0 stopped early; none did better than the defaults on {roles.tune}"


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
