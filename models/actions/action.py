"""What can be done about a customer: what it costs, how often, for whom, and what it brings where nobody measured it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.problems import BadConfig
from models.actions.gains import Basis, Gains, assumed_gains, measured_gains
from models.actions.plan import Limits
from models.actions.settings import Action
from models.actions.uplift import Effect
from models.inputs import Columns
from models.rules import Bools, holds

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Offered:
    """What each action would gain for each customer: customers x actions; minus infinity where it is not for her.

    `expected` is what it is worth on average, `sure` what it exceeds with a chance of nine in ten where it was measured: plans
    go by that.
    """

    actions: tuple[Action, ...]
    basis: tuple[Basis, ...]
    eligible: Bools
    expected: Floats
    sure: Floats
    cost: Floats

    def limits(self, budget: float | None) -> Limits:
        """The budget and the capacities; infinite where there is none."""
        capacity = [np.inf if action.capacity is None else float(action.capacity) for action in self.actions]
        return Limits(np.inf if budget is None else budget, np.array(capacity))


def offered(
    actions: tuple[Action, ...],
    effects: Mapping[str, Effect],
    scored: pa.Table,
    rows: Columns,
    *,
    value: Floats,
    at_risk: Floats,
) -> Offered:
    """Gains of every action for every customer of `scored`, the scored table; `rows` are their features.

    `value` is the margin expected within the horizon, which measured effects multiply, `at_risk` the value at risk, of which
    assumed ones save a share. Who has no such number is eligible for nothing. Raises BadConfig where an action has neither a
    measured nor an assumed effect, where its condition cannot be read, and where nobody is eligible for it, or nobody of whom
    anything is expected.
    """
    problems = [
        f"actions.{action.name}: no trial has measured what it changes; say what you believe it saves of the value at risk "
        f"(effect, 0 to 1), or learn it: python -m training uplift CONFIG"
        for action in actions
        if action.effect is None and action.name not in effects
    ]
    who = []
    for action in actions:
        try:
            own = np.ones(len(scored), dtype=bool)
            if action.eligible is not None:
                own = holds(action.eligible, scored, f"actions.{action.name}.eligible")
            if not own.any():
                problems.append(f"actions.{action.name}.eligible = {action.eligible!r}: nobody of {len(scored):,} customers is")
            who.append(own)
        except BadConfig as bad:
            problems += bad.problems
    if problems:
        raise BadConfig(problems)
    gains = [_gains(action, effects, rows, value, at_risk) for action in actions]
    eligible = np.column_stack(who) & ~np.column_stack([np.isnan(own.expected) for own in gains])
    expected, sure = (
        np.where(eligible, np.column_stack([getattr(own, name) for own in gains]), -np.inf) for name in ("expected", "lower")
    )
    if idle := [
        f"actions.{action.name}: of the {int(own.sum()):,} customers it is for nobody has "
        f"{'an expected value' if one.basis == 'measured' else 'a value at risk'}, so it cannot gain anything"
        for action, own, one, able in zip(actions, who, gains, eligible.T, strict=True)
        if not able.any()
    ]:
        raise BadConfig(idle)
    cost = np.tile([action.cost for action in actions], (len(scored), 1))
    return Offered(actions, tuple(own.basis for own in gains), eligible, expected, sure, cost)


def _gains(action: Action, effects: Mapping[str, Effect], rows: Columns, value: Floats, at_risk: Floats) -> Gains:
    cost = np.full(len(rows), action.cost)
    if action.name in effects:
        return measured_gains(value, effects[action.name], rows, cost)
    return assumed_gains(at_risk, float(action.effect or 0.0), cost)
