"""Uplift: what an action changes, learned from randomised treatments alone.

Events (an order, a visit, a reply) come at a rate; an action multiplies it. With chance p of the event without the action, the
rate over the horizon is -log(1 - p), and the chance with an action that makes it f times as large is 1 - (1 - p)^f. This is
regression with a complementary log-log link (Prentice, Gloeckler 1978). Expected money follows the rate.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from features.project import Project
from models.contract import Frozen
from models.inputs import Columns
from models.linear import Scales

Floats = NDArray[np.float64]
ORDER = "order"  # the outcome that brings money; others are given ones
CHANCE_MIN = 1e-6
LOWER_Z = 1.2815515655446004  # nine of ten effects lie above the lower end: it is one end of an 80 % interval


def uplift_file(project: Project) -> Path:
    """Where what trials taught is: an `Uplift`."""
    return project.folder / "uplift.json"


class Estimate(Frozen):
    """A measured quantity with its interval: of `auuc` and `qini` 99 %, of all others 95 %."""

    value: float
    lower: float
    upper: float


class Tenth(Frozen):
    """A tenth of the customers by predicted effect: what was predicted of them on average, and what was measured."""

    predicted: float
    measured: Estimate


class Balance(Frozen):
    """One feature before the action: its mean in both arms and how far these lie apart, in standard deviations.

    The means are on a log scale, each customer weighed by one over the chance of the action she drew. `error` is what chance
    alone makes of the distance.
    """

    feature: str
    treated: float
    withheld: float
    apart: float
    error: float


class Evidence(Frozen):
    """What randomised customers say of one action. Effects are on the chance of the event, and on money per customer.

    `qini` is the area between the uplift curve (customers in the order of predicted effect) and that of random order, per
    customer; effects were predicted by models that had not seen the customer. `differs` says whether its interval is above 0.
    `policies` is what customers would bring on average had nobody, everybody, or the half with the largest predicted effect
    been treated: in money where that is told, else as a chance of the event. Costs are not taken off.
    """

    treated: int
    withheld: int
    on_chance: Estimate
    on_value: Estimate | None
    auuc: Estimate
    qini: Estimate
    qini_p: float  # of the null hypothesis that the order is no better than chance, from the bootstrap
    tenths: tuple[Tenth, ...]
    policies: dict[str, Estimate] = Field(default_factory=dict)
    balance: tuple[Balance, ...] = ()  # every feature, the one furthest apart first

    @property
    def differs(self) -> bool:
        """Whether it is known that some customers react more than others."""
        return self.qini.lower > 0


class Effect(Frozen):
    """What one action does to the rate of the event: log f = `log_factor` + `weights` . moderators, standardised.

    Moderators are columns by which customers react differently; without any it is the same factor for everybody.
    `covariance` is that of log_factor and weights.
    """

    action: str
    log_factor: float
    weights: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    moderators: Scales
    evidence: Evidence | None = None

    def log_factors(self, rows: Columns) -> tuple[Floats, Floats]:
        """log f for each customer, and its standard error."""
        design = np.column_stack([np.ones(len(rows)), self.moderators.standardised(rows)])
        value = design @ np.array([self.log_factor, *self.weights])
        error = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", design, np.asarray(self.covariance), design), 0.0))
        return value, error

    def factors(self, rows: Columns) -> tuple[Floats, Floats, Floats]:
        """f for each customer with the ends of its 80 % interval."""
        value, error = self.log_factors(rows)
        return np.exp(value), np.exp(value - LOWER_Z * error), np.exp(value + LOWER_Z * error)


class Uplift(Frozen):
    """What a project's randomised campaigns taught: one effect for each action, and why there is none of others.

    `outcome` is what they were to bring about: ORDER, or a given one (bought_<name>), within `horizon_days`. `days_left_out`
    are the days of campaigns by chance that were not learned from.
    """

    project: str
    outcome: str
    horizon_days: int
    campaigns: tuple[date, ...]
    effects: tuple[Effect, ...]
    left_out: dict[str, str]  # why, by action
    days_left_out: tuple[tuple[str, tuple[date, ...]], ...] = ()  # why, and the days it holds for
    data_fingerprint: str


def rate(chance: Floats) -> Floats:
    """The rate at which events come, from the chance of at least one."""
    return -np.log1p(-np.clip(chance, CHANCE_MIN, 1 - CHANCE_MIN))


def chance_at(rates: Floats) -> Floats:
    """The chance of at least one event."""
    return -np.expm1(-rates)
