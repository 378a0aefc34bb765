"""Fit boosters, and measure them without minding the level: how many buy in spring must not tune an autumn's model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from features.problems import BadInput
from features.rfm import DAY_OF_YEAR
from models.bundle import margins
from models.calibration import inverse_link
from models.contract import Link
from models.recipe import Parameters, Recipe
from training.frame import Frame
from training.settings import TrainingSettings

Floats = NDArray[np.float64]
PATIENCE_ROUNDS = 30


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
    told: dict[str, object] = dict(booster_parameters(recipe, parameters, settings))
    if recipe.season_moves_all_alike and DAY_OF_YEAR in frame.rows.columns:
        others = [name for name in frame.rows.columns if name != DAY_OF_YEAR]
        told["interaction_constraints"] = [[DAY_OF_YEAR], others]
    return xgb.train(told, _matrix(recipe, frame, settings), num_boost_round=rounds)


def booster_parameters(recipe: Recipe, parameters: Parameters, settings: TrainingSettings) -> Parameters:
    """Everything the booster is told. No class weights: they would spoil the probabilities."""
    common: Parameters = {
        "learning_rate": settings.learning_rate or recipe.learning_rate,
        "tree_method": "hist",
        "seed": settings.seed,
        "nthread": settings.threads,
        "verbosity": 1,
    }
    return {**common, **recipe.fixed, **parameters}


def raw_margins(booster: xgb.Booster, frame: Frame, settings: TrainingSettings) -> Floats:
    """The booster's margins for the rows of a frame, one column per output."""
    names, values = list(frame.rows.columns), frame.rows.to_numpy(dtype=np.float32)
    return margins(booster, xgb.DMatrix(values, feature_names=names, base_margin=frame.start, nthread=settings.threads))


def level_free_loss(margins: Floats, outcomes: Floats, link: Link) -> float:
    """The log-loss (for amounts the weighted absolute error) after shifting each output's margins so that the total is right.

    With the total right an absolute error is no longer lowered by predicting too little for everybody, and unlike a
    likelihood it can be compared between distributions and is not decided by the few largest customers.
    """
    losses = [_loss(margins[:, k], outcomes[:, k], link) for k in range(margins.shape[1])]
    return float(np.mean(losses))


def _loss(margin: Floats, outcome: Floats, link: Link) -> float:
    if link == "exp":
        amount, predicted = np.maximum(outcome, 0), np.exp(margin)
        if not amount.any():
            raise BadInput("the customers brought nothing after the tune date: there is nothing to choose parameters by")
        return float(np.abs(amount - predicted * amount.sum() / predicted.sum()).sum() / amount.sum())
    return log_loss(margin + _shift_to_mean(margin, float(outcome.mean())), outcome)


def log_loss(margins: Floats, outcomes: Floats) -> float:
    """The mean log-loss of log-odds."""
    return float(np.mean(np.logaddexp(0, margins) - outcomes * margins))


def _shift_to_mean(margin: Floats, mean: float) -> float:
    """The intercept with which the probabilities average to `mean`, by Newton's method from the mean margin."""
    mean = min(max(mean, 1e-6), 1 - 1e-6)
    shift = float(np.log(mean / (1 - mean)) - margin.mean())
    for _ in range(20):
        probability = inverse_link(margin + shift, "sigmoid")
        step = (mean - probability.mean()) / max(float((probability * (1 - probability)).mean()), 1e-9)
        shift += float(np.clip(step, -2, 2))
        if abs(step) < 1e-9:
            break
    return shift


def _matrix(recipe: Recipe, frame: Frame, settings: TrainingSettings, ref: xgb.DMatrix | None = None) -> xgb.QuantileDMatrix:
    outcomes = np.maximum(frame.outcomes, 0) if recipe.link == "exp" else frame.outcomes
    label = outcomes[:, 0] if outcomes.shape[1] == 1 else outcomes
    return xgb.QuantileDMatrix(
        frame.rows.to_numpy(dtype=np.float32),
        label=label,
        feature_names=list(frame.rows.columns),
        base_margin=frame.start,
        nthread=settings.threads,
        ref=ref,
    )
