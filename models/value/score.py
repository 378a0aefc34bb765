"""The customer score: value, satisfaction and loyalty in one number from 0 to 100, with its components."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from features.tables import SCALES
from models.contract import Frozen
from models.inputs import Columns, column

Floats = NDArray[np.float64]
HELD = ("order_day_count", "days_first_to_last_order", "comeback_share")  # what tells of loyalty, the more the better
MOVED = 0.2  # by how much weights are moved to see how firmly the order stands
MOVED_POINTS = 10  # customers whose rank moves by more percentage points than that have moved


class Firmness(Frozen):
    """How far the order moves when one weight is a fifth more or less: the worst case over components.

    `rank_correlation` is Spearman's with the order as configured, `moved_share` the share of customers whose rank moves by more
    than 10 percentage points.
    """

    rank_correlation: float
    moved_share: float


def percentiles(values: Floats) -> Floats:
    """Where each value stands among all that are known, from 0 to 100; equal ones stand in the middle of their ranks.

    >>> percentiles(np.array([5.0, 1.0, 5.0, np.nan])).round(1).tolist()
    [66.7, 16.7, 66.7, nan]
    """
    found, known = np.full(len(values), np.nan), ~np.isnan(values)
    if known.any():
        found[known] = 100 * (rankdata(values[known]) - 0.5) / known.sum()
    return found


def score_components(rows: Columns, value: Floats, churn: Floats) -> dict[str, Floats]:
    """Each from 0 to 100 per customer; a component of which nothing is known of anybody is not there.

    - value: the percentile of `value`.
    - satisfaction: the mean of her last answers, each as a share of its scale, and of a 0 if she complained within 365 days;
      where there is neither, the mean of the others. Where nobody is asked, 0 for who complained and 100 for the others.
    - loyalty: the mean of the percentiles of days with an order, of the days from first to last order, of how often she came
      back after trouble, and of the chance to stay (1 - `churn`), as far as known.
    """
    loyalty = [column(rows, name) for name in HELD if name in rows.columns] + [1 - churn]
    found = {
        "value": percentiles(value),
        "satisfaction": _mean(_answers(rows)),
        "loyalty": _mean([percentiles(part) for part in loyalty]),
    }
    known = {name: part for name, part in found.items() if not np.isnan(part).all()}
    return {name: np.where(np.isnan(part), np.nanmean(part), part) for name, part in known.items()}


def customer_score(components: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """The weighted mean of the components, 0 to 100; the weight of one that is not there is shared among the others.

    Where those that are there weigh nothing together, they weigh alike.
    """
    own = np.array([weights[name] for name in components])
    own = own / own.sum() if own.sum() > 0 else np.full(len(own), 1 / len(own))
    found: Floats = np.column_stack(list(components.values())) @ own
    return found


def firmness(components: Mapping[str, Floats], weights: Mapping[str, float]) -> Firmness:
    """See `Firmness`."""
    before = percentiles(customer_score(components, weights))
    worst, moved = 1.0, 0.0
    for name in components:
        for factor in (1 - MOVED, 1 + MOVED):
            after = percentiles(customer_score(components, {**weights, name: weights[name] * factor}))
            if before.std() > 0 and after.std() > 0:
                worst = min(worst, float(np.corrcoef(before, after)[0, 1]))
            moved = max(moved, float((np.abs(after - before) > MOVED_POINTS).mean()))
    return Firmness(rank_correlation=worst, moved_share=moved)


def _answers(rows: Columns) -> list[Floats]:
    """What tells of satisfaction, each from 0 to 100."""
    found = []
    for name, (low, high) in SCALES.items():
        if f"{name}_score_last" in rows.columns:
            found.append(100 * (column(rows, f"{name}_score_last") - low) / (high - low))
    complaints = "complaint_count_365d"
    if complaints in rows.columns:
        # Where nobody is asked, whoever does not complain is taken to be satisfied.
        found.append(np.where(column(rows, complaints) > 0, 0.0, np.nan if found else 100.0))
    return found


def _mean(parts: list[Floats]) -> Floats:
    """Of what is known of each customer; missing where nothing is."""
    if not parts:
        return np.full(0, np.nan)
    together = np.column_stack(parts)
    known = ~np.isnan(together)
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(known, together, 0.0).sum(axis=1) / known.sum(axis=1)
    return found
