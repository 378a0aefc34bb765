"""Choose parameters and rounds where tuning asks: Optuna proposes, hopeless trials are stopped early."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import optuna
import xgboost as xgb

from models.bundle import margins
from models.calibration import Floats
from models.recipe import Parameters, Recipe
from training.fitting.corrections import (
    PATIENCE_ROUNDS,
    Matrices,
    booster_parameters,
    level_free_loss,
    level_free_losses,
    matrices,
)
from training.fitting.linear import fit_linear
from training.folds import Fold
from training.settings import TrainingSettings

CHECKED_EVERY = 5  # rounds
TRIALS_WITHOUT_GAIN_MAX = 15


@dataclass(frozen=True)
class Tuned:
    """What tuning chose, and what it bought where it asked."""

    parameters: Parameters
    rounds: int
    defaults: Parameters
    rounds_of_defaults: int
    rows: int  # that the rounds were chosen with
    loss: float
    loss_of_defaults: float
    trials: int
    pruned: int
    ridge: float  # penalty of the linear half, per row
    constraints: str = ""  # of the trees, to known directions (`training.fitting.monotone`), one sign per column
    constraints_said: str = ""  # and why

    @property
    def is_tuned(self) -> bool:
        """Whether anything did better than the defaults on the tune date."""
        return self.parameters != self.defaults

    def untuned(self) -> Tuned:
        """The defaults, with the rounds they deserve."""
        return replace(self, parameters=self.defaults, rounds=self.rounds_of_defaults, loss=self.loss_of_defaults)

    def all_parameters(self) -> Parameters:
        """The parameters with the constraints."""
        return self.parameters | ({"monotone_constraints": self.constraints} if self.constraints else {})

    def rounds_for(self, rows: int) -> int:
        """How many rounds a fit on `rows` rows deserves: in proportion (docs/decisions/0002 has the measurement)."""
        return max(1, round(self.rounds * rows / self.rows))


def tune(
    recipe: Recipe,
    asked: Sequence[Fold],
    trials: int,
    settings: TrainingSettings,
    *,
    known: Sequence[Parameters] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Tuned:
    """Try the defaults first, then parameters that were good before, then proposals, up to `trials` in all.

    Stops earlier when many trials in a row have found nothing better, or when `settings.tuning_seconds_max` have
    passed; without the latter the same seed gives the same choice.
    """
    data = [matrices(recipe, fold.fit, fold.asked, settings) for fold in asked]
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # an interrupted trial is no news
    study = optuna.create_study(
        direction="minimize",
        sampler=optuna.samplers.TPESampler(seed=settings.seed, multivariate=False),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=40, interval_steps=10),
    )
    study.enqueue_trial(recipe.defaults)
    for parameters in known:
        study.enqueue_trial({name: value for name, value in parameters.items() if name in recipe.defaults}, skip_if_exists=True)

    def objective(trial: optuna.Trial) -> float:
        parameters = recipe.search_space(trial)
        loss, rounds = _fit_and_watch(recipe, data, parameters, settings, trial)
        trial.set_user_attr("rounds", rounds)
        say(f"trial {trial.number + 1} of {max(trials, 1)}: loss {loss:.5f} after {rounds} rounds")
        return loss

    study.optimize(objective, n_trials=1)  # the defaults, however long they take
    if trials > 1:
        seconds = settings.tuning_seconds_max
        study.optimize(objective, n_trials=trials - 1, timeout=seconds, callbacks=[_stop_when_nothing_helps])
    best, first = study.best_trial, study.trials[0]
    if best.value is None or first.value is None:  # cannot be: the defaults are never pruned, nothing came before them
        raise RuntimeError("tuning ended without a finished trial")
    return Tuned(
        parameters=dict(best.params),
        rounds=int(best.user_attrs["rounds"]),
        defaults=dict(first.params),
        rounds_of_defaults=int(first.user_attrs["rounds"]),
        rows=round(sum(each.fit.num_row() for each in data) / len(data)),
        loss=best.value,
        loss_of_defaults=first.value,
        trials=len(study.trials),
        pruned=sum(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials),
        ridge=choose_ridge(recipe, asked),
    )


def choose_ridge(recipe: Recipe, asked: Sequence[Fold]) -> float:
    """The penalty of the linear half with the least loss where tuning asks: the recipe's, a tenth, or tenfold."""
    losses = {}
    for ridge in (recipe.ridge, recipe.ridge / 10, recipe.ridge * 10):
        tried = [fit_linear(replace(recipe, ridge=ridge), fold.fit).margins(fold.asked.rows) for fold in asked]
        losses[ridge] = _mean_loss(recipe, asked, [fold.asked.starts() + own for fold, own in zip(asked, tried, strict=True)])
    return min(losses, key=lambda ridge: losses[ridge])


def _mean_loss(recipe: Recipe, asked: Sequence[Fold], answers: list[Floats]) -> float:
    each = [level_free_losses(own, fold.asked.outcomes, recipe.link) for fold, own in zip(asked, answers, strict=True)]
    return float(np.concatenate(each).mean())


def _stop_when_nothing_helps(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    if trial.number - study.best_trial.number >= TRIALS_WITHOUT_GAIN_MAX:
        study.stop()


def _fit_and_watch(
    recipe: Recipe, data: Sequence[Matrices], parameters: Parameters, settings: TrainingSettings, trial: optuna.Trial
) -> tuple[float, int]:
    """The lowest loss over what is asked, the mean over rows, and the number of rounds that reached it."""
    histories, rows = [], []
    for fold, each in enumerate(data):
        # Pruning looks at the first one only: its losses say enough of a hopeless trial.
        histories.append(_losses(recipe, each, parameters, settings, trial if fold == 0 else None))
        rows.append(each.tune.num_row())
    shortest = min(map(len, histories))
    losses = np.average([history[:shortest] for history in histories], axis=0, weights=rows)
    return float(losses.min()), CHECKED_EVERY * (int(losses.argmin()) + 1)


def _losses(
    recipe: Recipe, data: Matrices, parameters: Parameters, settings: TrainingSettings, trial: optuna.Trial | None
) -> list[float]:
    """The loss after every few rounds, until it has not become smaller for a while."""
    outcomes = data.tune.get_label().reshape(data.tune.num_row(), -1).astype(np.float64)
    booster = xgb.Booster(booster_parameters(recipe, parameters, settings), [data.fit, data.tune])
    losses: list[float] = []
    for rounds in range(1, settings.rounds_max + 1):
        booster.update(data.fit, rounds - 1)
        if rounds % CHECKED_EVERY:
            continue
        losses.append(level_free_loss(margins(booster, data.tune), outcomes, recipe.link))
        if trial is not None:
            trial.report(losses[-1], rounds)
            if trial.should_prune():
                raise optuna.TrialPruned
        if CHECKED_EVERY * (len(losses) - 1 - int(np.argmin(losses))) >= PATIENCE_ROUNDS:
            break
    return losses
