"""How much is known of an effect: measured differences between arms, uplift curves, and how sure all of it is.

Every figure weighs customers by one over the chance of the action they drew (Hajek 1971), and its interval comes from customers
drawn again and again, each with all her rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.actions.uplift import Estimate, Evidence, Tenth
from training.campaigns.trial import Trial
from training.campaigns.uplift import Learned

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places = NDArray[np.intp]
DRAWS = 1_000
SURE = 0.95
SURE_OF_DIFFERENCES = 0.99  # of the order of customers: a list is drawn up by it, and several actions are looked at
TENTHS = 10


@dataclass(frozen=True)
class Measured:
    """Two arms with one outcome, a weight for each row, and each row's customer as a number from 0."""

    outcome: Floats
    treated: Bools
    weight: Floats
    customer: Places

    def some(self, chosen: Bools) -> Measured:
        """Some of the rows."""
        return Measured(self.outcome[chosen], self.treated[chosen], self.weight[chosen], self.customer[chosen])

    def difference(self) -> float:
        """The mean of the treated less that of those withheld; missing where either is empty."""
        treated, withheld = (self.weight * arm for arm in (self.treated, ~self.treated))
        if treated.sum() <= 0 or withheld.sum() <= 0:
            return np.nan
        return float(treated @ self.outcome / treated.sum() - withheld @ self.outcome / withheld.sum())

    def drawn(self, times: Floats) -> Measured:
        """The same with every customer there so many times."""
        return Measured(self.outcome, self.treated, self.weight * times[self.customer], self.customer)


@dataclass(frozen=True)
class Curve:
    """What treating the customers with the largest predicted effects brings, per customer: by share treated, from 0 to 1."""

    share: Floats
    gain: Floats

    @property
    def area(self) -> float:
        """The area under it (AUUC; Gutierrez, Gerardy 2017)."""
        return float(np.trapezoid(self.gain, self.share))

    @property
    def qini(self) -> float:
        """The area between it and the line of those treated in random order (Radcliffe 2007)."""
        return self.area - float(self.gain[-1]) / 2

    @classmethod
    def of(cls, measured: Measured, order: Places) -> Curve:
        """From the measured outcomes, in the order of treatment."""
        weight, outcome, treated = measured.weight[order], measured.outcome[order], measured.treated[order]
        means = []
        for arm in (treated, ~treated):
            own = np.cumsum(weight * arm)
            means.append(np.divide(np.cumsum(weight * arm * outcome), own, out=np.zeros_like(own), where=own > 0))
        share = np.cumsum(weight) / weight.sum()
        return cls(np.concatenate([[0.0], share]), np.concatenate([[0.0], (means[0] - means[1]) * share]))


def evidence(own: Trial, treated: Bools, learned: Learned, *, seed: int) -> Evidence:
    """What the customers of two arms say of an action, and of predictions by models that had not seen them."""
    rng = np.random.default_rng(seed)
    customer = np.unique(own.customer_id, return_inverse=True)[1]
    chance = Measured(own.event, treated, own.alike(treated), customer)
    is_told = np.zeros(len(own), dtype=bool) if own.value is None else np.isfinite(own.value)  # what followed in money
    money = None
    if own.value is not None and min((is_told & arm).sum() for arm in (treated, ~treated)) > 1:
        money = Measured(own.value, treated, chance.weight, customer).some(is_told)
    predicted = learned.chance_with - learned.chance_without
    order = in_order(predicted, rng)
    tenth = np.empty(len(order), dtype=np.intp)
    tenth[order] = np.arange(len(order)) * TENTHS // len(order)
    parts = [chance.some(tenth == k) for k in range(TENTHS)]

    treating = {name: who[is_told] if money else who for name, who in _policies(order).items()}

    def figures(times: Floats | None) -> list[float]:
        seen = [each if times is None else each.drawn(times) for each in (chance, *([money] if money else []), *parts)]
        curve, told = Curve.of(seen[0], order), seen[1] if money else seen[0]
        values = [policy_value(told, who) for who in treating.values()]
        return [curve.area, curve.qini, *values, *(each.difference() for each in seen)]

    draws = np.array([figures(drawn(customer.max() + 1, rng)) for _ in range(DRAWS)])
    first = 2 + len(treating)
    (auuc, qini), values, (on_chance, *others) = (
        [estimate(value, each, sure) for value, each in zip(figures(None)[of], draws.T[of], strict=True)]
        for of, sure in ((slice(2), SURE_OF_DIFFERENCES), (slice(2, first), SURE), (slice(first, None), SURE))
    )
    on_value, tenths = (others[0], others[1:]) if money else (None, others)
    return Evidence(
        treated=int(treated.sum()),
        withheld=int((~treated).sum()),
        on_chance=on_chance,
        on_value=on_value,
        auuc=auuc,
        qini=qini,
        qini_p=float((1 + (draws[:, 1] <= 0).sum()) / (1 + DRAWS)),
        tenths=tuple(
            Tenth(predicted=float(np.average(predicted[tenth == k], weights=parts[k].weight)), measured=measured)
            for k, measured in enumerate(tenths)
        ),
        policies=dict(zip(treating, values, strict=True)),
    )


def in_order(predicted: Floats, rng: np.random.Generator) -> Places:
    """The largest predicted effect first; equal ones by chance."""
    shuffled = rng.permutation(len(predicted))
    return shuffled[np.argsort(-predicted[shuffled], kind="stable")]


def drawn(customers: int, rng: np.random.Generator) -> Floats:
    """How often each customer is there when as many are drawn with replacement."""
    return np.bincount(rng.integers(0, customers, customers), minlength=customers).astype(np.float64)


def estimate(value: float, draws: Floats, sure: float = SURE) -> Estimate:
    """A figure with the ends of the interval that most of its draws lie in."""
    known = draws[np.isfinite(draws)]
    if not len(known):
        return Estimate(value=value, lower=value, upper=value)
    lower, upper = np.quantile(known, [(1 - sure) / 2, (1 + sure) / 2])
    return Estimate(value=value, lower=float(lower), upper=float(upper))


def policy_value(measured: Measured, policy: Bools) -> float:
    """The mean outcome had those been treated whom a policy names, and only they: from all who drew just that (Hajek 1971)."""
    weight = measured.weight * (measured.treated == policy)
    return float(weight @ measured.outcome / weight.sum()) if weight.sum() > 0 else np.nan


def _policies(order: Places) -> dict[str, Bools]:
    """Who is treated: nobody, everybody, and the half with the largest predicted effect."""
    half = np.zeros(len(order), dtype=bool)
    half[order[: len(order) // 2]] = True
    return {"nobody": np.zeros_like(half), "everybody": np.ones_like(half), "largest effects": half}
