"""Fit the linear half of a model by Fisher scoring: ridge regression with a link, starting from a frame's margins."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.bundle import booster_columns
from models.contract import Link
from models.linear import Linear, Scales, signed_log
from models.recipe import Recipe
from training.frame import Frame

Floats = NDArray[np.float64]
STEPS_MAX = 25
CLOSE_ENOUGH = 1e-5  # of the loss
FARTHEST_MARGIN = 30.0


def fit_linear(recipe: Recipe, frame: Frame) -> Linear:
    """The weights with the least penalised loss: log-loss, or a Tweedie deviance for amounts (below zero counts as zero).

    The penalty is the recipe's `ridge` per row on the sum of squared weights, so that twice the rows need no other one.
    """
    read = booster_columns(frame.rows)
    scales = fit_scales(read)
    standardised, starts = scales.standardised(read), frame.starts()
    fitted = [_fisher_scoring(standardised, frame.outcomes[:, k], starts[:, k], recipe) for k in range(frame.outcomes.shape[1])]
    return Linear(
        **dict(scales),
        weights=tuple(tuple(map(float, weights[1:])) for weights in fitted),
        intercepts=tuple(float(weights[0]) for weights in fitted),
    )


def fit_scales(read: pd.DataFrame) -> Scales:
    """The scales on which the columns have mean 0 and deviation 1; what is infinite is held within the others."""
    logs = signed_log(read.to_numpy(dtype=np.float64))
    finite = np.where(np.isfinite(logs), logs, np.nan)
    known = ~np.isnan(finite).all(axis=0)
    medians, lowest, highest = np.zeros((3, logs.shape[1]))
    for scale, of in ((medians, np.nanmedian), (lowest, np.nanmin), (highest, np.nanmax)):
        scale[known] = of(finite[:, known], axis=0)
    filled = np.clip(np.where(np.isnan(logs), medians, logs), lowest, highest)
    means, deviations = filled.mean(axis=0), filled.std(axis=0)
    varies = deviations > 1e-9
    per_unit = np.where(varies, 1 / np.where(varies, deviations, 1), 0.0)
    found = (tuple(map(float, scale)) for scale in (medians, lowest, highest, means, per_unit))
    return Scales(columns=tuple(read.columns), **dict(zip(list(Scales.model_fields)[1:], found, strict=True)))


def _fisher_scoring(standardised: Floats, outcome: Floats, start: Floats, recipe: Recipe) -> Floats:
    """Intercept and weights; a step that does not lower the loss is halved."""
    inputs = np.hstack([np.ones((len(standardised), 1)), standardised])
    penalty = np.full(inputs.shape[1], recipe.ridge)
    penalty[0] = 0.0
    outcome = np.maximum(outcome, 0) if recipe.link == "exp" else outcome
    power = float(recipe.fixed.get("tweedie_variance_power", 1.5))
    weights = np.zeros(inputs.shape[1])
    loss = _loss(start, outcome, recipe.link, power)
    for _ in range(STEPS_MAX):
        slope, curvature = _derivatives(start + inputs @ weights, outcome, recipe.link, power)
        normal = (inputs * curvature[:, None]).T @ inputs / len(inputs)
        normal[np.diag_indices_from(normal)] += penalty + 1e-9
        step = np.linalg.solve(normal, inputs.T @ slope / len(inputs) + penalty * weights)
        for _ in range(20):
            found = _loss(start + inputs @ (weights - step), outcome, recipe.link, power) + _half(penalty, weights - step)
            if found <= loss:
                break
            step = step / 2
        else:
            break
        weights, gained, loss = weights - step, loss - found, found
        if gained <= CLOSE_ENOUGH * abs(loss):
            break
    return weights


def _half(penalty: Floats, weights: Floats) -> float:
    return float((penalty * weights**2).sum() / 2)


def _loss(margin: Floats, outcome: Floats, link: Link, power: float) -> float:
    margin = np.clip(margin, -FARTHEST_MARGIN, FARTHEST_MARGIN)
    if link == "sigmoid":
        return float(np.mean(np.logaddexp(0, margin) - outcome * margin))
    size = max(float(outcome.mean()), 1e-9) ** (2 - power)
    return float(
        np.mean(np.exp((2 - power) * margin) / (2 - power) + outcome * np.exp((1 - power) * margin) / (power - 1)) / size
    )


def _derivatives(margin: Floats, outcome: Floats, link: Link, power: float) -> tuple[Floats, Floats]:
    """The first derivative of the loss by the margin, and what to expect of the second one."""
    margin = np.clip(margin, -FARTHEST_MARGIN, FARTHEST_MARGIN)
    if link == "sigmoid":
        probability = 1 / (1 + np.exp(-margin))
        return probability - outcome, probability * (1 - probability)
    size = max(float(outcome.mean()), 1e-9) ** (2 - power)
    expected: Floats = np.exp((2 - power) * margin)
    return (expected - outcome * np.exp((1 - power) * margin)) / size, expected / size
