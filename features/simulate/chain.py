"""The two moods of a customer as a Markov chain in continuous time, followed in closed form.

While the rates are constant, the row of probabilities x = (content, upset) follows x' = x M with

    M = [[-(a + k), k], [r, -(b + r)]]

where k, r are the rates of becoming upset and of recovering, and a, b those of dropping out of the chain from
content and from upset (by leaving or, where that is asked, by ordering). M has two real eigenvalues e1 > e2,
both negative, so with x1 = (x M - e2 x) / (e1 - e2) and x2 = x - x1

    x(t) = exp(e1 t) x1 + exp(e2 t) x2
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.simulate.chunk import Numbers


@dataclass(frozen=True)
class Pair:
    """One number for content and one for upset, per customer."""

    content: Numbers
    upset: Numbers

    def dot(self, other: Pair) -> Numbers:
        """The sum of the products."""
        return self.content * other.content + self.upset * other.upset


@dataclass(frozen=True)
class Passage:
    """A stretch of `days` with constant rates: the two parts x1, x2 of the probabilities at its start, and e1, e2."""

    first: Pair
    second: Pair
    high: Numbers
    low: Numbers
    days: float

    def after(self) -> Pair:
        """The probabilities at the end of the stretch."""
        return self._weighted(np.exp(self.high * self.days), np.exp(self.low * self.days))

    def spent(self) -> Pair:
        """The days expected in each mood: the integral of x(t) dt, with the weights (exp(e d) - 1) / e."""
        return self._weighted(*(np.expm1(e * self.days) / e for e in (self.high, self.low)))

    def centre(self) -> Pair:
        """The integral of t x(t) dt, with the weights (d exp(e d) - (exp(e d) - 1) / e) / e."""
        days = self.days
        return self._weighted(*((days * np.exp(e * days) - np.expm1(e * days) / e) / e for e in (self.high, self.low)))

    def _weighted(self, one: Numbers, two: Numbers) -> Pair:
        return Pair(one * self.first.content + two * self.second.content, one * self.first.upset + two * self.second.upset)


def pass_through(before: Pair, drop_out: Pair, *, upset_rate: Numbers, recovery_rate: Numbers, days: float) -> Passage:
    """Follow the chain for some days from the probabilities `before`. Rates are per day and positive."""
    a, b, k, r = drop_out.content, drop_out.upset, upset_rate, recovery_rate
    half_gap = (b + r - a - k) / 2
    root = np.sqrt(half_gap**2 + k * r)
    low = -(a + k + b + r) / 2 - root
    high = (a * b + a * r + b * k) / low  # the determinant over the other one: no cancellation near zero
    # -(a + k) - low = half_gap + root and -(b + r) - low = root - half_gap
    first = Pair(
        ((half_gap + root) * before.content + r * before.upset) / (2 * root),
        (k * before.content + (root - half_gap) * before.upset) / (2 * root),
    )
    second = Pair(before.content - first.content, before.upset - first.upset)
    return Passage(first, second, high, low, days)
