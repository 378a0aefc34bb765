"""Choose parameters and rounds on the tune date: Optuna proposes, hopeless trials are stopped early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optuna
import xgboost as xgb

from models.calibration import Floats
from models.recipe import Parameters, Recipe
from training.fitting import PATIENCE_ROUNDS, Matrices, booster_parameters, level_free_loss
from training.settings import TrainingSettings

LOSS = "level_free_loss"


@dataclass(frozen=True)
class Tuned:
    """What tuning chose, and what it bought on the tune date."""

    parameters: Parameters
    rounds: int
    defaults: Parameters
    rounds_of_defaults: int
    rows: int  # that the rounds were chosen with
    loss: float
    loss_of_defaults: float
    trials: int
    pruned: int

    @property
    def is_tuned(self) -> bool:
        """Whether anything did better than the defaults on the tune date."""
        return self.parameters != self.defaults

    def untuned(self) -> Tuned:
        """The defaults, with the rounds they deserve."""
        return replace(self, parameters=self.defaults, rounds=self.rounds_of_defaults, loss=self.loss_of_defaults)

    def rounds_for(self, rows: int) -> int:
        """How many rounds a fit on `rows` rows deserves: in proportion (docs/decisions/0002 has the measurement)."""
        return max(1, round(self.rounds * rows / self.rows))


def tune(
    recipe: Recipe, data: Matrices, trials: int, settings: TrainingSettings, say: Callable[[str], None] = lambda _: None
) -> Tuned:
    """Try the defaults first, then up to `trials` - 1 proposals; the same seed gives the same choice."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # an interrupted trial is no news
    study = optuna.create_study(
        direction="minimize",
        sampler=optuna.samplers.TPESampler(seed=settings.seed, multivariate=False),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=40, interval_steps=10),
    )
    study.enqueue_trial(recipe.defaults)

    def objective(trial: optuna.Trial) -> float:
        parameters = recipe.search_space(trial)
        loss, rounds = _fit_and_watch(recipe, data, parameters, settings, trial)
        trial.set_user_attr("rounds", rounds)
        say(f"trial {trial.number + 1} of {max(trials, 1)}: loss {loss:.5f} after {rounds} rounds")
        return loss

    study.optimize(objective, n_trials=max(trials, 1))
    best, first = study.best_trial, study.trials[0]
    if best.value is None or first.value is None:  # cannot be: the defaults are never pruned, nothing came before them
        raise RuntimeError("tuning ended without a finished trial")
    return Tuned(
        parameters=dict(best.params),
        rounds=int(best.user_attrs["rounds"]),
        defaults=dict(first.params),
        rounds_of_defaults=int(first.user_attrs["rounds"]),
        rows=data.fit.num_row(),
        loss=best.value,
        loss_of_defaults=first.value,
        trials=len(study.trials),
        pruned=sum(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials),
    )


def _fit_and_watch(
    recipe: Recipe, data: Matrices, parameters: Parameters, settings: TrainingSettings, trial: optuna.Trial
) -> tuple[float, int]:
    """The lowest loss on the tune date and the number of rounds that reached it."""
    outcomes = data.tune.get_label().reshape(data.tune.num_row(), -1).astype(np.float64)
    history: dict[str, dict[str, list[float]]] = {}

    def loss(served: Floats, _: xgb.DMatrix) -> tuple[str, float]:
        answers = np.asarray(served, dtype=np.float64).reshape(len(outcomes), -1)
        return LOSS, level_free_loss(_margins(answers, recipe.link), outcomes, recipe.link)

    xgb.train(
        {**booster_parameters(recipe, parameters, settings), "disable_default_eval_metric": 1},
        data.fit,
        num_boost_round=settings.rounds_max,
        evals=[(data.tune, "tune")],
        evals_result=history,
        custom_metric=loss,
        callbacks=[xgb.callback.EarlyStopping(rounds=PATIENCE_ROUNDS, metric_name=LOSS), _Pruning(trial)],
        verbose_eval=False,
    )
    losses = history["tune"][LOSS]
    return min(losses), int(np.argmin(losses)) + 1


def _margins(served: Floats, link: str) -> Floats:
    if link == "exp":
        return np.log(np.maximum(served, 1e-12))
    inside = np.clip(served, 1e-7, 1 - 1e-7)
    return np.log(inside / (1 - inside))


class _Pruning(xgb.callback.TrainingCallback):  # type: ignore[misc]
    """Ask the study every few rounds whether the trial still has a chance."""

    def __init__(self, trial: optuna.Trial) -> None:
        self.trial = trial

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        self.trial.report(evals_log["tune"][LOSS][-1], epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned
        return False
