"""What the three recipes have in common: a target in words, an objective, and a search space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from features.snapshots import Manifest
from models.contract import Link, Output, Task, Teller

Parameters = dict[str, float | int | str]


class Trial(Protocol):
    """The part of a tuning trial that a search space needs."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A number between two ends."""

    def suggest_int(self, name: str, low: int, high: int) -> int:
        """A whole number between two ends."""


@dataclass(frozen=True)
class Recipe:
    """An unfitted model: what it predicts, how it is fitted, and what may be tuned."""

    task: Task
    link: Link
    fixed: Parameters
    defaults: Parameters
    search_space: Callable[[Trial], Parameters]
    outputs: Callable[[Manifest, Teller], tuple[Output, ...]]
    learning_rate: float = 0.05
    ridge: float = 0.03  # penalty of the linear half, per row
    starts_from_prior: bool = False  # margins are the prior's expectation, corrected, instead of starting from nothing


# Small steps and small trees: on monthly snapshots of the same customers deeper ones only learn the dates by heart.
DEFAULTS: Parameters = {
    "max_depth": 4,
    "min_child_weight": 20.0,
    "subsample": 0.8,
    "colsample_bytree": 0.3,
    "reg_lambda": 5.0,
    "gamma": 0.0,
}


def booster_space(trial: Trial) -> Parameters:
    """Shape and regularisation of the trees. The learning rate is fixed; early stopping chooses the rounds."""
    return {
        "max_depth": trial.suggest_int("max_depth", 2, 7),
        "min_child_weight": trial.suggest_float("min_child_weight", 1.0, 200.0, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.1, 0.9),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 100.0, log=True),
        "gamma": trial.suggest_float("gamma", 0.0, 5.0),
    }
