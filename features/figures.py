"""Company figures on a date, each from the customers' own features, with how many customers it speaks of."""

from __future__ import annotations

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
    """The figures that a date's features allow.

    - `nps`: promoters less detractors in per cent of customers who have answered, each by the last answer
      (Reichheld 2003).
    - `csat`: share of customers whose last CSAT score is 4 or 5, among those who have answered.
    - `complaint_rate_365d`: share of buyers of the last 365 days who complained in them.
    - `repurchase_rate`: share of buyers so far who have ordered on two days or more.
    - `return_rate`: share of buyers so far who have been given money back.
    """
    found: dict[str, Figure | None] = {
        "nps": _mean(rows, "nps_class", scale=100.0),
        "csat": _share(rows, "csat_score_last", lambda score: score >= CSAT_SATISFIED),
        "complaint_rate_365d": _share(rows, "complaint_count_365d", lambda count: count > 0, among="order_count_365d"),
        "repurchase_rate": _share(rows, "order_day_count", lambda days: days >= 2, among="order_day_count"),
        "return_rate": _share(rows, "refund_count", lambda count: count > 0, among="order_day_count"),
    }
    return {name: figure for name, figure in found.items() if figure is not None}


def _mean(rows: pa.Table, name: str, scale: float) -> Figure | None:
    values = _values(rows, name)
    if values is None or not len(values := values[~np.isnan(values)]):
        return None
    return Figure(value=scale * float(values.mean()), customers=len(values))


def _share(rows: pa.Table, name: str, counts: object, among: str | None = None) -> Figure | None:
    values, group = _values(rows, name), _values(rows, among or name)
    if values is None or group is None:
        return None
    in_group = (group > 0) if among else ~np.isnan(group)
    if not in_group.any():
        return None
    return Figure(value=float(np.mean(counts(values[in_group]))), customers=int(in_group.sum()))  # type: ignore[operator]


def _values(rows: pa.Table, name: str) -> Floats | None:
    return rows[name].to_numpy() if name in rows.column_names else None
