"""Rehearse the judged date one horizon earlier: what is chosen is chosen there, with the embargo kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import xgboost as xgb

from models.calibration import Calibrator, Floats, fit_platt, inverse_link, uncalibrated
from models.contract import Link, Roles
from models.intervals import Intervals
from models.prior import RHYTHM, Prior
from models.recipe import Recipe
from training.fitting.corrections import Corrected, Correction, fit_booster, level_free_losses, log_losses
from training.fitting.levels import (
    UNTRIED,
    YEAR_AGO,
    YEAR_AGO_CORRECTED,
    Levels,
    date_levels,
    miss_of,
    on_their_levels,
    seasons,
    shift_to_mean,
)
from training.fitting.linear import fit_linear
from training.fitting.tuning import Tuned
from training.folds import Fold, folds, together
from training.frame import Frame
from training.settings import TrainingSettings

SURE = 1.96  # standard errors on either side of a 95 % interval
# How much of the correction the linear half may make: the mean of both halves is believed until one is surely better.
LINEAR_SHARES = {"the mean of trees and linear half": 0.5, "trees": 0.0, "linear half": 1.0}


@dataclass(frozen=True)
class Rehearsed:
    """What the rehearsal chose, and why, in sentences."""

    tuned: Tuned  # or the defaults, where tuning bought nothing
    linear_share: float
    season: str  # the rule by which the level of a date is expected, of `levels.seasons`
    calibrator: Calibrator
    intervals: Intervals | None
    choices: dict[str, str]
    levelled: tuple[Levelled, ...] = field(default=(), compare=False)  # the latest first


@dataclass(frozen=True)
class Levelled:
    """The customers of an inner date, with margins of a model fitted without them, on the level they turned out to have."""

    frame: Frame
    margins: Floats

    @property
    def as_of(self) -> date:
        """The date."""
        found: date = self.frame.as_of[0]
        return found


@dataclass(frozen=True)
class Asked:
    """The customers of an asked date, corrected by models that were fitted without them."""

    corrected: Corrected
    levels: dict[str, Floats]  # by rule, what level was to be expected: rows x outputs

    @property
    def frame(self) -> Frame:
        """The customers, and what they did."""
        return self.corrected.frame


def rehearse(recipe: Recipe, frame: Frame, roles: Roles, tuned: Tuned, settings: TrainingSettings) -> Rehearsed:
    """Did tuning help, which half to believe, which level to expect, does calibration help, how far do outcomes stray."""
    prepared = folds(frame, roles.rehearsed_on, roles.calibrate)
    tuned, asked, choices = _tuned_or_not(recipe, prepared, tuned, settings)
    if tuned.constraints_said:
        choices["monotone"] = tuned.constraints_said
    share, choices["blend"] = choose_share(recipe.link, asked)
    margins = asked.corrected.margins(share)
    rule, choices["season"] = _choose_season(recipe, margins, asked.levels, asked.frame)
    found = Rehearsed(tuned, share, rule, uncalibrated(recipe.link, margins.shape[1]), None, choices)
    earlier = None
    if roles.tune != roles.calibrate:
        earlier = on_its_level(recipe, ask(recipe, folds(frame, roles.tuned_on, roles.tune), tuned, settings), share)
    inner = [on_its_level(recipe, asked, share), *([earlier] if earlier else [])]
    if recipe.link == "exp":
        return with_intervals(found, inner, settings)
    margins = margins + asked.levels.get(rule, _right(recipe, margins, asked.frame))
    calibrator, choices["calibration"] = _calibrated(recipe, earlier, Levelled(asked.frame, margins))
    levelled = tuple(replace(each, margins=calibrator.linear(each.margins)) for each in inner)
    return replace(found, calibrator=calibrator, levelled=levelled)


def with_intervals(found: Rehearsed, inner: Sequence[Levelled], settings: TrainingSettings) -> Rehearsed:
    """How far outcomes stray on inner dates; how high a date turned out to stand is one number, and no measure of that."""
    served = np.concatenate([found.calibrator.served(each.margins)[:, 0] for each in inner])
    outcomes = np.concatenate([each.frame.outcomes[:, 0] for each in inner])
    windows = " and ".join(f"{len(each.margins):,} in the {each.frame.horizon_days} days from {each.as_of}" for each in inner)
    said = f"conformal, from customers on inner dates ({windows}), by models fitted without them and on the level of each date"
    intervals = Intervals.fit(served, outcomes, settings.interval_coverage)
    return replace(found, intervals=intervals, choices=found.choices | {"interval": said})


def _tuned_or_not(
    recipe: Recipe, prepared: Sequence[Fold], tuned: Tuned, settings: TrainingSettings
) -> tuple[Tuned, Asked, dict[str, str]]:
    """The tuned parameters if they also did better on the calibrate date, which had no say in them; else the defaults."""
    tried = f"parameters tried: {tuned.trials}, of them stopped early: {tuned.pruned}"
    asked = ask(recipe, prepared, tuned, settings)
    if not tuned.is_tuned:
        return tuned, asked, {"tuning": f"{tried}; none did better than the defaults"}
    untuned = ask(recipe, prepared, tuned.untuned(), settings)
    outcomes = asked.frame.outcomes
    default_losses, losses = (
        level_free_losses(each.corrected.margins(0.0), outcomes, recipe.link) for each in (untuned, asked)
    )
    change, error = _change(losses, default_losses)
    kept = bool(change < 0)
    said = f"the loss on {asked.frame.as_of[0]} changes by {_with_error(change, error)}"
    choices = {"tuning": f"{tried}; {said}; {'what was found is used' if kept else 'the defaults are used'}"}
    return (tuned, asked, choices) if kept else (tuned.untuned(), untuned, choices)


def choose_share(link: Link, asked: Asked) -> tuple[float, str]:
    """How much of the correction the linear half makes, and why: the mean, unless one half alone is surely better."""
    losses = {
        name: level_free_losses(asked.corrected.margins(share), asked.frame.outcomes, link)
        for name, share in LINEAR_SHARES.items()
    }
    mean, *halves = losses
    used = mean
    said = []
    for half in halves:
        change, error = _change(losses[half], losses[mean])
        said.append(f"{half} alone: {_with_error(change, error)}")
        if change + error < 0 and losses[half].mean() < losses[used].mean():
            used = half
    return LINEAR_SHARES[used], (
        f"change of the loss on {asked.frame.as_of[0]} against {mean}, by {'; by '.join(said)}; {used} is used"
    )


def _change(losses: Floats, against: Floats) -> tuple[float, float]:
    """By which share the mean loss changes, and how far that is uncertain."""
    gains, size = losses - against, against.mean()
    return float(gains.mean() / size), float(SURE * gains.std() / np.sqrt(len(gains)) / size)


def _with_error(change: float, error: float) -> str:
    return f"{change:+.2%} (95 % interval {change - error:+.2%} to {change + error:+.2%})"


def _choose_season(recipe: Recipe, margins: Floats, levels: dict[str, Floats], asked: Frame) -> tuple[str, str]:
    """The rule for the level, and why: the most trusted one that no other beats by more than chance.

    One date cannot tell much about seasons: what happened a year ago is believed, and where it is clearly wrong, corrected.
    Where no year ago is known, it cannot tell which other rule is right on another day of the year: all are believed a little.
    """
    misses = {rule: miss_of(margins + level, asked.outcomes, recipe.link) for rule, level in levels.items()}
    least = min(miss for miss, _ in misses.values())
    rule = next(rule for rule, (miss, error) in misses.items() if miss <= least + SURE * error)
    if rule != YEAR_AGO and YEAR_AGO in misses and YEAR_AGO_CORRECTED not in misses:  # it needs one horizon more
        rule = YEAR_AGO_CORRECTED
    said = ", ".join(f"{name} {miss:.3f}" for name, (miss, _) in misses.items())
    if YEAR_AGO not in misses:
        return UNTRIED, (
            f"off on {asked.as_of[0]} by where the level is taken from, on the scale of margins: {said}; no window of a "
            "year ago was known there, so the mean of all rules is used"
        )
    return rule, f"off on {asked.as_of[0]} by where the level is taken from, on the scale of margins: {said}; {rule} is used"


def _right(recipe: Recipe, margins: Floats, asked: Frame) -> Floats:
    """What a year ago missed by here is what it is to be corrected by: corrected, it is right here."""
    levels = date_levels(asked, margins, recipe.link)
    return np.stack([levels[as_of] for as_of in asked.as_of])


def on_its_level(recipe: Recipe, asked: Asked, share: float) -> Levelled:
    """The asked customers, on the level that their date turned out to have."""
    margins = asked.corrected.margins(share)
    return Levelled(asked.frame, margins + _right(recipe, margins, asked.frame))


def _calibrated(recipe: Recipe, earlier: Levelled | None, asked: Levelled) -> tuple[Calibrator, str]:
    """Platt scaling if its spread helps where it was not fitted, else nothing.

    The spread found on the tune date has to help one horizon later, with a model that knows one horizon more: that is how it
    would be used. Only then is it fitted again, on the calibrate date. Where there is no earlier date, one half of the
    customers has to help the other.
    """
    margins, outcomes = asked.margins, asked.frame.outcomes
    if earlier is None:
        half = np.arange(len(margins)) % 2 == 0
        found, where = fit_platt(margins[half], outcomes[half]), "the other half of its customers"
        on, happened = margins[~half], outcomes[~half]
    else:
        found, where = fit_platt(earlier.margins, earlier.frame.outcomes), str(earlier.as_of)
        on, happened = margins, outcomes
    plain, spread = uncalibrated(recipe.link, margins.shape[1]), spread_of(found, on)
    raw_loss, spread_loss = (log_losses(each.linear(on), happened).mean() for each in (plain, spread))
    kept = bool(spread_loss < raw_loss)
    said = f"log-loss on {asked.as_of}: {raw_loss:.4f} as fitted, {spread_loss:.4f} with Platt scaling from {where}"
    said = f"{said}; {'Platt scaling is used' if kept else 'the margins are left as they are'}"
    return spread_of(fit_platt(margins, outcomes), margins) if kept else plain, said


def spread_of(platt: Calibrator, margins: Floats) -> Calibrator:
    """The slopes of a calibrator, with intercepts that leave the mean probability of each output where it is."""
    means = inverse_link(margins, "sigmoid").mean(axis=0)
    shifts = [shift_to_mean(slope * margins[:, k], float(means[k])) for k, slope in enumerate(platt.slopes)]
    intercepts = tuple(0.0 if slope == 1 else shift for slope, shift in zip(platt.slopes, shifts, strict=True))
    return Calibrator(link="sigmoid", slopes=platt.slopes, intercepts=intercepts)


def ask(recipe: Recipe, prepared: Sequence[Fold], tuned: Tuned, settings: TrainingSettings) -> Asked:
    """The asked customers of every fold, corrected by a model fitted on the fold's other rows."""
    parts: list[Corrected] = []
    levels: dict[str, list[Floats]] = {}
    for fold in prepared:
        prior = fit_prior(fold.fit)
        correction, fitted_levels = fit_level_free(recipe, fold.fit.with_prior(prior, recipe), tuned, settings)
        parts.append(correction.of(fold.asked.with_prior(prior, recipe), settings))
        expected = seasons(fitted_levels, fold.asked.as_of[0], from_prior=recipe.starts_from_prior)
        for rule, season in expected.items():
            levels.setdefault(rule, []).append(season.at(fold.asked.rows))
    corrected = Corrected(
        together([part.frame for part in parts]),
        np.concatenate([part.trees for part in parts]),
        np.concatenate([part.linear for part in parts]),
    )
    return Asked(corrected, {rule: np.concatenate(found) for rule, found in levels.items() if len(found) == len(parts)})


def with_levels(recipe: Recipe, fold: Fold) -> Fold:
    """A fold as tuning uses it: with the prior's columns and expectation, and each date to fit on starting from its level."""
    prior = fit_prior(fold.fit)
    fit = fold.fit.with_prior(prior, recipe)
    fit = on_their_levels(fit, date_levels(fit, fit.starts(), recipe.link))
    return Fold(fit, fold.asked.with_prior(prior, recipe))


def fit_prior(frame: Frame) -> Prior | None:
    """The prior from the latest date of a frame: it has the longest history, and needs no label. None without orders."""
    if not set(RHYTHM) <= set(frame.rows.columns):
        return None
    return Prior.fit(frame.at(max(frame.as_of)).rows, frame.horizon_days)


def fit_tuned(recipe: Recipe, frame: Frame, tuned: Tuned, settings: TrainingSettings) -> xgb.Booster:
    """A booster with the tuned parameters and the rounds that many rows deserve."""
    return fit_booster(recipe, frame, tuned.all_parameters(), tuned.rounds_for(len(frame.rows)), settings)


def fit_level_free(recipe: Recipe, frame: Frame, tuned: Tuned, settings: TrainingSettings) -> tuple[Correction, Levels]:
    """What sets customers of one date apart, as trees and as weights, and how high each date stood."""
    levels = date_levels(frame, frame.starts(), recipe.link)
    placed = on_their_levels(frame, levels)
    linear = fit_linear(replace(recipe, ridge=tuned.ridge), placed)
    return Correction(fit_tuned(recipe, placed, tuned, settings), linear), levels
