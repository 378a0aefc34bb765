"""Known directions: trees that may not say that fewer orders mean staying, where keeping to that costs next to nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from sklearn.metrics import roc_auc_score

from models.bundle import booster_columns
from models.calibration import Floats
from models.contract import Task
from models.recipe import Recipe
from training.fitting.corrections import fit_booster, level_free_losses, tree_margins
from training.fitting.tuning import Tuned
from training.folds import Fold
from training.settings import TrainingSettings

COST_MAX = 0.001  # of AUC; for amounts of the loss
CHURN_SIGN = -1  # what goes with staying and buying goes against leaving


def monotone_if_cheap(
    recipe: Recipe, asked: Sequence[Fold], tuned: Tuned, directions: Mapping[str, int], settings: TrainingSettings
) -> Tuned:
    """The same with the known directions as constraints of the trees, unless they cost more than 0.001 of AUC where it asks.

    For amounts the loss may not rise by more than 0.1 %. Prior and linear half are left alone.
    """
    signs = _signs(recipe.task, list(booster_columns(asked[0].fit.rows).columns), directions)
    if not any(signs):
        return tuned
    text = "(" + ",".join(map(str, signs)) + ")"
    free, bound = (_asked_margins(recipe, asked, replace(tuned, constraints=each), settings) for each in ("", text))
    outcomes = np.concatenate([fold.asked.outcomes for fold in asked])
    cost = _cost(recipe, outcomes, free, bound)
    kept = cost <= COST_MAX
    unit = "of AUC" if recipe.link == "sigmoid" else "of the loss"
    said = f"{sum(map(abs, signs))} known directions cost {cost:+.4f} {unit} in the trees"
    said = f"{said}; they are {'kept to' if kept else 'not kept to'}"
    return replace(tuned, constraints=text if kept else "", constraints_said=said)


def _signs(task: Task, columns: list[str], directions: Mapping[str, int]) -> list[int]:
    return [directions.get(name, 0) * (CHURN_SIGN if task == "churn" else 1) for name in columns]


def _asked_margins(recipe: Recipe, asked: Sequence[Fold], tuned: Tuned, settings: TrainingSettings) -> Floats:
    parts = []
    for fold in asked:
        booster = fit_booster(recipe, fold.fit, tuned.all_parameters(), tuned.rounds_for(len(fold.fit.rows)), settings)
        parts.append(fold.asked.starts() + tree_margins(booster, fold.asked, settings))
    return np.concatenate(parts)


def _cost(recipe: Recipe, outcomes: Floats, free: Floats, bound: Floats) -> float:
    if recipe.link == "exp":
        losses = [level_free_losses(each, outcomes, recipe.link).mean() for each in (free, bound)]
        return float(losses[1] / losses[0] - 1)
    told = [k for k in range(outcomes.shape[1]) if 0 < outcomes[:, k].mean() < 1]
    aucs = [[roc_auc_score(outcomes[:, k], each[:, k]) for k in told] for each in (free, bound)]
    return float(np.mean(aucs[0]) - np.mean(aucs[1])) if told else 0.0
