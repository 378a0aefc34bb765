"""What other ways to spend the same money would gain with the same customers, by the same expectations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.actions.action import Offered
from models.actions.plan import NOTHING, Limits, Places

Floats = NDArray[np.float64]
RANDOM_DRAWS = 20


@dataclass(frozen=True)
class Policy:
    """One way to spend: customers treated, money spent, and the gain net of it: to expect, and by what is sure of it."""

    name: str
    customers: int
    cost: float
    gain: float
    sure_gain: float


def compared(found: Places, offered: Offered, limits: Limits, churn: Floats, *, seed: int) -> list[Policy]:
    """The plan beside nobody, everybody, the highest risk of leaving and a random order, within the same limits.

    Everybody is not held to the limits. All but the plan go down their list and give each customer the eligible action with the
    greatest expected gain that has a place left, whether or not it pays, until the money is used up. Plans are made by sure
    gains: within the limits nobody is ahead of the plan by these, but where measured effects are unsure somebody may be by
    expected ones.
    """
    best = np.where(offered.eligible.any(axis=1), offered.expected.argmax(axis=1), NOTHING)
    rng = np.random.default_rng(seed)

    def down(order: Places) -> Places:
        return _until_used_up(order, offered, limits)

    draws = [_policy("random", down(rng.permutation(len(best))), offered) for _ in range(RANDOM_DRAWS)]
    random = Policy(
        name="random",
        customers=round(float(np.mean([one.customers for one in draws]))),
        cost=float(np.mean([one.cost for one in draws])),
        gain=float(np.mean([one.gain for one in draws])),
        sure_gain=float(np.mean([one.sure_gain for one in draws])),
    )
    at_risk = np.argsort(-np.nan_to_num(churn, nan=-1.0), kind="stable")
    return [
        _policy("plan", found, offered),
        Policy("nobody", 0, 0.0, 0.0, 0.0),
        _policy("everybody", best, offered),
        _policy("highest risk", down(at_risk), offered),
        random,
    ]


def _policy(name: str, action: Places, offered: Offered) -> Policy:
    some = np.flatnonzero(action != NOTHING)
    gain, sure, cost = (float(numbers[some, action[some]].sum()) for numbers in (offered.expected, offered.sure, offered.cost))
    return Policy(name, len(some), cost, gain, sure)


def _until_used_up(order: Places, offered: Offered, limits: Limits) -> Places:
    """The best action that has a place left, for each customer in an order, as long as the money lasts."""
    found = _with_places(order, offered, limits.capacity)
    kept = order[found[order] != NOTHING]
    spent = np.cumsum(offered.cost[kept, found[kept]])
    found[kept[spent > limits.all[0]]] = NOTHING
    return found


def _with_places(order: Places, offered: Offered, capacity: Floats) -> Places:
    """The best action for each customer in an order; whoever finds it full gets her next best one."""
    found, left, open_to = np.full(len(offered.cost), NOTHING), capacity.copy(), offered.expected.copy()
    asked = order
    while len(asked):
        open_to[:, left <= 0] = -np.inf
        gains = open_to[asked]
        best = np.where(np.isfinite(gains).any(axis=1), gains.argmax(axis=1), NOTHING)
        # Up to the first customer who finds an action full all is decided; from her on it is asked again.
        taken = np.stack([np.cumsum(best == k) for k in range(gains.shape[1])])
        full = np.flatnonzero((taken > left[:, None]).any(axis=0))
        until = int(full[0]) if len(full) else len(asked)
        decided = best[:until]
        found[asked[:until]] = decided
        left -= np.bincount(decided[decided != NOTHING], minlength=len(left))
        asked = asked[until:]
    return found
