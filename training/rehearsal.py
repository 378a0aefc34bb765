"""Rehearse the judged date one horizon earlier: what is chosen is chosen there, with the embargo kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import xgboost as xgb
from sklearn.metrics import mean_tweedie_deviance

from features.rfm import DAY_OF_YEAR
from models.calibration import Calibrator, Floats, fit_platt, uncalibrated
from models.clv import TWEEDIE_VARIANCE_POWER
from models.contract import Roles
from models.intervals import Intervals
from models.prior import Prior
from models.recipe import Recipe
from training.fitting import fit_booster, log_loss, raw_margins
from training.frame import Frame
from training.settings import TrainingSettings
from training.tuning import Tuned

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Rehearsed:
    """What the rehearsal chose, and why, in sentences."""

    left_out: tuple[str, ...]  # features that did not help
    calibrator: Calibrator
    intervals: Intervals | None
    choices: dict[str, str]


def rehearse(recipe: Recipe, frame: Frame, roles: Roles, tuned: Tuned, settings: TrainingSettings) -> Rehearsed:
    """Is the season worth knowing, does calibration help, how far do outcomes stray: asked of the calibrate date."""
    fitted_on = rehearsed_on(roles)
    margins, left_out, choices = _with_or_without_season(recipe, frame, roles, tuned, settings)
    plain = uncalibrated(recipe.link, margins.shape[1])
    outcomes = frame.at(roles.calibrate).outcomes
    if recipe.link == "exp":
        served = plain.served(margins)[:, 0]
        intervals = Intervals.fit(served, outcomes[:, 0], settings.interval_coverage)
        choices["interval"] = (
            f"conformal, from {len(served):,} customers on {roles.calibrate}, fitted on dates to {fitted_on[-1]}"
        )
        return Rehearsed(left_out, plain, intervals, choices)
    # Platt scaling from the tune date has to help one horizon later, with a booster that knows one horizon more:
    # that is how it would be used. Only then is it fitted again, on the calibrate date.
    earlier = fitted_and_asked(recipe, frame.without(*left_out), roles.tuned_on, roles.tune, tuned, settings)
    platt = fit_platt(earlier, frame.at(roles.tune).outcomes)
    raw_loss, platt_loss = log_loss(plain.linear(margins), outcomes), log_loss(platt.linear(margins), outcomes)
    kept = platt_loss < raw_loss
    said = f"log-loss on {roles.calibrate}: {raw_loss:.4f} as fitted, {platt_loss:.4f} with Platt scaling from {roles.tune}"
    choices["calibration"] = f"{said}; {'Platt scaling is used' if kept else 'the booster is left as it is'}"
    return Rehearsed(left_out, fit_platt(margins, outcomes) if kept else plain, None, choices)


def fit_tuned(recipe: Recipe, frame: Frame, tuned: Tuned, settings: TrainingSettings) -> xgb.Booster:
    """A booster with the tuned parameters and the rounds that many rows deserve."""
    return fit_booster(recipe, frame, tuned.parameters, tuned.rounds_for(len(frame.rows)), settings)


def fit_prior(frame: Frame, fitted_on: tuple[date, ...]) -> Prior:
    """The prior from the latest of the dates: it has the longest history, and needs no label."""
    return Prior.fit(frame.at(fitted_on[-1]).rows, frame.horizon_days)


def rehearsed_on(roles: Roles) -> tuple[date, ...]:
    """The dates whose label windows closed by the calibrate date: those up to the tune date."""
    return tuple(as_of for as_of in roles.fitted_on if as_of <= roles.tune)


def season_was_seen(fitted_on: tuple[date, ...], when: date) -> bool:
    """Whether the dates to fit on reach back to the same season of the year before, give or take one step of the grid."""
    step = fitted_on[1] - fitted_on[0] if len(fitted_on) > 1 else timedelta(0)
    return fitted_on[0] <= when - YEAR + step


def fitted_and_asked(
    recipe: Recipe, frame: Frame, fitted_on: tuple[date, ...], asked: date, tuned: Tuned, settings: TrainingSettings
) -> Floats:
    """The margins, on one date, of a model fitted on others: prior, then booster."""
    prior = fit_prior(frame, fitted_on)
    booster = fit_tuned(recipe, frame.at(*fitted_on).with_prior(prior, recipe), tuned, settings)
    return raw_margins(booster, frame.at(asked).with_prior(prior, recipe), settings)


def _with_or_without_season(
    recipe: Recipe, frame: Frame, roles: Roles, tuned: Tuned, settings: TrainingSettings
) -> tuple[Floats, tuple[str, ...], dict[str, str]]:
    """The calibrate date's margins with the day of the year as a feature or without, whichever lost less."""
    fitted_on, outcomes = rehearsed_on(roles), frame.at(roles.calibrate).outcomes
    without = fitted_and_asked(recipe, frame.without(DAY_OF_YEAR), fitted_on, roles.calibrate, tuned, settings)
    if not season_was_seen(fitted_on, roles.calibrate):
        return (
            without,
            (DAY_OF_YEAR,),
            {"season": "the day of the year is left out: the history is too short to have seen a season twice"},
        )
    knowing = fitted_and_asked(recipe, frame, fitted_on, roles.calibrate, tuned, settings)
    loss_without, loss_knowing = (_loss(recipe, margins, outcomes) for margins in (without, knowing))
    kept = loss_knowing < loss_without
    said = f"loss on {roles.calibrate}: {loss_without:.4f} without the day of the year, {loss_knowing:.4f} with it"
    choices = {"season": f"{said}; it is {'used' if kept else 'left out'}"}
    return (knowing, (), choices) if kept else (without, (DAY_OF_YEAR,), choices)


def _loss(recipe: Recipe, margins: Floats, outcomes: Floats) -> float:
    """Log-loss or Tweedie deviance, the level included: the season is a matter of level."""
    if recipe.link == "exp":
        return float(mean_tweedie_deviance(np.maximum(outcomes[:, 0], 0), np.exp(margins[:, 0]), power=TWEEDIE_VARIANCE_POWER))
    return log_loss(margins, outcomes)
