"""What a sceptic would use instead of the models: fitted on the same dates, judged on the same customers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from features.families.rfm import CATEGORY_DAYS
from models.contract import Task
from models.linear import signed_log

Floats = NDArray[np.float64]
Baseline = Callable[[pd.DataFrame, Floats, pd.DataFrame], Floats]  # past rows, their outcomes, rows to answer


def baselines(
    task: Task,
    columns: Collection[str],
    *,
    horizon_days: int,
    windows_days: tuple[int, ...],
    learned_horizon_days: int | None = None,
    category: str | None = None,
) -> dict[str, Baseline]:
    """The baselines of one output by name, as far as the rows have the columns they need.

    Rows hold the snapshot's columns and the prior's, which look `learned_horizon_days` ahead: `buy_till_you_die` is the
    prior alone. `category` is the slug of a propensity's category. What is learned from outcomes of a shorter horizon is
    answered for the whole one, as if every stretch of it were like the next.
    """
    learned = learned_horizon_days or horizon_days
    match task:
        case "churn":
            found = _of_churn(learned)
        case "clv":
            found = _of_value(learned, horizon_days, windows_days)
        case "propensity":
            bought = OneColumn(f"order_count_{CATEGORY_DAYS}d_of_{category}")
            found = {"base_rate": mean_outcome, "bought_before_rule": bought, "logistic_regression": logistic}
        case _:
            assert_never(task)
    possible = {name: rival for name, rival in found.items() if getattr(rival, "column", None) in (None, *columns)}
    return possible if learned == horizon_days else _lengthened(possible, task, horizon_days / learned)


def _of_churn(learned_days: int) -> dict[str, Baseline]:
    rules = {
        "recency_rule": OneColumn("days_since_last_order"),
        "buy_till_you_die": OneColumn(f"expected_orders_{learned_days}d"),
    }
    return {"base_rate": mean_outcome, **rules, "logistic_regression": logistic}


def _of_value(learned_days: int, horizon_days: int, windows_days: tuple[int, ...]) -> dict[str, Baseline]:
    trailing: dict[str, Baseline] = {}
    if windows_days:
        nearest = min(windows_days, key=lambda window: abs(window - horizon_days))
        trailing = {f"trailing_{nearest}d_spend": AsItStands(f"spend_sum_{nearest}d", horizon_days / nearest)}
    spend = AsItStands(f"expected_spend_{learned_days}d", horizon_days / learned_days)
    return {"mean_value": mean_outcome, **trailing, "buy_till_you_die": spend, "ridge_regression": ridge}


def _lengthened(rivals: dict[str, Baseline], task: Task, factor: float) -> dict[str, Baseline]:
    """The same for a stretch of time `factor` times as long as the one they learn from; what reads off a column does so."""
    return {name: rival if isinstance(rival, AsItStands) else Lengthened(rival, task, factor) for name, rival in rivals.items()}


@dataclass(frozen=True)
class Lengthened:
    """A rival that learned from a stretch of time, answering for one that is `factor` times as long.

    Amounts grow with it; to stay away (churn), or not to buy (propensity), is as probable in each stretch.
    """

    rival: Baseline
    task: Task
    factor: float

    def __call__(self, past: pd.DataFrame, outcomes: Floats, rows: pd.DataFrame) -> Floats:
        """The answer for `rows`."""
        answer = self.rival(past, outcomes, rows)
        match self.task:
            case "churn":
                return np.power(answer, self.factor)
            case "clv":
                return answer * self.factor
            case "propensity":
                return 1 - np.power(1 - answer, self.factor)
        assert_never(self.task)


def mean_outcome(_: pd.DataFrame, outcomes: Floats, rows: pd.DataFrame) -> Floats:
    """Everybody is average."""
    return np.full(len(rows), float(outcomes.mean()))


@dataclass(frozen=True)
class OneColumn:
    """A logistic curve through one column: the rule of thumb, fairly calibrated."""

    column: str

    def __call__(self, past: pd.DataFrame, outcomes: Floats, rows: pd.DataFrame) -> Floats:
        """The answer for `rows`."""
        return logistic(past[[self.column]], outcomes, rows[[self.column]])


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


@dataclass(frozen=True)
class AsItStands:
    """One column is the answer, times a factor: what was spent lately, or what the rhythm of orders lets expect."""

    column: str
    factor: float = 1.0

    def __call__(self, _: pd.DataFrame, __: Floats, rows: pd.DataFrame) -> Floats:
        """The answer for `rows`."""
        return rows[self.column].to_numpy(dtype=np.float64) * self.factor


def _linear_inputs() -> list[object]:
    return [FunctionTransformer(signed_log), SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()]
