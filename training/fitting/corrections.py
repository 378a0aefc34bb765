"""Fit corrections, and measure them without minding the level: how many buy in spring must not tune an autumn's model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from features.problems import BadInput
from models.bundle import blend, booster_columns, margins, matrix
from models.contract import Link
from models.inputs import booster_numbers
from models.linear import Linear
from models.recipe import Parameters, Recipe
from training.fitting.levels import level_of
from training.frame import Frame
from training.settings import TrainingSettings

Floats = NDArray[np.float64]
PATIENCE_ROUNDS = 30
BINS = 64  # per column: as good as 256 on inner dates, and a third faster with many outputs


@dataclass(frozen=True)
class Matrices:
    """A frame as the booster reads it, binned once and used by every trial."""

    fit: xgb.QuantileDMatrix
    tune: xgb.QuantileDMatrix


def matrices(recipe: Recipe, fit: Frame, tune: Frame, settings: TrainingSettings) -> Matrices:
    """Bin the rows to fit on, and those to tune on with the same bins."""
    binned = _matrix(recipe, fit, settings)
    return Matrices(binned, _matrix(recipe, tune, settings, ref=binned))


def fit_booster(recipe: Recipe, frame: Frame, parameters: Parameters, rounds: int, settings: TrainingSettings) -> xgb.Booster:
    """A booster on all rows of a frame with a fixed number of rounds."""
    booster = xgb.train(booster_parameters(recipe, parameters, settings), _matrix(recipe, frame, settings), rounds)
    booster.feature_names = list(booster_columns(frame.rows).columns)  # told last: every round would read them all
    return booster


def booster_parameters(recipe: Recipe, parameters: Parameters, settings: TrainingSettings) -> Parameters:
    """Everything the booster is told. No class weights: they would spoil the probabilities."""
    common: Parameters = {
        "learning_rate": settings.learning_rate or recipe.learning_rate,
        "tree_method": "hist",
        "max_bin": BINS,
        "base_score": 1.0 if recipe.link == "exp" else 0.5,  # a margin of 0: where to start from is the frame's to say
        "seed": settings.seed,
        "nthread": settings.threads,
        "verbosity": 1,
    }
    return {**common, **recipe.fixed, **parameters}


@dataclass(frozen=True)
class Correction:
    """What a model has learned beyond where customers start from: trees, and a linear half."""

    booster: xgb.Booster
    linear: Linear

    def of(self, frame: Frame, settings: TrainingSettings) -> Corrected:
        """The rows of a frame with both corrections."""
        return Corrected(frame, tree_margins(self.booster, frame, settings), self.linear.margins(frame.rows))


@dataclass(frozen=True)
class Corrected:
    """A frame, and by how much trees and linear half would move its margins: rows x outputs each."""

    frame: Frame
    trees: Floats
    linear: Floats

    def margins(self, linear_share: float) -> Floats:
        """Where the rows start from, corrected."""
        return self.frame.starts() + blend(linear_share, self.trees, self.linear)


def tree_margins(booster: xgb.Booster, frame: Frame, settings: TrainingSettings) -> Floats:
    """The booster's correction for the rows of a frame, one column per output."""
    return margins(booster, matrix(frame.rows, settings.threads))


def level_free_loss(margins: Floats, outcomes: Floats, link: Link) -> float:
    """The log-loss (for amounts a Tweedie deviance) after shifting each output's margins so that the total is right.

    The deviance is that of variance power 1.5, whatever power was fitted: 4 (sqrt(m) - sqrt(y))^2 / sqrt(m), in
    units of the square root of the mean amount. It is least for whoever predicts the mean (Gneiting 2011, Making and
    evaluating point forecasts), which an absolute error is not where most customers bring nothing: that one is lowered by
    giving the money to too few (docs/decisions/0012).
    """
    return float(level_free_losses(margins, outcomes, link).mean())


def level_free_losses(margins: Floats, outcomes: Floats, link: Link) -> Floats:
    """What each customer adds to `level_free_loss`, which is the mean of it."""
    losses = [_losses(margins[:, k], outcomes[:, k], link) for k in range(margins.shape[1])]
    each: Floats = np.mean(losses, axis=0)
    return each


def _losses(margin: Floats, outcome: Floats, link: Link) -> Floats:
    if link == "exp":
        amount, predicted = np.maximum(outcome, 0), np.exp(margin)
        if not amount.any():
            raise BadInput("the customers brought nothing after the tune date: there is nothing to choose parameters by")
        placed = predicted * amount.sum() / predicted.sum()
        deviances: Floats = 4 * (np.sqrt(placed) - np.sqrt(amount)) ** 2 / np.sqrt(placed * amount.mean())
        return deviances
    return log_losses(margin + level_of(margin, outcome, link), outcome)


def log_losses(margins: Floats, outcomes: Floats) -> Floats:
    """The log-loss of each customer's log-odds, the mean over outputs."""
    losses: Floats = np.logaddexp(0, margins) - outcomes * margins
    return losses if losses.ndim == 1 else losses.mean(axis=1)


def _matrix(recipe: Recipe, frame: Frame, settings: TrainingSettings, ref: xgb.DMatrix | None = None) -> xgb.QuantileDMatrix:
    outcomes = np.maximum(frame.outcomes, 0) if recipe.link == "exp" else frame.outcomes
    label = outcomes[:, 0] if outcomes.shape[1] == 1 else outcomes
    read = booster_columns(frame.rows)
    return xgb.QuantileDMatrix(
        booster_numbers(read.to_numpy(np.float64)),
        label=label,
        base_margin=frame.start,
        max_bin=BINS,
        nthread=settings.threads,
        ref=ref,
    )
