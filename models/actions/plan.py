"""The plan: one action or none for every customer, so that the expected gain is greatest within budget and capacities.

A multiple-choice knapsack. Every limit gets a price (Lagrangian relaxation, Everett 1963); at given prices each customer is
decided by herself, and the total at the best prices is more than any plan can gain, so that the distance to it certifies the
plan that was found. Prices are found by cutting planes (Kelley 1960), first on some of the customers; those who are decided by
a hair (the core of the problem: Pisinger 1995) are then decided again, together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Bools = NDArray[np.bool_]
NOTHING = -1
SAMPLE = 20_000  # customers on whom prices are found first
SWAPS = 300  # other choices that are tried, one by one and together
TRIES_MAX = 30_000
NEAR = 0.1  # prices of all lie within this much of theirs
CLOSE = 1e-8  # of the bound: prices are good enough
ROUNDING = 1e-9
ROUNDING_OF_MONEY = 1e-12
TIED = 1e-7  # of its gain: an action is worth its price
CUTS_MAX = 300


@dataclass(frozen=True)
class Limits:
    """How much money there is, and for how many customers each action; infinite where that is not limited."""

    budget: float
    capacity: Floats  # one per action

    @property
    def all(self) -> Floats:
        """The budget, and what adding up costs may round, then the capacities."""
        return np.concatenate([[self.budget * (1 + ROUNDING_OF_MONEY)], self.capacity])


@dataclass(frozen=True)
class Plan:
    """Who gets what. `action` has one entry per customer: the column of her action, -1 for none.

    `bound` is what no plan within the limits can exceed. `budget_price` is what one more unit of money would gain at the
    margin, `capacity_prices` what one more place of each action would.
    """

    action: Places
    gain: float
    cost: float
    bound: float
    budget_price: float
    capacity_prices: Floats

    @property
    def gap(self) -> float:
        """By how much of the bound the plan may at most miss the best one."""
        return max(self.bound - self.gain, 0.0) / self.bound if self.bound > 0 else 0.0


def best_plan(gain: Floats, cost: Floats, limits: Limits) -> Plan:
    """The plan with the greatest total gain.

    `gain` is customers x actions, expected and net of the action's cost; an action that is not for a customer has minus
    infinity. `cost` has the same shape, at least 0. Nothing is always possible, costs nothing and gains nothing.
    Raises ValueError where a limit or a cost is negative or a gain is not a number.
    """
    _refuse_nonsense(gain, cost, limits)
    if not (gain > 0).any():
        return Plan(np.full(len(gain), NOTHING), 0.0, 0.0, 0.0, 0.0, np.zeros(gain.shape[1]))
    offers = Offers(np.ascontiguousarray(gain.T), np.ascontiguousarray(cost.T))
    prices, bound = _prices(offers, limits.all)
    action = _polished(offers, _within(offers, prices, limits.all), prices, limits.all, bound)
    gained, spent = offers.total(action)
    return Plan(action, gained, spent, max(bound, gained), float(prices[0]), prices[1:])


def gain_curve(gain: Floats, cost: Floats, budgets: Sequence[float], capacity: Floats) -> list[Plan]:
    """The best plan for each of some budgets."""
    return [best_plan(gain, cost, Limits(budget, capacity)) for budget in budgets]


@dataclass(frozen=True)
class Choice:
    """What every customer would choose at some prices, and its gain less what it costs at them."""

    action: Places
    value: Floats


@dataclass(frozen=True)
class Offers:
    """Gains and costs: actions x customers."""

    gain: Floats
    cost: Floats

    def some(self, customers: Places) -> Offers:
        """Those of some customers."""
        return Offers(np.ascontiguousarray(self.gain[:, customers]), np.ascontiguousarray(self.cost[:, customers]))

    def values(self, prices: Floats) -> Floats:
        """Gains less what actions cost at the prices: actions x customers."""
        found: Floats = self.gain - prices[0] * self.cost - prices[1:, None]
        return found

    def choice(self, prices: Floats) -> Choice:
        """The best for each customer; nothing where no action is better than that."""
        customers = self.gain.shape[1]
        best, value = np.zeros(customers), np.empty(customers)
        action = np.full(customers, NOTHING, dtype=np.intp)
        for k, (gain, cost) in enumerate(zip(self.gain, self.cost, strict=True)):  # in place: this is asked a hundred times
            np.multiply(cost, -prices[0], out=value)
            value += gain
            value -= prices[1 + k]
            np.putmask(action, value > best, k)
            np.maximum(best, value, out=best)
        return Choice(action, best)

    def lead(self, choice: Choice, prices: Floats) -> Floats:
        """How much better each choice is than what is next best."""
        values = np.vstack([self.values(prices), np.zeros(len(choice.action))])  # nothing is the last, where -1 points, too
        values[choice.action, np.arange(len(choice.action))] = -np.inf
        found: Floats = choice.value - values.max(axis=0)
        return found

    def used(self, action: Places) -> Floats:
        """Money and places that choices take."""
        has = [action == k for k in range(len(self.gain))]
        money = sum(float(cost @ own) for cost, own in zip(self.cost, has, strict=True))
        return np.array([money, *map(np.count_nonzero, has)], dtype=np.float64)

    def taken(self, action: Places, customer: Places) -> Floats:
        """Money and places that single choices take, one row each."""
        found = np.zeros((len(action), 1 + len(self.gain)))
        some = np.flatnonzero(action >= 0)
        found[some, 0], found[some, 1 + action[some]] = self.cost[action[some], customer[some]], 1
        return found

    def total(self, action: Places) -> tuple[float, float]:
        """Gain and cost of choices."""
        some = np.flatnonzero(action >= 0)
        return float(self.gain[action[some], some].sum()), float(self.cost[action[some], some].sum())


def _prices(offers: Offers, limits: Floats) -> tuple[Floats, float]:
    """The prices of the limits at which the bound is lowest, and that bound. What is not limited has no price."""
    customers = offers.gain.shape[1]
    highest = np.concatenate([[_ratio_max(offers)], np.max(offers.gain, axis=1, initial=0.0)])
    highest = np.where(np.isfinite(limits), np.maximum(highest, 0.0), 0.0)
    if customers > 2 * SAMPLE:
        some = np.sort(np.random.default_rng(0).choice(customers, SAMPLE, replace=False))
        about, _ = _cutting_planes(offers.some(some), limits * SAMPLE / customers, np.zeros_like(highest), highest)
        room = NEAR * about + 1e-3 * highest
        near = np.maximum(about - room, 0.0), np.minimum(about + room, highest)
        prices, bound = _cutting_planes(offers, limits, *near)
        if (((prices > near[0]) | (near[0] == 0)) & ((prices < near[1]) | (near[1] == highest))).all():
            return prices, bound
    return _cutting_planes(offers, limits, np.zeros_like(highest), highest)


def _ratio_max(offers: Offers) -> float:
    """The price of money at which nobody gets anything that costs something."""
    costs = offers.cost > 0
    ratio = np.divide(offers.gain, offers.cost, out=np.zeros_like(offers.gain), where=costs)
    return float(np.max(ratio, initial=0.0)) * (1 + 1e-9)


def _cutting_planes(offers: Offers, limits: Floats, lowest: Floats, highest: Floats) -> tuple[Floats, float]:
    """The lowest bound in a box of prices: it is convex in them, and the choices at some prices are a plane below it."""
    is_priced = highest > lowest
    within = np.where(np.isfinite(limits), limits, 0.0)
    prices, best, bound = lowest, lowest, np.inf
    slopes, heights = list[Floats](), list[float]()
    for _ in range(CUTS_MAX):
        choice = offers.choice(prices)
        found = float(prices @ within + choice.value.sum())
        best, bound = (prices, found) if found < bound else (best, bound)
        if not is_priced.any():
            break
        slopes.append((within - offers.used(choice.action))[is_priced])
        heights.append(found - float(slopes[-1] @ prices[is_priced]))
        lower, at = _lowest_of_planes(np.array(slopes), np.array(heights), lowest[is_priced], highest[is_priced])
        if bound - lower <= CLOSE * abs(bound):
            break
        prices = lowest.copy()
        prices[is_priced] = at
    return best, bound


def _lowest_of_planes(slopes: Floats, heights: Floats, lowest: Floats, highest: Floats) -> tuple[float, Floats]:
    """The lowest point of the highest of some planes, within a box."""
    above = np.column_stack([slopes, np.full(len(slopes), -1.0)])
    aim = np.concatenate([np.zeros(len(lowest)), [1.0]])
    bounds = [*zip(lowest, highest, strict=True), (None, None)]
    solved = linprog(aim, A_ub=above, b_ub=-heights, bounds=bounds, method="highs")
    return float(solved.fun), np.asarray(solved.x[:-1])


def _within(offers: Offers, prices: Floats, limits: Floats) -> Places:
    """The choices at some prices bent to the limits: whoever loses least by it takes what is next best for her."""
    action, values = offers.choice(prices).action, offers.values(prices)
    is_full = np.zeros(len(values), dtype=bool)
    while len(over := np.flatnonzero(offers.used(action)[1:] > limits[1:])):
        k = int(over[0])
        is_full[k] = True
        held = np.flatnonzero(action == k)
        options = np.vstack([np.where(is_full[:, None], -np.inf, values[:, held]), np.zeros(len(held))])
        loss = values[k, held] - options.max(axis=0)
        moved = np.argsort(loss, kind="stable")[: len(held) - int(limits[1 + k])]
        action[held[moved]] = _or_nothing(options[:, moved].argmax(axis=0), len(values))
    held = np.flatnonzero(action >= 0)
    cost, value = offers.cost[action[held], held], values[action[held], held]
    order = np.argsort(np.divide(value, cost, out=np.full(len(held), np.inf), where=cost > 0), kind="stable")
    kept = cost.sum() - np.concatenate([[0.0], np.cumsum(cost[order])])
    action[held[order[: int(np.argmax(kept <= limits[0]))]]] = NOTHING
    for k in range(len(values)):  # who may as well have it as not: of customers who are all alike, as many as can be
        tied = np.flatnonzero((action == NOTHING) & (values[k] >= -TIED * offers.gain[k]) & (offers.gain[k] > 0))
        left = limits - offers.used(action)
        places = int(min(left[1 + k], np.searchsorted(np.cumsum(offers.cost[k, tied]), left[0], "right")))
        action[tied[:places]] = k
    return _filled(offers, action, values, limits)


def _filled(offers: Offers, action: Places, values: Floats, limits: Floats) -> Places:
    """The same, with what is left of the limits given to those who gain by more than they have, smallest loss first."""
    customer = np.arange(len(action))
    has = action >= 0
    gained, spent = (np.where(has, part[action, customer], 0.0) for part in (offers.gain, offers.cost))
    now = np.where(has, values[action, customer], 0.0)
    left = limits - offers.used(action)
    fits = (offers.gain > gained) & (offers.cost - spent <= left[0]) & (left[1:, None] >= 1)
    k, i = np.nonzero(fits)
    best = np.argsort(now[i] - values[k, i], kind="stable")[:SWAPS]
    for to, who in zip(k[best], i[best], strict=True):
        takes = offers.taken(np.array([to]), np.array([who]))[0] - offers.taken(action[[who]], np.array([who]))[0]
        if action[who] != to and (takes <= left).all() and offers.gain[to, who] > gained[who]:
            action[who], gained[who], left = to, offers.gain[to, who], left - takes
    return action


def _or_nothing(option: Places, actions: int) -> Places:
    return np.where(option == actions, NOTHING, option)


def _polished(offers: Offers, action: Places, prices: Floats, limits: Floats, bound: float) -> Places:
    """The same, or a plan that gains more: the choices at the prices, changed for those who lose least by it.

    What a plan misses of the bound is what its customers lose against their choices at the prices, and what is left of the
    limits times their prices. Changes are tried depth first, smallest loss first, as long as less is missed than before.
    """
    choice = offers.choice(prices)
    swaps = _Swaps.of(offers, choice, prices, limits)
    best, changes, tried = bound - offers.total(action)[0], None, 0

    def search(begin: int, lost: float, left: list[float], made: tuple[int, ...]) -> None:
        nonlocal best, changes, tried
        if all(room >= 0 for room in left):
            missed = lost + sum(price * room for price, room in zip(swaps.prices, left, strict=True))
            if missed < best * (1 - ROUNDING):
                best, changes = missed, made
        for k in range(begin, len(swaps.loss)):
            tried += 1
            if lost + swaps.loss[k] >= best or tried > TRIES_MAX:
                return
            if all(swaps.customer[other] != swaps.customer[k] for other in made):
                then = [room - more for room, more in zip(left, swaps.takes[k], strict=True)]
                search(k + 1, lost + swaps.loss[k], then, (*made, k))

    search(0, 0.0, swaps.left, ())
    if changes is None:
        return action
    found = choice.action.copy()
    for k in changes:
        found[swaps.customer[k]] = swaps.action[k]
    return found if (offers.used(found) <= limits).all() else action


@dataclass(frozen=True)
class _Swaps:
    """Other actions than those chosen at the prices, the smallest loss first, and what each takes more of the limits."""

    customer: list[int]
    action: list[int]
    loss: list[float]
    takes: list[list[float]]
    left: list[float]  # of the limits by the choices, below 0 where they take too much
    prices: list[float]

    @classmethod
    def of(cls, offers: Offers, choice: Choice, prices: Floats, limits: Floats) -> _Swaps:
        customers = np.argsort(offers.lead(choice, prices), kind="stable")[:SWAPS]
        inner, chosen = offers.some(customers), choice.action[customers]
        value = np.vstack([inner.values(prices), np.zeros(len(customers))])  # nothing is the last
        loss = choice.value[customers] - value
        loss[chosen, np.arange(len(customers))] = np.inf
        order = np.argsort(loss, axis=None, kind="stable")[:SWAPS]
        option, place = np.unravel_index(order[np.isfinite(loss.ravel()[order])], loss.shape)
        action, is_limit = _or_nothing(option, len(offers.gain)), np.isfinite(limits)
        takes = inner.taken(action, place) - inner.taken(chosen[place], place)
        return cls(
            customers[place].tolist(),
            action.tolist(),
            loss[option, place].tolist(),
            takes[:, is_limit].tolist(),
            (limits - offers.used(choice.action))[is_limit].tolist(),
            prices[is_limit].tolist(),
        )


def _refuse_nonsense(gain: Floats, cost: Floats, limits: Limits) -> None:
    if gain.shape != cost.shape or gain.ndim != 2 or len(limits.capacity) != gain.shape[1]:
        raise ValueError("gain and cost are customers x actions, capacity has one number per action")
    if np.isnan(gain).any() or (gain == np.inf).any() or not (cost >= 0).all() or not np.isfinite(cost).all():
        raise ValueError("gains are numbers or minus infinity, costs are at least 0")
    if not (limits.all >= 0).all():
        raise ValueError("budget and capacities are at least 0")
