"""Company figures on a date, each from the customers' own features, with how many customers it speaks of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from features.tables import SCALES

Floats = NDArray[np.float64]
CSAT_SATISFIED = SCALES["csat"][1] - 1  # 4 and 5 of 5 count as satisfied


class Figure(BaseModel):
    """One company figure: a share between 0 and 1 (NPS: points from -100 to 100) and the customers it is taken over."""

    model_config = ConfigDict(frozen=True)
    value: float
    customers: int


def company_figures(rows: pa.Table) -> dict[str, Figure]:
    """The figures that a date's features allow: means of `figure_values` over the customers they speak of."""
    found = {}
    for name, values in figure_values(rows).items():
        known = values[~np.isnan(values)]
        if len(known):
            found[name] = Figure(value=float(known.mean()), customers=len(known))
    return found


def figure_values(rows: pa.Table) -> dict[str, Floats]:
    """What each customer adds to each figure; missing for customers of whom it does not speak.

    - `nps`: promoters 100, detractors -100, others 0, each by the last answer (Reichheld 2003).
    - `csat`: 1 for customers whose last CSAT score is 4 or 5, else 0, among those who have answered.
    - `complaint_rate_365d`: 1 for buyers of the last 365 days who complained in them, else 0.
    - `repurchase_rate`: 1 for buyers so far who have ordered on two days or more, else 0.
    - `return_rate`: 1 for buyers so far who have been given money back, else 0.
    """
    found = {
        "nps": _of(rows, "nps_class", lambda recommends: 100.0 * recommends),
        "csat": _of(rows, "csat_score_last", lambda score: np.where(np.isnan(score), np.nan, score >= CSAT_SATISFIED)),
        "complaint_rate_365d": _of(rows, "complaint_count_365d", lambda count: count > 0, among="order_count_365d"),
        "repurchase_rate": _of(rows, "order_day_count", lambda days: days >= 2, among="order_day_count"),
        "return_rate": _of(rows, "refund_count", lambda count: count > 0, among="order_day_count"),
    }
    return {name: values for name, values in found.items() if values is not None}


def _of(rows: pa.Table, name: str, counts: Callable[[Floats], NDArray[Any]], among: str | None = None) -> Floats | None:
    if name not in rows.column_names or (among or name) not in rows.column_names:
        return None
    values: Floats = counts(rows[name].to_numpy()).astype(np.float64)
    return values if among is None else np.where(rows[among].to_numpy() > 0, values, np.nan)
