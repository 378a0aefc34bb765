"""Buy-till-you-die models in closed form: how many orders to expect, and of what value, from rhythm alone.

No labels are needed, so they know everything up to `as_of`. MBG/NBD: Batislam, Denizel, Filiztekin (2007), the BG/NBD of
Fader, Hardie, Lee (2005) with a chance to leave after the first order too, so that one-time buyers are not immortal.
Gamma-Gamma: Fader, Hardie (2013). Time is in days. Fitting never fails: where the data do not carry a model, a simpler
one is fitted, and its `remark` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import digamma, expit, gammaln, hyp2f1

Floats = NDArray[np.float64]
Loss = Callable[[Floats], tuple[float, Floats]]
# A whiff of shrinkage towards 1 on the log scale, and bounds: short histories then cannot send a parameter away.
SHRINKAGE = 1e-3
LOG_BOUND = 8.0
SLOPE_MAX = 1e-3  # of the mean loss where a search is taken to have come to rest
CUSTOMERS_MAX = 50_000  # fitted on; more move the parameters by less than a hundredth and take longer
ONE_RATE = 1e6  # as a Gamma shape: everybody orders at the same rate
LOSSES_SHARE_MAX = 0.1  # of customers, for Gamma-Gamma, which knows positive values only
REACH = np.concatenate([[0.0], np.geomspace(1e-6, 1e6, 241)])  # days ahead, in units of alpha + age


@dataclass(frozen=True)
class OrderRate:
    """MBG/NBD: order rates are Gamma(r, alpha) per day, the chance to leave after an order is Beta(a, b).

    Where `a` is 0 nobody leaves (NBD); where `r` is ONE_RATE too, everybody orders alike (Poisson).
    """

    r: float
    alpha: float
    a: float
    b: float
    remark: str = ""  # what readers should know of the fit; empty where it is as intended

    def alive(self, repeats: Floats, last: Floats, age: Floats) -> Floats:
        """P(still a customer): `repeats` orders after the first, the last `last` days after it, first order `age` days ago."""
        with np.errstate(divide="ignore"):  # where nobody leaves
            odds = np.log(self.a / (self.b + repeats))
        odds = odds + (self.r + repeats) * (np.log(self.alpha + age) - np.log(self.alpha + last))
        chance: Floats = 1.0 / (1.0 + np.exp(np.minimum(odds, 700.0)))
        return chance

    def some_order(self, repeats: Floats, last: Floats, age: Floats, days: float) -> Floats:
        """P(at least one order in the next `days` days): she is alive, and with the rate of the living the first one comes."""
        chance: Floats = self.alive(repeats, last, age) * self.some_order_if_alive(repeats, age, days)
        return chance

    def some_order_if_alive(self, repeats: Floats, age: Floats, days: float) -> Floats:
        """The same of somebody who is known to be a customer."""
        chance: Floats = -np.expm1(-(self.r + repeats) * np.log1p(days / (self.alpha + age)))
        return chance

    def expected_orders(self, repeats: Floats, last: Floats, age: Floats, days: float) -> Floats:
        """Orders to expect in the next `days` days."""
        expected: Floats = self.alive(repeats, last, age) * self.expected_orders_if_alive(repeats, age, days)
        return expected

    def expected_orders_if_alive(self, repeats: Floats, age: Floats, days: float) -> Floats:
        """The same of somebody who is known to be a customer."""
        a = self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6  # the formula has a removable gap at a = 1
        shape, ahead = self.r + repeats, days / (self.alpha + age)
        total = a + self.b + repeats
        expected = total / (a - 1) * (1 - _hypergeometric(shape, a - 1, total, ahead))
        # Where the series fails, many orders and much leaving have made both rates all but certain: their means will do.
        steady, leaves = shape * ahead, np.maximum(a / (total + 1), 1e-12)
        usable = np.isfinite(expected) & (expected >= 0) & (expected <= steady)
        return np.where(usable, expected, -np.expm1(-steady * leaves) / leaves)

    def staying(self, repeats: Floats, age: Floats, days: Floats | float) -> Floats:
        """P(still a customer `days` days from now, given that she is one now); the three are broadcast.

        Given her history and that she is alive, her rate is Gamma(r + x, alpha + T) and her chance p to leave after an order
        is Beta(a, b + x + 1), for she has stayed after x + 1 orders (x `repeats`, T `age`: what is left of the likelihood of
        Batislam et al. (2007) where she has not left). Orders that end it come at rate * p, so the chance is
        E[exp(-rate p t)] = E[(1 + p t / (alpha + T))^-(r + x)] = 2F1(r + x, a; a + b + x + 1; -t / (alpha + T)), by Euler's
        integral (DLMF 15.6.1).
        """
        shape, ahead = self.r + repeats, days / (self.alpha + age)
        total = self.a + self.b + repeats + 1
        chance = _hypergeometric(shape, self.a, total, ahead)
        # By Jensen's inequality no less than at the mean rate of leaving: the answer where the series fails.
        least = np.exp(-shape * ahead * self.a / total)
        usable = np.isfinite(chance) & (chance >= least) & (chance <= 1)
        found: Floats = np.where(usable, chance, least)
        return found

    def days_until_leaving(
        self,
        alive: Floats,
        repeats: Floats,
        age: Floats,
        *,
        quantiles: Sequence[float] = (0.1, 0.5, 0.9),
        days_max: float = 3650.0,
    ) -> Floats:
        """The days from now by which a customer has left with the given probabilities: one row each, one column a quantile.

        `alive` is the chance that she is a customer now, from `alive` or corrected from outside. She has left within t days
        with 1 - alive * staying(t): 0 where that exceeds the quantile already, and `days_max` where it does not get there.
        """
        chance = np.asarray(alive)[:, None]
        gone = chance < 1e-300
        wanted = np.where(gone, np.inf, (1 - np.asarray(quantiles)) / np.where(gone, 1, chance))  # of staying()
        reach = REACH[: np.searchsorted(REACH, days_max / self.alpha) + 1]
        # staying() depends on x and on t / (alpha + T) alone: one curve for each number of repeat orders serves all ages.
        counts, which = np.unique(repeats, return_inverse=True)
        customers = np.split(np.argsort(which, kind="stable"), np.cumsum(np.bincount(which))[:-1])
        ahead = np.empty_like(wanted)
        for count, hers in zip(counts, customers, strict=True):
            curve = np.minimum.accumulate(self.staying(count, np.zeros(1), reach * self.alpha))
            ahead[hers] = np.interp(wanted[hers], curve[::-1], reach[::-1], left=np.inf)
        days: Floats = np.minimum(ahead * (self.alpha + age)[:, None], days_max)
        return days


@dataclass(frozen=True)
class OrderValue:
    """Gamma-Gamma: order values vary around a customer's own mean, and those means around the population's."""

    p: float
    q: float
    gamma: float
    remark: str = ""  # what readers should know of the fit; empty where it is as intended

    def expected(self, orders: Floats, mean_value: Floats) -> Floats:
        """The customer's own mean, drawn to the population's the more the fewer orders she has made."""
        return self.p * (self.gamma + orders * mean_value) / (self.p * orders + self.q - 1)


def _hypergeometric(shape: Floats, a: float, c: Floats, ahead: Floats) -> Floats:
    """2F1(shape, a; c; -ahead), by Pfaff's transformation (DLMF 15.8.1) for the smaller of shape and a.

    The series then hardly grows with the other, so that customers with thousands of orders do not make it overflow.
    """
    low, high = np.minimum(shape, a), np.maximum(shape, a)
    with np.errstate(over="ignore", invalid="ignore"):
        value: Floats = np.exp(-low * np.log1p(ahead)) * hyp2f1(low, c - high, c, ahead / (1 + ahead))
    return value


def fit_order_rate(repeats: Floats, last: Floats, age: Floats) -> OrderRate:
    """Maximum likelihood with a little shrinkage; every input gives finite parameters, and customers not known are left out.

    MBG/NBD, or where it does not settle (bounds, no rest) NBD without leaving, or else everybody's mean rate.
    """
    known = np.isfinite(repeats) & np.isfinite(last) & np.isfinite(age)
    repeats, last = np.maximum(repeats[known], 0), np.maximum(last[known], 0)
    age = np.maximum(age[known], last)
    # Half an order in a year more than was seen: who has not ordered again so far may do so yet.
    mean_rate = (float(repeats.sum()) + 0.5) / (float(age.sum()) + 365.0)
    alike = OrderRate(ONE_RATE, ONE_RATE / mean_rate, 0.0, 1.0)
    if not repeats.any():
        return replace(alike, remark="Nobody has ordered twice: nothing is known of rhythm, and everybody is taken as active.")
    scale = 100.0 / max(float(age.max()), 1.0)
    histories = _Histories.of(repeats, last * scale, age * scale)
    found = _minimum(histories.leaving_loss, [np.zeros(4), np.array([-0.5, 2.0, -0.5, 1.0])])
    if found is not None:
        return OrderRate(found[0], found[1] / scale, found[2], found[3])
    found = _minimum(histories.steady_loss, [np.zeros(2), np.array([-0.5, 2.0])])
    if found is not None:
        return OrderRate(
            found[0], found[1] / scale, 0.0, 1.0, "Who has left could not be told from rhythm: nobody is taken to."
        )
    return replace(alike, remark="Customers could not be told apart by rhythm: everybody is taken to order at the mean rate.")


def fit_order_value(orders: Floats, mean_value: Floats) -> OrderValue:
    """Maximum likelihood over customers with a positive mean order value, with a little shrinkage; q stays above 1.

    Where more than LOSSES_SHARE_MAX of the customers brought nothing or less, or it does not settle, one order of
    everybody's mean value is added to the customer's own.
    """
    known = (orders > 0) & np.isfinite(orders) & np.isfinite(mean_value)
    orders, mean_value = orders[known], mean_value[known]
    if not len(orders):
        return OrderValue(1.0, 2.0, 0.0, "No order has a value.")
    everybody = float(orders @ mean_value / orders.sum())
    positive = mean_value > 0
    if np.mean(positive) < 1 - LOSSES_SHARE_MAX:
        remark = f"{np.mean(~positive):.0%} of the customers brought nothing or less: values are means, drawn to everybody's."
        return OrderValue(1.0, 2.0, everybody, remark)
    scale = float(mean_value[positive].mean())
    found = _minimum(_value_loss(orders[positive], mean_value[positive] / scale), [np.zeros(3), np.array([1.0, 1.0, 0.0])])
    if found is None:
        return OrderValue(
            1.0, 2.0, everybody, "How order values vary could not be told: values are means, drawn to everybody's."
        )
    return OrderValue(found[0], 1 + found[1], found[2] * scale)


@dataclass(frozen=True)
class _Histories:
    """Distinct histories and their shares of the customers; `counts`, the distinct numbers of repeat orders, and theirs."""

    repeats: Floats
    last: Floats
    age: Floats
    share: Floats
    counts: Floats
    count_share: Floats

    @classmethod
    def of(cls, repeats: Floats, last: Floats, age: Floats) -> _Histories:
        (repeats, last, age), share = _distinct(repeats, last, age)
        counts, which = np.unique(repeats, return_inverse=True)
        return cls(repeats, last, age, share, counts, np.bincount(which, share).astype(np.float64))

    def leaving_loss(self, logs: Floats) -> tuple[float, Floats]:
        """Minus the mean log-likelihood of the MBG/NBD at the logs of r, alpha, a, b, and its slope."""
        r, alpha, a, b = np.exp(logs)
        x, share, n, n_share = self.repeats, self.share, self.counts, self.count_share
        log_age, log_last = np.log(alpha + self.age), np.log(alpha + self.last)
        stayed, left = -(r + x) * log_age, np.log(a) - np.log(b + x) - (r + x) * log_last
        gone = expit(left - stayed)
        terms = gammaln(r + n) + gammaln(b + n + 1) - gammaln(a + b + n + 1)
        constant = r * np.log(alpha) - gammaln(r) + gammaln(a + b) - gammaln(b)
        value = constant + n_share @ terms + share @ np.logaddexp(stayed, left)
        together = digamma(a + b) - n_share @ digamma(a + b + n + 1)
        slope = [
            np.log(alpha) - digamma(r) + n_share @ digamma(r + n) - share @ (log_age + gone * (log_last - log_age)),
            r / alpha - share @ ((r + x) * ((1 - gone) / (alpha + self.age) + gone / (alpha + self.last))),
            together + share @ gone / a,
            together + n_share @ digamma(b + n + 1) - digamma(b) - share @ (gone / (b + x)),
        ]
        return -float(value), -np.array(slope) * np.exp(logs)

    def steady_loss(self, logs: Floats) -> tuple[float, Floats]:
        """Minus the mean log-likelihood of the NBD, where nobody leaves, at the logs of r and alpha, and its slope."""
        r, alpha = np.exp(logs)
        x, share, n, n_share = self.repeats, self.share, self.counts, self.count_share
        log_age = np.log(alpha + self.age)
        value = n_share @ gammaln(r + n) - gammaln(r) + r * np.log(alpha) - share @ ((r + x) * log_age)
        slope = [
            n_share @ digamma(r + n) - digamma(r) + np.log(alpha) - share @ log_age,
            r / alpha - share @ ((r + x) / (alpha + self.age)),
        ]
        return -float(value), -np.array(slope) * np.exp(logs)


def _value_loss(orders: Floats, mean_value: Floats) -> Loss:
    """Minus the mean log-likelihood of the Gamma-Gamma at the logs of p, q - 1 and gamma, and its slope."""
    (n, value), share = _distinct(orders, mean_value)
    counts, which = np.unique(n, return_inverse=True)
    count_share = np.bincount(which, share)
    logs_of_sums = share @ (n * np.log(n * value))  # all that p is multiplied with and no parameter changes
    log_values = share @ np.log(value)

    def loss(logs: Floats) -> tuple[float, Floats]:
        p, above_one, gamma = np.exp(logs)
        q, total = 1 + above_one, gamma + n * value
        log_total = np.log(total)
        terms = count_share @ (gammaln(p * counts + q) - gammaln(p * counts)) - gammaln(q) + q * np.log(gamma)
        likelihood = terms + p * logs_of_sums - log_values - share @ ((p * n + q) * log_total)
        both = digamma(p * counts + q)
        slope = [
            count_share @ (counts * (both - digamma(p * counts))) + logs_of_sums - share @ (n * log_total),
            count_share @ both - digamma(q) + np.log(gamma) - share @ log_total,
            q / gamma - share @ ((p * n + q) / total),
        ]
        return -float(likelihood), -np.array(slope) * np.exp(logs)

    return loss


def _distinct(*columns: Floats) -> tuple[tuple[Floats, ...], Floats]:
    """The distinct rows, and the share of the customers that has each; of very many customers, an even selection.

    Every k-th customer in the order of the columns is a sample stratified by all of them, and the same one whatever the
    order of the rows.
    """
    table = np.stack(columns)[:, np.lexsort(columns[::-1])]
    size = table.shape[1]
    if size > CUSTOMERS_MAX:
        table = table[:, ((np.arange(CUSTOMERS_MAX) + 0.5) * (size / CUSTOMERS_MAX)).astype(int)]
    first = np.flatnonzero(np.append(True, np.any(table[:, 1:] != table[:, :-1], axis=0)))
    count = np.diff(np.append(first, table.shape[1]))
    return tuple(table[:, first]), count / table.shape[1]


def _minimum(loss: Loss, starts: list[Floats]) -> list[float] | None:
    """The parameters with the lowest loss, searched on a log scale; None where it ran into the bounds or found no rest."""

    def shrunk(logs: Floats) -> tuple[float, Floats]:
        value, slope = loss(logs)
        return value + SHRINKAGE * float(logs @ logs), slope + 2 * SHRINKAGE * logs

    bounds = [(-LOG_BOUND, LOG_BOUND)] * len(starts[0])
    tried = [minimize(shrunk, start, jac=True, method="L-BFGS-B", bounds=bounds) for start in starts]
    best = min(tried, key=lambda result: float(result.fun))
    rests = np.isfinite(best.fun) and np.all(np.abs(best.x) < LOG_BOUND - 1e-3) and np.all(np.abs(best.jac) < SLOPE_MAX)
    return [float(value) for value in np.exp(best.x)] if rests else None
