"""What an action is expected to gain for each customer, in money, less its cost: measured where a trial told, else assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.actions.uplift import Effect
from models.inputs import Columns

Floats = NDArray[np.float64]
Basis = Literal["measured", "assumed"]


@dataclass(frozen=True)
class Gains:
    """One entry per customer. `lower` is what the gain exceeds with a chance of nine in ten; an assumption has no such end."""

    expected: Floats
    lower: Floats
    basis: Basis


def measured_gains(value: Floats, effect: Effect, rows: Columns, cost: Floats) -> Gains:
    """value x (factor - 1) - cost: what comes at a higher rate is worth as much each time."""
    factor, lower, _ = effect.factors(rows)
    return Gains(value * (factor - 1) - cost, value * (lower - 1) - cost, "measured")


def assumed_gains(value_at_risk: Floats, effect: float, cost: Floats) -> Gains:
    """effect x value at risk - cost: the share of the value at risk that somebody believes the action saves."""
    expected = effect * value_at_risk - cost
    return Gains(expected, expected, "assumed")
