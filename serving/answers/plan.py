"""The best plan for a list of customers and a budget, by the same gains as the plan of all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from features.problems import BadInput
from models.actions.action import Offered
from models.actions.plan import NOTHING
from models.actions.plan_report import action_lines, planned
from models.value.worth import AT_RISK
from serving.answers.champions import UNKNOWN, Champions
from serving.answers.customers import placed
from serving.answers.errors import NotServed
from serving.answers.messages import NextAction, PlanAnswer, PlannedFor
from serving.answers.requests import AskPlan
from serving.plan import NO_ACTION_NAMED, measured_effects, offers_for


@dataclass(frozen=True)
class Offers:
    """What every action would gain for every customer of the snapshot, and what must be said of the effects."""

    offered: Offered
    remarks: list[str]


def gather_offers(champions: Champions) -> Offers:
    """For all customers. Raises NotServed or BadInput where there is nothing to plan with."""
    customers, actions = champions.known(), champions.release.actions
    if not actions:
        raise NotServed(NO_ACTION_NAMED)
    if AT_RISK not in customers.scored:
        raise NotServed("a plan needs churn and clv champions: nothing tells the value at risk here")
    effects, remarks = measured_effects(champions.release.project, customers.manifest, actions)
    return Offers(offers_for(customers.manifest, actions, effects, customers.table, customers.snapshot), remarks)


def plan_for(champions: Champions, offers: Offers, asked: AskPlan) -> PlanAnswer:
    """The plan, customer by customer in the order of the list. Raises BadInput where one is named twice."""
    if twice := [one for one, times in Counter(asked.customer_ids).items() if times > 1]:
        at = [asked.customer_ids.index(one) for one in twice[:20]]
        raise BadInput([f"customer_ids[{k}]: {asked.customer_ids[k]!r} is named twice" for k in at])
    customers, project = champions.known(), champions.release.project
    known = [one for one in asked.customer_ids if one in customers.place]
    rows = placed(customers, known)
    part = {name: getattr(offers.offered, name)[rows] for name in ("eligible", "expected", "sure", "cost")}
    own = replace(offers.offered, **part)
    plan, _ = planned(own, asked.budget)
    lines = action_lines(own, plan)
    found: dict[str, NextAction] = {}
    for k, (one, action) in enumerate(zip(known, plan.action.tolist(), strict=True)):
        if action == NOTHING:
            found[one] = NextAction("none", None, 0.0, 0.0)
        else:
            cost, gain = float(own.cost[k, action]), float(own.expected[k, action])
            found[one] = NextAction(own.actions[action].name, own.basis[action], cost, gain)
    return PlanAnswer(
        customers=[_planned_for(champions, one, found) for one in asked.customer_ids],
        budget=asked.budget,
        cost=float(plan.cost),
        expected_gain=sum(line.expected_gain for line in lines),
        sure_gain=float(plan.gain),
        gap=float(np.nan_to_num(plan.gap)),
        horizon_days=project.project.horizon_days,
        currency=project.project.currency,
        assumed=any(line.basis == "assumed" and line.customers for line in lines),
        models=champions.versions,
        remarks=offers.remarks,
    )


def _planned_for(champions: Champions, customer_id: str, found: dict[str, NextAction]) -> PlannedFor:
    customers = champions.known()
    if customer_id not in found:
        return PlannedFor(customer_id, None, *UNKNOWN)
    why = customers.why_not[customers.place[customer_id]]
    return PlannedFor(customer_id, None, *why) if why else PlannedFor(customer_id, found[customer_id])
