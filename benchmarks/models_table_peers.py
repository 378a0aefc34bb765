"""Peers on one table of attributes with a yes or no: with settings that suit small tables, or stopped early in time.

The settings for small tables are those that did best on the Telco churn data in public comparisons (depth 3, 8 leaves and the
like), so these peers have been chosen with a view of what they are judged on; what they gain by it is theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.models_autogluon import autogluon
from benchmarks.models_boosters import BOOSTERS, CATBOOST_LEVELS, ROUNDS_MAX, THREADS, Table
from benchmarks.models_case import Floats

MODULES = ("models_table_peers", "models_boosters")
LATEST = 0.2  # of the rows in the order of time: what rounds are chosen on
AUTOGLUON_SECONDS = 20
# Learn from rows and outcomes, answer for other rows.
Answers = Callable[[pd.DataFrame, Floats, pd.DataFrame], Floats]


def as_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Text as categories, numbers as they are."""
    texts = [name for name in rows if not pd.api.types.is_numeric_dtype(rows[name])]
    return rows.assign(**{name: rows[name].astype(object).astype("category") for name in texts})


def logistic(x: pd.DataFrame, y: Floats, asked: pd.DataFrame) -> Floats:
    """Logistic regression on standardised numbers and one column per level."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
    )
    return _answers(make_pipeline(columns, LogisticRegression(max_iter=2_000)), x, y, asked)


def small_xgboost(x: pd.DataFrame, y: Floats, asked: pd.DataFrame) -> Floats:
    """Depth 3, 300 trees."""
    import xgboost as xgb

    settings = {"max_depth": 3, "learning_rate": 0.05, "n_estimators": 300, "subsample": 0.8, "colsample_bytree": 0.8}
    return _answers(xgb.XGBClassifier(enable_categorical=True, n_jobs=THREADS, **settings), x, y, asked)


def default_xgboost(x: pd.DataFrame, y: Floats, asked: pd.DataFrame) -> Floats:
    """Nothing set."""
    import xgboost as xgb

    return _answers(xgb.XGBClassifier(enable_categorical=True, n_jobs=THREADS), x, y, asked)


def small_lightgbm(x: pd.DataFrame, y: Floats, asked: pd.DataFrame) -> Floats:
    """8 leaves, 300 trees."""
    import lightgbm as lgb

    settings = {"num_leaves": 8, "learning_rate": 0.03, "n_estimators": 300, "subsample": 0.8, "subsample_freq": 1}
    return _answers(lgb.LGBMClassifier(colsample_bytree=0.8, n_jobs=THREADS, verbosity=-1, **settings), x, y, asked)


def small_catboost(x: pd.DataFrame, y: Floats, asked: pd.DataFrame) -> Floats:
    """Depth 5, 400 trees."""
    from catboost import CatBoostClassifier

    texts = list(x.select_dtypes("category"))
    settings = {"depth": 5, "learning_rate": 0.04, "iterations": 400, "one_hot_max_size": CATBOOST_LEVELS}
    quiet = {"allow_writing_files": False, "logging_level": "Silent", "thread_count": THREADS, "random_seed": 0}
    model = CatBoostClassifier(cat_features=texts, **settings, **quiet)
    x, asked = (rows.assign(**{name: rows[name].astype(str) for name in texts}) for rows in (x, asked))
    return _answers(model, x, y, asked)


def quick_autogluon(x: pd.DataFrame, y: Floats, asked: pd.DataFrame) -> Floats:
    """AutoGluon with a time limit, choosing on rows drawn at random."""
    return autogluon("chance", (x, y.astype(int)), None, asked, AUTOGLUON_SECONDS)


def autogluon_in_time(x: pd.DataFrame, y: Floats, asked: pd.DataFrame) -> Floats:
    """AutoGluon, choosing among its models on the latest rows."""
    start = _latest_from(x)
    y = y.astype(int)
    return autogluon("chance", (x[:start], y[:start]), (x[start:], y[start:]), asked)


def stopped_in_time(name: str) -> Answers:
    """A booster whose rounds are chosen on the latest rows, then fitted on all."""

    def answers(x: pd.DataFrame, y: Floats, asked: pd.DataFrame) -> Floats:
        start, booster = _latest_from(x), BOOSTERS[name]
        stop = Table(x[start:], y[start:])
        _, rounds = booster("chance", Table(x[:start], y[:start]), stop, stop, ROUNDS_MAX)
        return booster("chance", Table(x, y), None, Table(asked, np.zeros(len(asked))), rounds)[0]

    return answers


def stopped_at_random(name: str) -> Answers:
    """A booster whose rounds are chosen on a fifth of the rows drawn at random, then fitted on all."""

    def answers(x: pd.DataFrame, y: Floats, asked: pd.DataFrame) -> Floats:
        order = np.random.default_rng(0).permutation(len(x))
        return stopped_in_time(name)(x.iloc[order], y[order], asked)

    return answers


def _latest_from(x: pd.DataFrame) -> int:
    return round(len(x) * (1 - LATEST))


def _answers(model: Any, x: pd.DataFrame, y: Floats, asked: pd.DataFrame) -> Floats:
    model.fit(x, y)
    return np.asarray(model.predict_proba(asked)[:, 1], dtype=np.float64)
