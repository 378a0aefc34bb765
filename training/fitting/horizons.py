"""Fit how the chance of leaving within other horizons follows from the served one, on inner dates; and judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import numpy as np
from scipy.optimize import minimize

from models.calibration import Floats
from models.horizons import Horizons, OtherHorizon
from models.prior import Prior
from training.fitting.rehearsal import Levelled
from training.frame import Frame

Outcomes = Callable[[date, int], Frame]  # the frame of a date, with what customers did within so many days
SHRINKAGE = 1e-3


def fit_horizons(
    asked: Sequence[Levelled],
    prior: Prior | None,
    outcomes: Outcomes,
    *,
    own_days: int,
    wanted_days: tuple[int, ...],
    until: date,
    falls: bool,
) -> tuple[Horizons, dict[str, str]]:
    """The horizons that can be answered, and by horizon why another cannot.

    Each is fitted on the latest inner date whose window of that length had closed by `until`, on customers whose margins come
    from a model fitted without them.
    """
    found, missing = [], {}
    for days in sorted(set(wanted_days) - {own_days}):
        closed = [each for each in asked if each.as_of + timedelta(days=days) <= until]
        if not closed:
            missing[f"{days} days"] = f"no inner date has a window of {days} days that closed by {until}"
            continue
        found.append(_fit(closed[0], outcomes(closed[0].as_of, days), prior, days))
    return Horizons(own_days=own_days, others=tuple(found), falls=falls), missing


def _fit(asked: Levelled, other: Frame, prior: Prior | None, days: int) -> OtherHorizon:
    """Slope and shift with the least log-loss, the slope drawn a little to 1.

    The margins speak of the horizon learned from, which may be shorter than the model's own.
    """
    row_of = {customer: row for row, customer in enumerate(other.customer_id)}
    has = np.array([customer in row_of for customer in asked.frame.customer_id])
    rows = [row_of[customer] for customer in asked.frame.customer_id[has]]
    outcome, margin = other.outcomes[rows, 0], asked.margins[has, 0]
    moved = np.zeros(len(margin)) if prior is None else _moved(prior, asked.frame.where(has), days)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        slope, shift = parameters
        moved_to = margin + slope * moved + shift
        miss = 1 / (1 + np.exp(-moved_to)) - outcome
        value = np.mean(np.logaddexp(0, moved_to) - outcome * moved_to) + SHRINKAGE * (slope - 1) ** 2
        slopes = np.array([np.mean(miss * moved) + 2 * SHRINKAGE * (slope - 1), np.mean(miss)])
        return float(value), slopes

    best = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0, 3), (-10, 10)])
    return OtherHorizon(days=days, slope=float(best.x[0]) if prior is not None else 0.0, shift=float(best.x[1]))


def _moved(prior: Prior, frame: Frame, days: int) -> Floats:
    learned, other = (prior.offset(frame.rows, "sigmoid", horizon) for horizon in (frame.horizon_days, days))
    moved: Floats = other - learned
    return moved
