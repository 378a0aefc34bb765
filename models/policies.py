"""What other ways to spend the same money would gain with the same customers, by the same expectations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.actions import Offered
from models.plan import NOTHING, Limits, Places

Floats = NDArray[np.float64]
RANDOM_DRAWS = 20


@dataclass(frozen=True)
class Policy:
    """One way to spend: customers treated, money spent, and the gain to expect, net of it."""

    name: str
    customers: int
    cost: float
    gain: float


def compared(found: Places, offered: Offered, limits: Limits, churn: Floats, *, seed: int) -> list[Policy]:
    """The plan beside nobody, everybody, the highest risk of leaving and a random order, within the same limits.

    Everybody is not held to the limits. All but the plan give each customer the eligible action with the greatest expected
    gain, whether or not it pays, and go down their list until money and places are used up. Gains are expectations from which
    the plan was made, too, so that it cannot be behind: what they are worth is known where a trial was held.
    """
    best = np.where(offered.eligible.any(axis=1), offered.expected.argmax(axis=1), NOTHING)
    rng = np.random.default_rng(seed)

    def down(order: Places) -> Places:
        return _until_used_up(order, best, offered, limits)

    draws = [_policy("random", down(rng.permutation(len(best))), offered) for _ in range(RANDOM_DRAWS)]
    random = Policy(
        name="random",
        customers=round(float(np.mean([one.customers for one in draws]))),
        cost=float(np.mean([one.cost for one in draws])),
        gain=float(np.mean([one.gain for one in draws])),
    )
    at_risk = np.argsort(-np.nan_to_num(churn, nan=-1.0), kind="stable")
    return [
        _policy("plan", found, offered),
        Policy("nobody", 0, 0.0, 0.0),
        _policy("everybody", best, offered),
        _policy("highest risk", down(at_risk), offered),
        random,
    ]


def _policy(name: str, action: Places, offered: Offered) -> Policy:
    some = np.flatnonzero(action != NOTHING)
    gain, cost = (float(numbers[some, action[some]].sum()) for numbers in (offered.expected, offered.cost))
    return Policy(name, len(some), cost, gain)


def _until_used_up(order: Places, best: Places, offered: Offered, limits: Limits) -> Places:
    """The best action of each customer in an order, as long as money and places last."""
    found = np.full(len(best), NOTHING)
    asked = order[best[order] != NOTHING]
    kept = asked
    for k, places in enumerate(limits.capacity):
        if np.isfinite(places):
            own = np.flatnonzero(best[kept] == k)[int(places) :]
            kept = np.delete(kept, own)
    kept = kept[np.cumsum(offered.cost[kept, best[kept]]) <= limits.budget]
    found[kept] = best[kept]
    return found
