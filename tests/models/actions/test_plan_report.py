"""What is said of a plan: by hand on few customers, and that no other policy is ahead of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.actions.action import Offered
from models.actions.plan_report import action_lines, curve_points, lost_lines, next_gain, planned, policy_lines
from models.actions.settings import Action

ACTIONS = (Action(name="call", cost=4.0, capacity=1, effect=0.5), Action(name="mail", cost=1.0))


def made(expected: list[list[float]]) -> Offered:
    gains = np.array(expected)
    cost = np.tile([4.0, 1.0], (len(gains), 1))
    return Offered(ACTIONS, ("assumed", "measured"), np.isfinite(gains), gains, gains, cost)


FOUR = made([[10.0, 2.0], [9.0, 3.0], [-1.0, -0.5], [-np.inf, 4.0]])
CHURN = np.array([0.2, 0.1, 0.9, 0.8])


def test_a_plan_by_hand() -> None:
    plan, _ = planned(FOUR, None)
    assert plan.action.tolist() == [0, 1, -1, 1]  # one call: to the first it adds 8, to the second 6
    call, mail = action_lines(FOUR, plan)
    assert (call.eligible, call.customers, call.cost, call.expected_gain, call.effect) == (3, 1, 4.0, 10.0, 0.5)
    assert (mail.eligible, mail.customers, mail.cost, mail.expected_gain, mail.effect) == (4, 2, 2.0, 7.0, None)
    assert (call.basis, mail.basis) == ("assumed", "measured")


def test_other_policies_by_hand() -> None:
    plan, limits = planned(FOUR, 5.0)
    found = {one.name: (one.customers, one.cost, one.expected_gain) for one in policy_lines(FOUR, plan, limits, CHURN, seed=0)}
    assert found["nobody"] == (0, 0.0, 0.0)
    assert found["everybody"] == (4, 10.0, 10 + 9 - 0.5 + 4)  # each her best, whether or not it pays
    # by risk: mail to the third (-0.5) and the fourth (4), then a call to the first would break the budget
    assert found["highest risk"] == (2, 2.0, 3.5)
    assert found["plan"][2] >= found["random"][2]


def test_who_finds_her_best_action_full_gets_the_next_best() -> None:
    plan, limits = planned(FOUR, 100.0)
    found = {one.name: one for one in policy_lines(FOUR, plan, limits, np.array([0.2, 0.9, 0.1, 0.1]), seed=0)}["highest risk"]
    # the second takes the one call (9), the first then gets mail (2), the third is not worth it (-0.5), the fourth gets mail (4)
    assert (found.customers, found.cost, found.expected_gain) == (4, 4 + 1 + 1 + 1, 9 + 2 - 0.5 + 4)


@pytest.mark.parametrize("budget", [0.0, 3.0, 20.0, None])
def test_within_the_limits_no_policy_is_ahead_of_the_plan(budget: float | None) -> None:
    rng = np.random.default_rng(4)
    offers = made(rng.normal(1, 5, (200, 2)).tolist())
    plan, limits = planned(offers, budget)
    ours, *others = policy_lines(offers, plan, limits, rng.uniform(size=200), seed=1)
    assert all(ours.expected_gain >= one.expected_gain - 1e-9 for one in others if one.name != "everybody")
    assert ours.cost <= (np.inf if budget is None else budget) + 1e-9


def test_more_money_gains_less_and_less_and_the_next_money_is_on_the_curve() -> None:
    rng = np.random.default_rng(5)
    offers = made(rng.gamma(1, 6, (300, 2)).tolist())
    plan, limits = planned(offers, 50.0)
    points = curve_points(offers, limits)
    assert (points[0].budget, points[0].sure_gain) == (0.0, 0.0)
    gains, budgets = np.diff([one.sure_gain for one in points]), np.diff([one.budget for one in points])
    assert (np.diff(gains / budgets) <= 1e-6).all()
    assert next_gain(offers, plan, limits) == pytest.approx(points[-1].sure_gain - plan.gain)  # 1,000 more is all that pays
    assert next_gain(offers, *planned(offers, None)) == 0.0


def test_lost_customers_by_tier_and_whom_not_to_win_back() -> None:
    plan, _ = planned(FOUR, None)
    scored = pd.DataFrame(
        {
            "life_stage": ["lost", "lost", "lost", "loyal"],
            "tier": ["gold", "bronze", "bronze", "gold"],
            "value_at_risk": [5.0, 20.0, np.nan, 9.0],
        }
    )
    gold, bronze = lost_lines(scored, ["lost"], ["platinum", "gold", "bronze"], FOUR, plan.action)
    assert (gold.tier, gold.customers, gold.value_at_risk, gold.in_plan, gold.not_worth_it) == ("gold", 1, 5.0, 1, 0)
    assert (bronze.tier, bronze.customers, bronze.value_at_risk, bronze.in_plan, bronze.not_worth_it) == (
        "bronze",
        2,
        20.0,
        1,
        1,
    )
    assert lost_lines(scored.drop(columns="tier"), ["lost"], ["gold"], FOUR, plan.action) == ()
