"""Rehearse the judged date one horizon earlier: what is chosen is chosen there, with the embargo kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import xgboost as xgb

from models.calibration import Calibrator, Floats, fit_platt, inverse_link, uncalibrated
from models.contract import Roles
from models.intervals import Intervals
from models.prior import Prior
from models.recipe import Recipe
from models.season import Season
from training.fitting import fit_booster, level_free_losses, log_losses, raw_margins
from training.frame import Frame
from training.levels import (
    YEAR_AGO,
    YEAR_AGO_CORRECTED,
    Levels,
    date_levels,
    miss_of,
    on_their_levels,
    seasons,
    shift_to_mean,
)
from training.settings import TrainingSettings
from training.tuning import Tuned

SURE = 1.96  # standard errors on either side of a 95 % interval


@dataclass(frozen=True)
class Rehearsed:
    """What the rehearsal chose, and why, in sentences."""

    tuned: Tuned  # or the defaults, where tuning bought nothing
    season: str  # the rule by which the level of a date is expected, of `levels.seasons`
    calibrator: Calibrator
    intervals: Intervals | None
    choices: dict[str, str]


def rehearse(recipe: Recipe, frame: Frame, roles: Roles, tuned: Tuned, settings: TrainingSettings) -> Rehearsed:
    """Did tuning help, which level to expect, does calibration help, how far do outcomes stray: asked of the calibrate date."""
    fitted_on, asked = rehearsed_on(roles), frame.at(roles.calibrate)
    tuned, margins, levels, choices = _tuned_or_not(recipe, frame, roles, tuned, settings)
    expected = seasons(levels, roles.calibrate, from_prior=recipe.starts_from_prior)
    rule, choices["season"] = choose_season(recipe, margins, expected, asked)
    # What a year ago missed by here is what it is to be corrected by: corrected, it is right here.
    right_here = Season(usual=tuple(date_levels(asked, margins, recipe.link)[roles.calibrate]))
    margins = margins + expected.get(rule, right_here).at(asked.rows)
    plain = uncalibrated(recipe.link, margins.shape[1])
    if recipe.link == "exp":
        intervals = Intervals.fit(plain.served(margins)[:, 0], asked.outcomes[:, 0], settings.interval_coverage)
        choices["interval"] = (
            f"conformal, from {len(margins):,} customers on {roles.calibrate}, fitted on dates to {fitted_on[-1]}"
        )
        return Rehearsed(tuned, rule, plain, intervals, choices)
    # The spread that Platt scaling found on the tune date has to help one horizon later, with a booster that knows one
    # horizon more: that is how it would be used. Only then is it fitted again, on the calibrate date.
    earlier, _ = fitted_and_asked(recipe, frame, roles.tuned_on, roles.tune, tuned, settings)
    spread = spread_of(fit_platt(earlier, frame.at(roles.tune).outcomes), margins)
    raw_loss, spread_loss = (log_losses(each.linear(margins), asked.outcomes).mean() for each in (plain, spread))
    kept = bool(spread_loss < raw_loss)
    said = f"log-loss on {roles.calibrate}: {raw_loss:.4f} as fitted, {spread_loss:.4f} with Platt scaling from {roles.tune}"
    choices["calibration"] = f"{said}; {'Platt scaling is used' if kept else 'the booster is left as it is'}"
    return Rehearsed(tuned, rule, spread_of(fit_platt(margins, asked.outcomes), margins) if kept else plain, None, choices)


def _tuned_or_not(
    recipe: Recipe, frame: Frame, roles: Roles, tuned: Tuned, settings: TrainingSettings
) -> tuple[Tuned, Floats, Levels, dict[str, str]]:
    """The tuned parameters if they also did better on the calibrate date, which had no say in them; else the defaults."""
    fitted_on, outcomes = rehearsed_on(roles), frame.at(roles.calibrate).outcomes
    tried = f"{tuned.trials} trials, {tuned.pruned} stopped early"
    margins, levels = fitted_and_asked(recipe, frame, fitted_on, roles.calibrate, tuned, settings)
    if not tuned.is_tuned:
        return tuned, margins, levels, {"tuning": f"{tried}; none did better than the defaults on {roles.tune}"}
    untuned, its_levels = fitted_and_asked(recipe, frame, fitted_on, roles.calibrate, tuned.untuned(), settings)
    default_losses, losses = (level_free_losses(each, outcomes, recipe.link) for each in (untuned, margins))
    gains, loss = default_losses - losses, default_losses.mean()
    change, error = -gains.mean() / loss, SURE * gains.std() / np.sqrt(len(gains)) / loss
    kept = bool(change < 0)
    said = (
        f"the loss on {roles.calibrate} changes by {change:+.2%} (95 % interval {change - error:+.2%} to {change + error:+.2%})"
    )
    choices = {"tuning": f"{tried}; {said}; {'what was found is used' if kept else 'the defaults are used'}"}
    return (tuned, margins, levels, choices) if kept else (tuned.untuned(), untuned, its_levels, choices)


def choose_season(recipe: Recipe, margins: Floats, expected: dict[str, Season], asked: Frame) -> tuple[str, str]:
    """The rule for the level, and why: the most trusted one that no other beats by more than chance.

    One date cannot tell much about seasons: what happened a year ago is believed, and where it is clearly wrong, corrected.
    """
    misses = {rule: miss_of(margins + season.at(asked.rows), asked.outcomes, recipe.link) for rule, season in expected.items()}
    least = min(miss for miss, _ in misses.values())
    rule = next(rule for rule, (miss, error) in misses.items() if miss <= least + SURE * error)
    if rule != YEAR_AGO and YEAR_AGO in misses and YEAR_AGO_CORRECTED not in misses:  # it needs one horizon more
        rule = YEAR_AGO_CORRECTED
    said = ", ".join(f"{name} {miss:.3f}" for name, (miss, _) in misses.items())
    return rule, f"off on {asked.as_of[0]} by where the level is taken from, on the scale of margins: {said}; {rule} is used"


def spread_of(platt: Calibrator, margins: Floats) -> Calibrator:
    """The slopes of a calibrator, with intercepts that leave the mean probability of each output where it is."""
    means = inverse_link(margins, "sigmoid").mean(axis=0)
    shifts = [shift_to_mean(slope * margins[:, k], float(means[k])) for k, slope in enumerate(platt.slopes)]
    intercepts = tuple(0.0 if slope == 1 else shift for slope, shift in zip(platt.slopes, shifts, strict=True))
    return Calibrator(link="sigmoid", slopes=platt.slopes, intercepts=intercepts)


def fit_tuned(recipe: Recipe, frame: Frame, tuned: Tuned, settings: TrainingSettings) -> xgb.Booster:
    """A booster with the tuned parameters and the rounds that many rows deserve."""
    return fit_booster(recipe, frame, tuned.parameters, tuned.rounds_for(len(frame.rows)), settings)


def fit_prior(frame: Frame, fitted_on: tuple[date, ...]) -> Prior:
    """The prior from the latest of the dates: it has the longest history, and needs no label."""
    return Prior.fit(frame.at(fitted_on[-1]).rows, frame.horizon_days)


def rehearsed_on(roles: Roles) -> tuple[date, ...]:
    """The dates whose label windows closed by the calibrate date: those up to the tune date."""
    return tuple(as_of for as_of in roles.fitted_on if as_of <= roles.tune)


def fitted_and_asked(
    recipe: Recipe, frame: Frame, fitted_on: tuple[date, ...], asked: date, tuned: Tuned, settings: TrainingSettings
) -> tuple[Floats, Levels]:
    """The margins, on one date, of a model fitted on others (prior, then booster), and the levels of those others.

    What level the asked date has is not in the margins.
    """
    prior = fit_prior(frame, fitted_on)
    booster, levels = fit_level_free(recipe, frame.at(*fitted_on).with_prior(prior, recipe), tuned, settings)
    return raw_margins(booster, frame.at(asked).with_prior(prior, recipe), settings), levels


def fit_level_free(recipe: Recipe, frame: Frame, tuned: Tuned, settings: TrainingSettings) -> tuple[xgb.Booster, Levels]:
    """A booster that has learned what sets customers of one date apart, and how high each date stood."""
    levels = date_levels(frame, frame.starts(), recipe.link)
    return fit_tuned(recipe, on_their_levels(frame, levels), tuned, settings), levels
