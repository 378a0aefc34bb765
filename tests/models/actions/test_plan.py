"""The plan: who gets what within a budget, against plans done by hand, every possible plan, and HiGHS."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, vstack

from models.actions.plan import NOTHING, Limits, Plan, best_plan, gain_curve

Floats = NDArray[np.float64]
NO = -np.inf  # the action is not for this customer
FREE = np.array([np.inf, np.inf])


def made_up(customers: int, actions: int, seed: int) -> tuple[Floats, Floats]:
    """Gains of customers of very different worth, of whom a fifth may not have each action; one cost per action."""
    rng = np.random.default_rng(seed)
    cost = np.tile(np.round(rng.uniform(0.5, 8, actions), 1), (customers, 1))
    gain = rng.gamma(0.7, 40, (customers, 1)) * rng.beta(2, 8, (customers, actions)) - cost
    gain[rng.random(gain.shape) < 0.2] = NO
    return gain, cost


def keeps_to(plan: Plan, gain: Floats, cost: Floats, limits: Limits) -> bool:
    """Whether nobody gets what is not for her and no limit is exceeded, and the sums are those of the actions."""
    some = np.flatnonzero(plan.action != NOTHING)
    own = plan.action[some]
    return bool(
        np.isfinite(gain[some, own]).all()
        and plan.gain == pytest.approx(gain[some, own].sum())
        and plan.cost == pytest.approx(cost[some, own].sum())
        and plan.cost <= limits.budget + 1e-9
        and (np.bincount(own, minlength=gain.shape[1]) <= limits.capacity).all()
    )


def test_the_budget_goes_to_whom_it_gains_most() -> None:
    gain = np.array([[10.0, 12.0], [4.0, 20.0], [3.0, 1.0], [-2.0, NO]])
    cost = np.array([[1.0, 5.0]] * 4)
    plan = best_plan(gain, cost, Limits(7.0, FREE))
    assert plan.action.tolist() == [0, 1, 0, NOTHING]  # 1 + 5 + 1
    assert (plan.gain, plan.cost) == (33, 7)


def test_the_price_of_the_budget_is_what_the_next_unit_would_gain() -> None:
    gain, cost = np.arange(1.0, 101.0)[:, None], np.ones((100, 1))
    plan = best_plan(gain, cost, Limits(10.0, np.array([np.inf])))
    assert plan.action.tolist() == [NOTHING] * 90 + [0] * 10
    assert 90 <= plan.budget_price <= 91
    assert plan.gap == pytest.approx(0, abs=1e-7)


def test_the_price_of_a_place_is_what_one_more_would_gain() -> None:
    gain, cost = np.column_stack([np.arange(1.0, 101.0), np.full(100, 2.0)]), np.zeros((100, 2))
    plan = best_plan(gain, cost, Limits(np.inf, np.array([10.0, np.inf])))
    assert plan.action.tolist() == [1] * 90 + [0] * 10
    assert 88 <= plan.capacity_prices[0] <= 89  # one more gains 90 instead of the 2 of the other action
    assert (plan.budget_price, plan.capacity_prices[1]) == (0, 0)


def test_without_limits_everybody_gets_her_best_and_nothing_has_a_price() -> None:
    gain, cost = made_up(500, 4, seed=1)
    plan = best_plan(gain, cost, Limits(np.inf, np.full(4, np.inf)))
    best = gain.max(axis=1)
    assert (plan.action == np.where(best > 0, gain.argmax(axis=1), NOTHING)).all()
    assert plan.gain == plan.bound == pytest.approx(best[best > 0].sum())
    assert plan.budget_price == plan.gap == 0


@pytest.mark.parametrize("limits", [Limits(0.0, FREE), Limits(np.inf, np.zeros(2)), Limits(0.0, np.zeros(2))])
def test_without_money_or_places_nobody_gets_anything_that_takes_them(limits: Limits) -> None:
    gain, cost = made_up(50, 2, seed=2)
    plan = best_plan(gain, cost, limits)
    assert (plan.action == NOTHING).all()
    assert (plan.gain, plan.cost, plan.gap) == (0, 0, 0)


def test_what_costs_nothing_needs_no_budget() -> None:
    gain, cost = np.array([[3.0, 5.0], [2.0, NO]]), np.array([[0.0, 1.0], [0.0, 1.0]])
    assert best_plan(gain, cost, Limits(0.0, FREE)).action.tolist() == [0, 0]


def test_who_would_lose_by_every_action_gets_none_however_large_the_budget() -> None:
    gain = np.array([[-1.0, -0.1], [0.0, -3.0]])
    assert best_plan(gain, np.ones((2, 2)), Limits(1e9, FREE)).action.tolist() == [NOTHING, NOTHING]


def test_nobody_and_no_action_make_an_empty_plan() -> None:
    assert best_plan(np.zeros((0, 2)), np.zeros((0, 2)), Limits(5.0, FREE)).action.tolist() == []
    assert best_plan(np.zeros((3, 0)), np.zeros((3, 0)), Limits(5.0, np.zeros(0))).action.tolist() == [NOTHING] * 3


def test_customers_who_are_all_alike_are_not_all_refused() -> None:
    gain, cost = np.full((5_000, 1), 3.0), np.full((5_000, 1), 2.0)
    plan = best_plan(gain, cost, Limits(1_001.0, np.array([np.inf])))
    assert (plan.action == 0).sum() == 500
    assert plan.gap < 1e-3  # the last unit of money buys nothing


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 3), st.floats(0, 1), st.booleans())
def test_no_possible_plan_for_a_few_customers_gains_more(
    seed: int, customers: int, actions: int, share: float, is_limited: bool
) -> None:
    gain, cost = made_up(customers, actions, seed)
    limits = Limits(share * cost.max() * customers, np.full(actions, 1.0 if is_limited else np.inf))
    plan = best_plan(gain, cost, limits)
    assert keeps_to(plan, gain, cost, limits)
    best = 0.0
    for options in product(range(-1, actions), repeat=customers):
        who = np.flatnonzero(np.array(options) >= 0)
        own = np.array(options)[who]
        if cost[who, own].sum() <= limits.budget and (np.bincount(own, minlength=actions) <= limits.capacity).all():
            best = max(best, float(gain[who, own].sum()))
    assert plan.bound >= best - 1e-9
    assert plan.gain >= best * (1 - 0.05) - 1e-9  # nearly always exactly
    assert plan.gain >= plan.bound * (1 - plan.gap) - 1e-9


@pytest.mark.parametrize("is_limited", [False, True])
@pytest.mark.parametrize("customers", [40, 400])
def test_a_plan_is_as_good_as_that_of_highs(customers: int, is_limited: bool) -> None:
    misses = []
    for seed in range(6):
        gain, cost = made_up(customers, 5, seed)
        limits = Limits(
            0.8 * customers, np.where(np.arange(5) % 2 == 0, customers // 20, np.inf) if is_limited else np.full(5, np.inf)
        )
        plan, exact = best_plan(gain, cost, limits), by_highs(gain, cost, limits, whole=True)
        assert keeps_to(plan, gain, cost, limits)
        assert plan.bound >= exact - 1e-9
        misses.append(1 - plan.gain / exact)
    assert max(misses) < 0.01
    assert np.mean(misses) < 0.002


def test_the_bound_is_that_of_the_linear_program_and_many_customers_come_close_to_it() -> None:
    gain, cost = made_up(20_000, 5, seed=3)
    limits = Limits(16_000.0, np.array([1_000, np.inf, 1_000, np.inf, 1_000]))
    plan = best_plan(gain, cost, limits)
    assert keeps_to(plan, gain, cost, limits)
    assert plan.bound == pytest.approx(by_highs(gain, cost, limits, whole=False), rel=1e-6)
    assert plan.gap < 1e-4


def test_prices_found_on_some_of_very_many_customers_hold_for_all() -> None:
    gain, cost = made_up(100_000, 3, seed=4)
    limits = Limits(80_000.0, np.array([2_000, np.inf, np.inf]))
    plan = best_plan(gain, cost, limits)
    assert keeps_to(plan, gain, cost, limits)
    assert plan.gap < 1e-5


def test_more_budget_never_gains_less_and_always_less_per_unit() -> None:
    gain, cost = made_up(3_000, 4, seed=5)
    budgets = [0.0, 500.0, 1_000.0, 2_000.0, 4_000.0]
    gains = [plan.gain for plan in gain_curve(gain, cost, budgets, np.full(4, np.inf))]
    per_unit = np.diff(gains) / np.diff(budgets)
    assert (per_unit > 0).all()
    assert (np.diff(per_unit) < 0).all()


def test_the_same_customers_get_the_same_plan() -> None:
    gain, cost = made_up(2_000, 4, seed=6)
    limits = Limits(1_000.0, np.full(4, 100.0))
    assert (best_plan(gain, cost, limits).action == best_plan(gain.copy(), cost.copy(), limits).action).all()


@pytest.mark.parametrize(
    ("gain", "cost", "limits", "said"),
    [
        ([[1.0]], [[-1.0]], Limits(1.0, np.array([1.0])), "costs are at least 0"),
        ([[np.nan]], [[1.0]], Limits(1.0, np.array([1.0])), "gains are numbers"),
        ([[np.inf]], [[1.0]], Limits(1.0, np.array([1.0])), "gains are numbers"),
        ([[1.0]], [[1.0]], Limits(-1.0, np.array([1.0])), "budget and capacities are at least 0"),
        ([[1.0]], [[1.0]], Limits(1.0, np.array([np.nan])), "budget and capacities are at least 0"),
        ([[1.0, 2.0]], [[1.0]], Limits(1.0, np.array([1.0])), "customers x actions"),
    ],
)
def test_what_cannot_be_planned_is_refused(gain: list[list[float]], cost: list[list[float]], limits: Limits, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        best_plan(np.array(gain), np.array(cost), limits)


def by_highs(gain: Floats, cost: Floats, limits: Limits, *, whole: bool) -> float:
    """The greatest gain, where customers must not (whole) or may be split among actions."""
    who, action = np.nonzero(gain > 0)
    place = np.arange(len(who))
    takes = np.zeros((1 + gain.shape[1], len(who)))
    takes[0], takes[1 + action, place] = cost[who, action], 1
    kept = np.isfinite(limits.all)
    one = coo_array((np.ones(len(who)), (who, place)), shape=(len(gain), len(who)))
    above, below = vstack([one, coo_array(takes[kept])]).tocsr(), np.concatenate([np.ones(len(gain)), limits.all[kept]])
    if not whole:
        return -float(linprog(-gain[who, action], A_ub=above, b_ub=below, method="highs").fun)
    constraint = LinearConstraint(above, -np.inf, below)
    options = {"mip_rel_gap": 0.0}
    return -float(
        milp(
            -gain[who, action], constraints=constraint, integrality=np.ones(len(who)), bounds=Bounds(0, 1), options=options
        ).fun
    )


def test_adding_up_costs_does_not_lose_the_last_customer() -> None:
    plan = best_plan(np.ones((3, 1)), np.full((3, 1), 0.1), Limits(0.3, np.array([np.inf])))
    assert plan.action.tolist() == [0, 0, 0]  # 0.1 + 0.1 + 0.1 is a little more than 0.3
