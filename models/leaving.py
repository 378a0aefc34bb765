"""How long until a customer leaves: a median and an interval that agree with the served chance of leaving."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.btyd import OrderRate

Floats = NDArray[np.float64]
QUANTILES = (0.1, 0.5, 0.9)  # an 80 % interval around the median
DAYS_MAX = 1_825  # five years: what lies beyond is not known any better


def days_by_rhythm(rate: OrderRate, repeats: Floats, age: Floats, churn: Floats, horizon_days: int) -> Floats:
    """The days by which she has left for good with chance 10, 50 and 90 %: rows x 3; 0 where she has probably left already.

    The served chance of no order says how probably she is still a customer: whoever is one orders within the horizon with
    the chance that her rhythm tells, so alive = (1 - churn) / that chance, at most 1. How long the living stay is told by
    the rhythm (`OrderRate.staying`).
    """
    order_if_alive = rate.some_order_if_alive(repeats, age, horizon_days)
    alive = np.minimum((1 - churn) / np.maximum(order_if_alive, 1e-12), 1.0)
    return rate.days_until_leaving(alive, repeats, age, quantiles=QUANTILES, days_max=DAYS_MAX)


def days_at_constant_rate(churn: Floats, horizon_days: int) -> Floats:
    """The same where only that chance is known: as if every such period were as risky as the next."""
    stays = np.log1p(-np.clip(churn, 1e-9, 1 - 1e-9))[:, None]
    days: Floats = np.minimum(horizon_days * np.log1p(-np.asarray(QUANTILES)) / stays, DAYS_MAX)
    return days
