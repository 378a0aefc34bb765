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
Z_95 = 1.959963984540054  # the ends of a 95 % interval, in standard errors
CSAT_SATISFIED = SCALES["csat"][1] - 1  # 4 and 5 of 5 count as satisfied


class Figure(BaseModel):
    """One figure: a share between 0 and 1 (NPS: points from -100 to 100), the customers it is taken over, a 95 % interval."""

    model_config = ConfigDict(frozen=True)
    value: float
    customers: int
    lower: float
    upper: float


def company_figures(rows: pa.Table, horizon_days: int) -> dict[str, Figure]:
    """The figures that a date's features allow: means of `figure_values` over the customers they speak of."""
    found = {name: figure(name, values) for name, values in figure_values(rows, horizon_days).items()}
    return {name: one for name, one in found.items() if one is not None}


def figure(name: str, values: Floats) -> Figure | None:
    """The mean of what is known of some customers; None where that is nothing.

    The interval of a share is Wilson's (1927), that of the NPS the mean plus and minus 1.96 standard errors.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    mean, count = float(known.mean()), len(known)
    if name == "nps":
        wide = Z_95 * float(known.std(ddof=1)) / count**0.5 if count > 1 else 100.0
        return Figure(value=mean, customers=count, lower=max(mean - wide, -100.0), upper=min(mean + wide, 100.0))
    middle, spread = mean + Z_95**2 / (2 * count), Z_95 * (mean * (1 - mean) / count + Z_95**2 / (4 * count**2)) ** 0.5
    lower, upper = ((middle + sign * spread) / (1 + Z_95**2 / count) for sign in (-1, 1))
    return Figure(value=mean, customers=count, lower=max(min(lower, mean), 0.0), upper=min(max(upper, mean), 1.0))


def figure_values(rows: pa.Table, horizon_days: int) -> dict[str, Floats]:
    """What each customer adds to each figure; missing for customers of whom it does not speak.

    - `nps`: promoters 100, detractors -100, others 0, each by the last answer (Reichheld 2003).
    - `csat`: 1 for customers whose last CSAT score is 4 or 5, else 0, among those who have answered.
    - `complaint_rate_365d`: 1 for buyers of the last 365 days who complained in them, else 0.
    - `repurchase_rate`: 1 for buyers so far who have ordered on two days or more, else 0.
    - `first_time_return_rate`: 1 for those who have ordered on another day, else 0, among buyers whose first order was one to
      two horizons ago: whoever bought for the first time and came back.
    - `refund_rate`: 1 for buyers so far who have been given money back, else 0.
    """
    found = {
        "nps": _of(rows, "nps_class", lambda recommends: 100.0 * recommends),
        "csat": _of(rows, "csat_score_last", lambda score: np.where(np.isnan(score), np.nan, score >= CSAT_SATISFIED)),
        "complaint_rate_365d": _of(rows, "complaint_count_365d", lambda count: count > 0, among="order_count_365d"),
        "repurchase_rate": _of(rows, "order_day_count", lambda days: days >= 2, among="order_day_count"),
        "first_time_return_rate": _came_back(rows, horizon_days),
        "refund_rate": _of(rows, "refund_count", lambda count: count > 0, among="order_day_count"),
    }
    return {name: values for name, values in found.items() if values is not None}


def _came_back(rows: pa.Table, horizon_days: int) -> Floats | None:
    came_back = _of(rows, "order_day_count", lambda days: days >= 2, among="order_day_count")
    if came_back is None or "days_since_first_order" not in rows.column_names:
        return None
    since = rows["days_since_first_order"].to_numpy()
    return np.where((since > horizon_days) & (since <= 2 * horizon_days), came_back, np.nan)


def _of(rows: pa.Table, name: str, counts: Callable[[Floats], NDArray[Any]], among: str | None = None) -> Floats | None:
    if name not in rows.column_names or (among or name) not in rows.column_names:
        return None
    values: Floats = counts(rows[name].to_numpy()).astype(np.float64)
    return values if among is None else np.where(rows[among].to_numpy() > 0, values, np.nan)
