"""XGBoost, LightGBM and CatBoost as anybody would use them: moderate settings, rounds chosen by early stopping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.models_case import Floats

LEARNING_RATE, ROUNDS_MAX, PATIENCE, THREADS, SEED = 0.05, 2_000, 50, 1, 0
CATBOOST_LEVELS = 16  # categories with no more levels get a column for each, which is many times faster and no worse here
TWEEDIE_POWER = 1.5
# What is learned: chance (log-loss), amount (Tweedie), count (Poisson), value (squared error), or a quantile, e.g. 0.9.
Goal = str | float


@dataclass(frozen=True)
class Table:
    """Rows to learn from or to answer for; text columns are pandas categories with the same levels in all tables."""

    x: pd.DataFrame
    y: Floats
    offset: Floats | None = None  # the log of how much longer than usual each row was watched, for counts and amounts

    def where(self, chosen: np.ndarray) -> Table:
        """Some of the rows."""
        return Table(self.x[chosen], self.y[chosen], None if self.offset is None else self.offset[chosen])


# Learns from the first table; with a second one, stops when it no longer gains there. Answers for the third.
# Returns the answers and how many rounds were used.
Booster = Callable[[Goal, Table, Table | None, Table, int], tuple[Floats, int]]


def xgboost(goal: Goal, fit: Table, stop: Table | None, asked: Table, rounds: int = ROUNDS_MAX) -> tuple[Floats, int]:
    """XGBoost with trees of depth 4."""
    import xgboost as xgb

    objectives = {"chance": "binary:logistic", "amount": "reg:tweedie", "count": "count:poisson", "value": "reg:squarederror"}
    parameters = {
        "objective": objectives.get(str(goal), "reg:quantileerror"),
        "learning_rate": LEARNING_RATE,
        "max_depth": 4,
        "min_child_weight": 1 if goal == "amount" else 10,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "nthread": THREADS,
        "seed": SEED,
    }
    parameters |= {"tweedie_variance_power": TWEEDIE_POWER} if goal == "amount" else {}
    parameters |= {"quantile_alpha": goal} if isinstance(goal, float) else {}

    def matrix(table: Table) -> xgb.DMatrix:
        return xgb.DMatrix(table.x, label=table.y, base_margin=table.offset, enable_categorical=True, nthread=THREADS)

    watched = {"evals": [(matrix(stop), "stop")], "early_stopping_rounds": PATIENCE} if stop else {}
    model = xgb.train(parameters, matrix(fit), num_boost_round=rounds, verbose_eval=False, **watched)
    used = model.best_iteration + 1 if stop else rounds
    return np.asarray(model.predict(matrix(asked), iteration_range=(0, used)), dtype=np.float64), used


def lightgbm(goal: Goal, fit: Table, stop: Table | None, asked: Table, rounds: int = ROUNDS_MAX) -> tuple[Floats, int]:
    """LightGBM with 15 leaves."""
    import lightgbm as lgb

    objectives = {"chance": "binary", "amount": "tweedie", "count": "poisson", "value": "regression"}
    parameters = {
        "objective": objectives.get(str(goal), "quantile"),
        "learning_rate": LEARNING_RATE,
        "num_leaves": 15,
        "min_child_samples": 40,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "feature_fraction": 0.8,
        "num_threads": THREADS,
        "seed": SEED,
        "verbosity": -1,
    }
    parameters |= {"tweedie_variance_power": TWEEDIE_POWER} if goal == "amount" else {}
    parameters |= {"alpha": goal} if isinstance(goal, float) else {}
    learned = lgb.Dataset(fit.x, fit.y, init_score=fit.offset, free_raw_data=False)
    watched, callbacks = [], []
    if stop:
        watched = [lgb.Dataset(stop.x, stop.y, init_score=stop.offset, reference=learned, free_raw_data=False)]
        callbacks = [lgb.early_stopping(PATIENCE, verbose=False)]
    model = lgb.train(parameters, learned, num_boost_round=rounds, valid_sets=watched, callbacks=callbacks)
    used = model.best_iteration if stop else rounds
    if asked.offset is None:
        return np.asarray(model.predict(asked.x, num_iteration=used), dtype=np.float64), used
    return np.exp(np.asarray(model.predict(asked.x, num_iteration=used, raw_score=True)) + asked.offset), used


def catboost(goal: Goal, fit: Table, stop: Table | None, asked: Table, rounds: int = ROUNDS_MAX) -> tuple[Floats, int]:
    """CatBoost with trees of depth 5."""
    from catboost import CatBoost, Pool

    losses = {"chance": "Logloss", "amount": f"Tweedie:variance_power={TWEEDIE_POWER}", "count": "Poisson", "value": "RMSE"}
    categorical = [name for name in fit.x if isinstance(fit.x[name].dtype, pd.CategoricalDtype)]

    def pool(table: Table) -> Pool:
        x = table.x.assign(**{name: table.x[name].astype(object).fillna("missing").astype(str) for name in categorical})
        return Pool(x, table.y, cat_features=categorical, baseline=table.offset)

    parameters = {
        "loss_function": losses.get(str(goal), f"Quantile:alpha={goal}"),
        "learning_rate": LEARNING_RATE,
        "depth": 5,
        "one_hot_max_size": CATBOOST_LEVELS,
        "iterations": rounds,
        "thread_count": THREADS,
        "random_seed": SEED,
        "allow_writing_files": False,
        "logging_level": "Silent",
    }
    model = CatBoost(parameters)
    model.fit(pool(fit), eval_set=pool(stop) if stop else None, early_stopping_rounds=PATIENCE if stop else None)
    kind = {"chance": "Probability", "amount": "Exponent", "count": "Exponent"}.get(str(goal), "RawFormulaVal")
    answers = np.asarray(model.predict(pool(asked), prediction_type=kind), dtype=np.float64)
    used = int(model.tree_count_) if stop else rounds
    return (answers[:, 1] if goal == "chance" else answers), used


BOOSTERS: dict[str, Booster] = {"xgboost": xgboost, "lightgbm": lightgbm, "catboost": catboost}
