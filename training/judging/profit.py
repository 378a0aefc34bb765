"""Expected maximum profit of a retention campaign: the figure that says in money what a churn ranking is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import betainc

from training.judging.resampling import Figure
from training.judging.weighed import Floats, Weighed


@dataclass(frozen=True)
class Campaign:
    """An offer to those likeliest to leave; the defaults are those of Verbraken, Verbeke, Baesens (2013).

    A customer who would leave accepts with a chance that is not known: it has a Beta distribution, by default with mean
    0.3. Who would stay accepts always. Money is in the project's currency.
    """

    value: float = 200.0  # what a customer who is kept is worth
    incentive: float = 10.0  # what is given to who accepts
    contact: float = 1.0  # what it costs to ask one customer
    alpha: float = 6.0
    beta: float = 14.0

    def expected_profit(self, rate: Floats) -> Floats:
        """Of customers who leave at a rate, each: asked once the chance to accept is known, and only where that pays.

        E max(0, r (g (V - d) - f) - (1 - r) (d + f)) with g ~ Beta(alpha, beta): it pays from g* on, where the inside
        is zero; above g* the Beta distribution's mass and first moment are incomplete beta functions.
        """
        gained, lost = self.value - self.incentive, self.incentive + self.contact
        with np.errstate(divide="ignore"):
            pays_from = np.minimum((self.contact + lost * (1 - rate) / rate) / gained, 1.0)
        mass = 1 - betainc(self.alpha, self.beta, pays_from)
        moment = self.alpha / (self.alpha + self.beta) * (1 - betainc(self.alpha + 1, self.beta, pays_from))
        profit: Floats = rate * gained * moment - (rate * self.contact + (1 - rate) * lost) * mass
        return profit


def expected_maximum_profit(campaign: Campaign) -> Figure:
    """EMPC of Verbraken, Verbeke, Baesens (2013): profit per customer when the best share of the list is asked.

    For each chance of acceptance the list is cut where profit is greatest, and the profits are averaged. The best cuts
    lie on the convex hull of the ROC curve; its segments are the blocks of an isotonic regression of the outcome on
    the prediction, each with one rate of leaving, and each is asked or not for itself.
    """

    def by_draw(seen: Weighed) -> Floats:
        counts = zip(seen.group_customers, seen.group_actual, strict=True)
        return np.array([_profit_of(campaign, customers, leavers) for customers, leavers in counts])

    return Figure("empc", by_draw, "money", greater_is_better=True, bounds=(0.0, np.inf))


def _profit_of(campaign: Campaign, customers: Floats, leavers: Floats) -> float:
    """Per customer; customers and leavers by distinct prediction, lowest first."""
    drawn = np.flatnonzero(customers)
    customers, leavers = customers[drawn], leavers[drawn]
    hull = isotonic_regression(leavers / customers, weights=customers)
    starts = hull.blocks[:-1]
    sizes = np.add.reduceat(customers, starts)
    rates = np.clip(hull.x[starts], 0.0, 1.0)
    return float(campaign.expected_profit(rates) @ sizes / sizes.sum())
