"""What a sceptic would use instead of the models: fitted on the same dates, judged on the same customers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from features.rfm import CATEGORY_DAYS
from models.contract import Task
from models.linear import signed_log

Floats = NDArray[np.float64]
Baseline = Callable[[pd.DataFrame, Floats, pd.DataFrame], Floats]  # past rows, their outcomes, rows to answer


def baselines(
    task: Task, *, horizon_days: int, windows_days: tuple[int, ...], category: str | None = None
) -> dict[str, Baseline]:
    """The baselines of one output by name. `category` is the slug of a propensity's category.

    Their rows hold the snapshot's columns and the prior's: `buy_till_you_die` is the prior alone.
    """
    if task == "churn":
        rhythm = one_column(f"expected_orders_{horizon_days}d")
        rules = {"recency_rule": one_column("days_since_last_order"), "buy_till_you_die": rhythm}
        return {"base_rate": mean_outcome, **rules, "logistic_regression": logistic}
    if task == "clv":
        trailing = {}
        if windows_days:
            nearest = min(windows_days, key=lambda window: abs(window - horizon_days))
            trailing = {f"trailing_{nearest}d_spend": as_it_stands(f"spend_sum_{nearest}d", horizon_days / nearest)}
        spend = as_it_stands(f"expected_spend_{horizon_days}d")
        return {"mean_value": mean_outcome, **trailing, "buy_till_you_die": spend, "ridge_regression": ridge}
    bought = f"order_count_{CATEGORY_DAYS}d_of_{category}"
    return {"base_rate": mean_outcome, "bought_before_rule": one_column(bought), "logistic_regression": logistic}


def mean_outcome(_: pd.DataFrame, outcomes: Floats, rows: pd.DataFrame) -> Floats:
    """Everybody is average."""
    return np.full(len(rows), float(outcomes.mean()))


def one_column(name: str) -> Baseline:
    """A logistic curve through one column: the rule of thumb, fairly calibrated."""

    def rule(past: pd.DataFrame, outcomes: Floats, rows: pd.DataFrame) -> Floats:
        return logistic(past[[name]], outcomes, rows[[name]])

    return rule


def logistic(past: pd.DataFrame, outcomes: Floats, rows: pd.DataFrame) -> Floats:
    """Logistic regression on every feature, on a log scale; the base rate where only one class was seen."""
    if len(np.unique(outcomes)) < 2:
        return mean_outcome(past, outcomes, rows)
    fitted = make_pipeline(*_linear_inputs(), LogisticRegression(C=0.1, solver="newton-cholesky")).fit(past, outcomes)
    return np.asarray(fitted.predict_proba(rows)[:, 1], dtype=np.float64)


def ridge(past: pd.DataFrame, outcomes: Floats, rows: pd.DataFrame) -> Floats:
    """Ridge regression on every feature, on a log scale; never below zero."""
    fitted: Pipeline = make_pipeline(*_linear_inputs(), Ridge(alpha=100.0)).fit(past, outcomes)
    return np.maximum(np.asarray(fitted.predict(rows), dtype=np.float64), 0.0)


def as_it_stands(column: str, factor: float = 1.0) -> Baseline:
    """One column is the answer, times a factor: what was spent lately, or what the rhythm of orders lets expect."""

    def answer(_: pd.DataFrame, __: Floats, rows: pd.DataFrame) -> Floats:
        return rows[column].to_numpy(dtype=np.float64) * factor

    return answer


def _linear_inputs() -> list[object]:
    return [FunctionTransformer(signed_log), SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()]
