"""Buy-till-you-die models in closed form: how many orders to expect, and of what value, from rhythm alone.

No labels are needed, so they know everything up to `as_of`. MBG/NBD: Batislam, Denizel, Filiztekin (2007), the BG/NBD of
Fader, Hardie, Lee (2005) with a chance to leave after the first order too, so that one-time buyers are not immortal.
Gamma-Gamma: Fader, Hardie (2013). Time is in days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

Floats = NDArray[np.float64]
# A whiff of shrinkage towards 1 on the log scale, and bounds: short histories then cannot send a parameter away.
SHRINKAGE = 1e-3
LOG_BOUND = 8.0


@dataclass(frozen=True)
class OrderRate:
    """MBG/NBD: order rates are Gamma(r, alpha) per day, the chance to leave after an order is Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, repeats: Floats, last: Floats, age: Floats) -> Floats:
        """P(still a customer): `repeats` orders after the first, the last `last` days after it, first order `age` days ago."""
        odds = np.log(self.a / (self.b + repeats))
        odds = odds + (self.r + repeats) * (np.log(self.alpha + age) - np.log(self.alpha + last))
        chance: Floats = 1.0 / (1.0 + np.exp(np.minimum(odds, 700.0)))
        return chance

    def some_order(self, repeats: Floats, last: Floats, age: Floats, days: float) -> Floats:
        """P(at least one order in the next `days` days): she is alive, and with the rate of the living the first one comes."""
        rest = self.alpha + age
        chance: Floats = self.alive(repeats, last, age) * -np.expm1((self.r + repeats) * (np.log(rest) - np.log(rest + days)))
        return chance

    def expected_orders(self, repeats: Floats, last: Floats, age: Floats, days: float) -> Floats:
        """Orders to expect in the next `days` days."""
        alive = self.alive(repeats, last, age)
        rest = self.alpha + age
        a = self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6  # the formula has a removable gap at a = 1
        shape = self.r + repeats
        curve = hyp2f1(shape, self.b + repeats + 1, a + self.b + repeats, days / (rest + days))
        # The hypergeometric series overflows for several orders a day; whoever makes them hardly leaves within the horizon.
        with np.errstate(over="ignore", invalid="ignore"):
            stays = np.exp(shape * (np.log(rest) - np.log(rest + days))) * curve
            expected = (a + self.b + repeats) / (a - 1) * (1 - stays)
        steady = shape / rest * days
        usable = np.isfinite(expected) & (expected >= 0) & (expected <= steady)
        return alive * np.where(usable, expected, steady)


@dataclass(frozen=True)
class OrderValue:
    """Gamma-Gamma: order values vary around a customer's own mean, and those means around the population's."""

    p: float
    q: float
    gamma: float

    def expected(self, orders: Floats, mean_value: Floats) -> Floats:
        """The customer's own mean, drawn to the population's the more the fewer orders she has made."""
        return self.p * (self.gamma + orders * mean_value) / (self.p * orders + self.q - 1)


def fit_order_rate(repeats: Floats, last: Floats, age: Floats) -> OrderRate:
    """Maximum likelihood with a little shrinkage, from two starts; every input gives finite parameters."""
    scale = 100.0 / max(float(age.max()), 1.0)
    last, age = last * scale, age * scale

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        rate = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
        leaving = gammaln(a + b) + gammaln(b + repeats + 1) - gammaln(b) - gammaln(a + b + repeats + 1)
        stayed = -(r + repeats) * np.log(alpha + age)
        left = np.log(a) - np.log(b + repeats) - (r + repeats) * np.log(alpha + last)
        return float(-np.mean(rate + leaving + np.logaddexp(stayed, left)) + SHRINKAGE * np.sum(logs**2))

    r, alpha, a, b = _minimum(loss, [np.zeros(4), np.array([-0.5, 2.0, -0.5, 1.0])])
    return OrderRate(r, alpha / scale, a, b)


def fit_order_value(orders: Floats, mean_value: Floats) -> OrderValue:
    """Maximum likelihood over customers with a positive mean order value, with a little shrinkage; q stays above 1."""
    usable = (orders > 0) & (mean_value > 0)
    orders, mean_value = orders[usable], mean_value[usable]
    if not len(orders):
        return OrderValue(p=1.0, q=2.0, gamma=0.0)
    scale = float(mean_value.mean())
    value = mean_value / scale

    def loss(logs: Floats) -> float:
        p, gamma = np.exp(logs[0]), np.exp(logs[2])
        q = 1 + np.exp(logs[1])
        px = p * orders
        likelihood = (
            gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(gamma) + (px - 1) * np.log(value) + px * np.log(orders)
        )
        return float(-np.mean(likelihood - (px + q) * np.log(gamma + orders * value)) + SHRINKAGE * np.sum(logs**2))

    p, above_one, gamma = _minimum(loss, [np.zeros(3), np.array([1.0, 1.0, 0.0])])
    return OrderValue(p, 1 + above_one, gamma * scale)


def _minimum(loss: object, starts: list[Floats]) -> list[float]:
    """The parameters with the lowest loss, searched on a log scale within bounds."""
    tried = [minimize(loss, start, method="L-BFGS-B", bounds=[(-LOG_BOUND, LOG_BOUND)] * len(start)) for start in starts]
    best = min(tried, key=lambda result: float(result.fun))
    return [float(value) for value in np.exp(best.x)]
