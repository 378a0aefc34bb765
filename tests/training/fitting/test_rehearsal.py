"""The rehearsal: what is chosen before the judged date, and that nothing later has a say in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score

from features.families.calendar import DAY_OF_YEAR
from models.calibration import Calibrator, inverse_link
from models.contract import TASKS, Roles, Task
from models.intervals import Intervals
from models.recipe import Recipe
from tests.training.conftest import HORIZON_DAYS
from training.dates import assign_roles
from training.fitting.corrections import Corrected, log_losses, tree_margins
from training.fitting.levels import UNTRIED, date_levels
from training.fitting.rehearsal import (
    LINEAR_SHARES,
    Asked,
    ask,
    choose_share,
    fit_prior,
    fit_tuned,
    on_its_level,
    rehearse,
    spread_of,
    with_levels,
)
from training.fitting.tuning import Tuned
from training.folds import folds
from training.frame import Frame
from training.settings import TrainingSettings


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
        ridge=recipe.ridge,
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
    used = {*roles.rehearsed_on, roles.calibrate}
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
        return ask(recipe, folds(each, roles.tuned_on, roles.tune), tuned(recipe), quick).corrected.margins(0.5)

    assert not np.array_equal(frame.outcomes, others.outcomes)
    assert np.array_equal(asked(frame), asked(others))


def test_the_prior_is_that_of_the_latest_date_and_looks_at_no_outcome(make_frame: Any, roles: Roles) -> None:
    frame = make_frame("clv")
    prior = fit_prior(frame.at(*roles.tuned_on))
    others = scrambled(frame, *(as_of for as_of in set(frame.as_of) if as_of != roles.tuned_on[-1]))
    assert prior == fit_prior(others.at(*roles.tuned_on))
    assert prior == fit_prior(replace(frame, outcomes=-frame.outcomes).at(*roles.tuned_on))
    assert prior != fit_prior(frame.at(*roles.fitted_on))
    assert prior.horizon_days == 90


def test_calibration_that_helps_one_horizon_later_is_kept(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe = make_frame("churn"), recipes["churn"]
    overconfident = tuned(recipe, rounds=150)  # the training rows are known by heart
    found = rehearse(recipe, frame, roles, overconfident, quick)
    assert found.choices["calibration"].endswith("; Platt scaling is used")
    assert 0 < found.calibrator.slopes[0] < 0.8
    asked = ask(recipe, folds(frame, roles.rehearsed_on, roles.calibrate), overconfident, quick)
    margins = asked.corrected.margins(found.linear_share)
    margins = margins + date_levels(asked.frame, margins, "sigmoid")[roles.calibrate]  # on the level it turned out to have
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
    assert found.choices["calibration"].endswith("; the margins are left as they are")


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
    windows = " and ".join(f"80 in the 90 days from {as_of}" for as_of in (roles.calibrate, roles.tune))
    assert f"from customers on inner dates ({windows})" in found.choices["interval"]


def test_the_interval_is_as_wide_as_both_inner_dates_strayed(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe, chosen = make_frame("clv"), recipes["clv"], tuned(recipes["clv"])
    found = rehearse(recipe, frame, roles, chosen, quick)
    both = [
        on_its_level(recipe, ask(recipe, folds(frame, fitted_on, as_of), chosen, quick), found.linear_share)
        for fitted_on, as_of in ((roles.rehearsed_on, roles.calibrate), (roles.tuned_on, roles.tune))
    ]
    predicted, brought = (
        np.concatenate(parts) for parts in zip(*((np.exp(x.margins), x.frame.outcomes) for x in both), strict=True)
    )
    assert found.intervals == Intervals.fit(predicted[:, 0], brought[:, 0], quick.interval_coverage)


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
    asked = ask(recipe, folds(frame, long_roles.fitted_on, judged_at), tuned(recipe), quick)
    margins, outcomes = asked.corrected.margins(found.linear_share), frame.at(judged_at).outcomes
    off = {name: abs(inverse_link(margins + level, "sigmoid").mean() - outcomes.mean()) for name, level in asked.levels.items()}
    assert off[rule] <= off["year_ago"]
    assert off[rule] < 0.2


@pytest.mark.parametrize("task", TASKS)
def test_without_a_year_of_history_one_date_does_not_choose_a_level(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles, task: Task
) -> None:
    found = rehearse(recipes[task], make_frame(task), roles, tuned(recipes[task], rounds=2), quick)
    assert found.season == UNTRIED
    assert found.choices["season"].endswith("no window of a year ago was known there, so the mean of all rules is used")


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
    assert found.choices["tuning"] == "parameters tried: 1, of them stopped early: 0; none did better than the defaults"


def test_the_final_booster_learns_from_every_closed_window_and_not_from_the_judged_date(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe = make_frame("churn"), recipes["churn"]

    def margins(each: Frame) -> np.ndarray:
        booster = fit_tuned(recipe, each.at(*roles.fitted_on), tuned(recipe), quick)
        return tree_margins(booster, frame.at(roles.judge), quick)

    later = [as_of for as_of in set(frame.as_of) if as_of > roles.calibrate]
    assert np.array_equal(margins(frame), margins(scrambled(frame, *later)))
    for as_of in roles.fitted_on:
        assert not np.array_equal(margins(frame), margins(scrambled(frame, as_of))), as_of


def only(date_left: date) -> Roles:
    """Roles of a history with one date only: its customers are split for everything."""
    return assign_roles((date_left,), judged_at=date_left, horizon_days=HORIZON_DAYS)


@pytest.mark.parametrize("task", TASKS)
def test_where_customers_are_split_what_the_asked_did_moves_none_of_the_margins_they_are_asked_with(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles, task: Task
) -> None:
    frame, recipe = make_frame(task).at(roles.judge), recipes[task]
    prepared = folds(frame, (roles.judge,), roles.judge)
    found = ask(recipe, prepared, tuned(recipe), quick)
    assert sorted(found.frame.customer_id) == sorted(frame.customer_id)
    start = 0
    for number, fold in enumerate(prepared):
        others = replace(fold, asked=replace(fold.asked, outcomes=1 - fold.asked.outcomes))
        changed = ask(recipe, [*prepared[:number], others, *prepared[number + 1 :]], tuned(recipe), quick)
        own = slice(start, start + len(fold.asked.rows))
        start = own.stop
        assert not np.array_equal(changed.frame.outcomes[own], found.frame.outcomes[own])
        for share in (0.0, 1.0):
            assert np.array_equal(changed.corrected.margins(share)[own], found.corrected.margins(share)[own])
        for rule, levels in found.levels.items():
            assert np.array_equal(changed.levels[rule][own], levels[own])


def test_where_customers_are_split_permuted_outcomes_teach_nothing(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame = make_frame("churn", customers=300).at(roles.judge)
    recipe = replace(recipes["churn"], starts_from_prior=False)

    def auc(each: Frame) -> float:
        asked = ask(recipe, folds(each, (roles.judge,), roles.judge), tuned(recipe), quick)
        # By fold: the level of a fold lacks what its asked customers did, and would turn the ranking between folds round.
        margins, place, found = asked.corrected.margins(0.5), 0, []
        for fold in folds(each, (roles.judge,), roles.judge):
            own = slice(place, place + len(fold.asked.rows))
            place = own.stop
            found.append(roc_auc_score(asked.frame.outcomes[own, 0], margins[own, 0]))
        return float(np.mean(found))

    assert auc(frame) > 0.75
    rng = np.random.default_rng(0)
    permuted = [auc(replace(frame, outcomes=rng.permutation(frame.outcomes))) for _ in range(8)]
    assert np.mean(permuted) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("task", TASKS)
def test_a_rehearsal_on_one_split_date_chooses_as_one_on_several_dates(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles, task: Task
) -> None:
    frame, recipe = make_frame(task, customers=200).at(roles.judge), recipes[task]
    found = rehearse(recipe, frame, only(roles.judge), tuned(recipe), quick)
    assert set(found.choices) == {"tuning", "blend", "season"} | {"interval" if task == "clv" else "calibration"}
    assert found.linear_share in LINEAR_SHARES.values()
    assert rehearse(recipe, frame, only(roles.judge), tuned(recipe), quick) == found
    if task == "clv":
        assert f"(200 in the 90 days from {roles.judge})" in found.choices["interval"]
    else:  # no earlier date: one half of the customers has to help the other
        assert "with Platt scaling from the other half of its customers" in found.choices["calibration"]
        (levelled,) = found.levelled
        assert levelled.as_of == roles.judge
        assert sorted(levelled.frame.customer_id) == sorted(frame.customer_id)


def test_the_margins_that_other_horizons_are_fitted_on_are_the_served_ones_at_the_right_level_latest_first(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame, recipe = make_frame("churn", customers=200), recipes["churn"]
    found = rehearse(recipe, frame, roles, tuned(recipe, rounds=60), quick)
    assert [each.as_of for each in found.levelled] == [roles.calibrate, roles.tune]
    for each, fitted_on in zip(found.levelled, (roles.rehearsed_on, roles.tuned_on), strict=True):
        corrected = ask(recipe, folds(frame, fitted_on, each.as_of), tuned(recipe, rounds=60), quick).corrected
        plain = corrected.margins(found.linear_share)
        levels = date_levels(each.frame, plain, "sigmoid")[each.as_of]
        assert each.margins == pytest.approx(found.calibrator.linear(plain + levels))


def test_the_mean_of_both_halves_is_believed_until_one_is_better_by_more_than_chance(make_frame: Any, roles: Roles) -> None:
    frame = make_frame("churn", customers=400).at(roles.judge)
    truth, noise = 4 * frame.outcomes - 2, np.random.default_rng(0).normal(0, 2, frame.outcomes.shape)

    def chosen(trees: np.ndarray, linear: np.ndarray) -> float:
        share, said = choose_share("sigmoid", Asked(Corrected(frame, trees, linear), {}))
        used = next(name for name, value in LINEAR_SHARES.items() if value == share)
        assert said.endswith(f"; {used} is used")
        assert said.count("95 % interval") == 2
        return share

    assert chosen(truth, noise) == 0.0
    assert chosen(noise, truth) == 1.0
    assert chosen(truth, truth) == 0.5
    assert chosen(noise, noise) == 0.5


def test_a_spread_leaves_the_mean_probability_where_it_is_and_an_output_with_slope_1_alone() -> None:
    margins = np.random.default_rng(0).normal([-1.0, 2.0], 1.5, (500, 2))
    spread = spread_of(Calibrator(link="sigmoid", slopes=(0.5, 1.0), intercepts=(3.0, 0.0)), margins)
    assert (spread.slopes, spread.intercepts[1]) == ((0.5, 1.0), 0.0)
    served, plain = (inverse_link(each, "sigmoid").mean(axis=0) for each in (spread.linear(margins), margins))
    assert served == pytest.approx(plain)


def test_a_fold_as_tuning_uses_it_has_the_prior_of_the_rows_fitted_on_and_each_date_on_its_level(
    make_frame: Any, recipes: dict[Task, Recipe], roles: Roles
) -> None:
    frame, recipe = make_frame("churn"), recipes["churn"]
    (fold,) = folds(frame, roles.tuned_on, roles.tune)
    prepared = with_levels(recipe, fold)
    prior = fit_prior(frame.at(*roles.tuned_on))
    assert prior is not None
    asked = frame.at(roles.tune).with_prior(prior, recipe)
    assert_frame_equal(prepared.asked.rows, asked.rows)
    assert np.array_equal(prepared.asked.starts(), asked.starts())  # the asked date's level is not known
    for as_of in roles.tuned_on:
        here = prepared.fit.at(as_of)
        assert inverse_link(here.starts(), "sigmoid").sum() == pytest.approx(here.outcomes.sum(), abs=1.0)


def test_a_table_without_rhythm_has_no_prior(make_frame: Any) -> None:
    frame = make_frame("churn")
    assert fit_prior(replace(frame, rows=frame.rows[["noise"]])) is None


def test_rehearsing_leaves_the_frame_alone(
    make_frame: Any, recipes: dict[Task, Recipe], quick: TrainingSettings, roles: Roles
) -> None:
    frame = make_frame("clv")
    rehearse(recipes["clv"], frame, roles, tuned(recipes["clv"]), quick)
    assert_frame_equal(frame.rows, make_frame("clv").rows)
    assert np.array_equal(frame.outcomes, make_frame("clv").outcomes)
