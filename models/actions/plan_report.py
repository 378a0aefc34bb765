"""What a plan is for: who gets what, what that gains, what else the money could do, and whom not to win back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.actions.action import Offered
from models.actions.gains import Basis
from models.actions.plan import NOTHING, Limits, Places, Plan, best_plan, gain_curve
from models.actions.policies import Policy, compared
from models.contract import Frozen

Floats = NDArray[np.float64]
CURVE_POINTS = 12
NEXT_MONEY = 1_000.0  # what the next so much money would gain is said


class ActionLine(Frozen):
    """One action in the plan. `effect` is the assumed share of the value at risk; null where a trial measured the action."""

    name: str
    label: str
    label_zh: str
    basis: Basis
    effect: float | None
    cost_each: float
    capacity: int | None
    eligible: int
    customers: int
    cost: float
    expected_gain: float
    sure_gain: float
    place_price: float  # what one more place would gain at the margin


class PolicyLine(Frozen):
    """Another way to spend with the same customers and limits."""

    name: str
    customers: int
    cost: float
    expected_gain: float
    sure_gain: float


class CurvePoint(Frozen):
    """What the best plan for a budget gains, by what its gains surely exceed, and what one more unit of money would."""

    budget: float
    sure_gain: float
    price: float


class LostLine(Frozen):
    """Customers of a tier who count as lost: how many the plan tries to win back, and how many no action is worth it for."""

    tier: str
    customers: int
    value_at_risk: float
    in_plan: int
    not_worth_it: int


class PlanReport(Frozen):
    """A plan. Money is in the project's currency and within `horizon_days`; gains are net of costs.

    `sure_gain` is what plans are made by: of measured effects what each gain exceeds with a chance of nine in ten, of assumed
    ones the assumption itself. `gap` is by how much of the upper bound the plan may at most miss the best one. `assumed` says
    whether any effect in it is one that somebody believes in and nobody measured.
    """

    as_of: date
    horizon_days: int
    currency: str
    customers: int
    budget: float | None
    cost: float
    treated: int
    expected_gain: float
    largest_gain: float  # of one customer
    sure_gain: float
    bound: float
    gap: float
    budget_price: float
    next_money: float
    next_gain: float
    assumed: bool
    actions: tuple[ActionLine, ...]
    policies: tuple[PolicyLine, ...]
    curve: tuple[CurvePoint, ...]
    lost: tuple[LostLine, ...]
    remarks: tuple[str, ...]
    models: dict[str, str]  # the versions that scored the customers: a plan for other numbers is no plan

    @property
    def rests_on_measured(self) -> bool:
        """Whether the plan uses an action whose effect a trial measured; else sure gains are as assumed as the others."""
        return any(one.basis == "measured" and one.customers for one in self.actions)


def planned(offered: Offered, budget: float | None) -> tuple[Plan, Limits]:
    """The plan with the greatest sure gain within the budget and the capacities of the actions."""
    limits = offered.limits(budget)
    return best_plan(offered.sure, offered.cost, limits), limits


def action_lines(offered: Offered, plan: Plan) -> tuple[ActionLine, ...]:
    """One for each action, in the order of the mapping file."""
    found = []
    for k, (action, basis) in enumerate(zip(offered.actions, offered.basis, strict=True)):
        own = plan.action == k
        found.append(
            ActionLine(
                name=action.name,
                label=action.said,
                label_zh=action.said_zh,
                basis=basis,
                effect=action.effect if basis == "assumed" else None,
                cost_each=action.cost,
                capacity=action.capacity,
                eligible=int(offered.eligible[:, k].sum()),
                customers=int(own.sum()),
                cost=float(offered.cost[own, k].sum()),
                expected_gain=float(offered.expected[own, k].sum()),
                sure_gain=float(offered.sure[own, k].sum()),
                place_price=float(plan.capacity_prices[k]),
            )
        )
    return tuple(found)


def largest_gain(offered: Offered, plan: Plan) -> float:
    """The expected gain of the one customer of whom the plan expects most; 0 where nothing is done."""
    treated = np.flatnonzero(plan.action != NOTHING)
    return float(offered.expected[treated, plan.action[treated]].max(initial=0.0))


def policy_lines(offered: Offered, plan: Plan, limits: Limits, churn: Floats, *, seed: int) -> tuple[PolicyLine, ...]:
    """See `policies.compared`."""
    policies: Sequence[Policy] = compared(plan.action, offered, limits, churn, seed=seed)
    return tuple(
        PolicyLine(name=one.name, customers=one.customers, cost=one.cost, expected_gain=one.gain, sure_gain=one.sure_gain)
        for one in policies
    )


def curve_points(offered: Offered, limits: Limits) -> tuple[CurvePoint, ...]:
    """From no money to as much as pays."""
    most = best_plan(offered.sure, offered.cost, Limits(np.inf, limits.capacity)).cost
    budgets = [float(budget) for budget in np.linspace(0, most, CURVE_POINTS)] if most > 0 else [0.0]
    plans = gain_curve(offered.sure, offered.cost, budgets, limits.capacity)
    return tuple(
        CurvePoint(budget=budget, sure_gain=plan.gain, price=plan.budget_price)
        for budget, plan in zip(budgets, plans, strict=True)
    )


def next_gain(offered: Offered, plan: Plan, limits: Limits) -> float:
    """What the next 1,000 would gain."""
    if not np.isfinite(limits.budget):
        return 0.0
    more = best_plan(offered.sure, offered.cost, Limits(limits.budget + NEXT_MONEY, limits.capacity))
    return max(more.gain - plan.gain, 0.0)


def lost_lines(
    scored: pd.DataFrame, lost_stages: Sequence[str], tiers: Sequence[str], offered: Offered, action: Places
) -> tuple[LostLine, ...]:
    """By tier, in the order of `tiers`; empty where stages or tiers cannot be told."""
    if "life_stage" not in scored or "tier" not in scored:
        return ()
    lost = scored["life_stage"].isin(lost_stages).to_numpy()
    worth: NDArray[np.bool_] = np.any(offered.sure > 0, axis=1)
    found = []
    place = {name: k for k, name in enumerate(tiers)}
    for tier in sorted(scored.loc[lost, "tier"].unique(), key=lambda name: place.get(name, len(place))):
        own = lost & (scored["tier"] == tier).to_numpy()
        found.append(
            LostLine(
                tier=str(tier),
                customers=int(own.sum()),
                value_at_risk=float(np.nansum(scored.loc[own, "value_at_risk"])),
                in_plan=int((action[own] != NOTHING).sum()),
                not_worth_it=int((~worth[own]).sum()),
            )
        )
    return tuple(found)
