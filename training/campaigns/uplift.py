"""Learn what actions change from a trial: a base rate by boosted trees, times a factor that few numbers describe.

A trial is small beside what it is asked, and learners with little variance win (see docs/decisions/0014): the trees learn only
what both arms have in common, and the factor is one number, or a ridge regression on all features where other customers
confirm that it says more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from models.actions.uplift import Effect, chance_at, rate
from models.inputs import booster_numbers
from models.linear import Scales
from training.campaigns.trial import GROUPS, Trial
from training.fitting.linear import fit_scales

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
PENALTIES = (10_000.0, 3_000.0, 1_000.0, 300.0, 100.0)  # of the weights of moderators; beside no moderators at all
SURE_Z = 1.645  # standard errors by which moderators must help customers they have not seen
STEPS_MAX, STEP_MIN = 30, 1e-7
BASE = {
    "objective": "binary:logistic",
    "max_depth": 3,
    "eta": 0.06,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "min_child_weight": 20,
}
BASE_ROUNDS = 150
CLIP = (-12.0, 3.0)  # log rates: chances from 6e-6 to all but 1


@dataclass(frozen=True)
class Learned:
    """An effect, and what models that had not seen a customer say of her: the chance without and with the action."""

    effect: Effect
    chance_without: Floats
    chance_with: Floats


def base_chances(trial: Trial, *, seed: int, threads: int) -> Floats:
    """The chance of the event whatever is done, from models that have not seen the customer."""
    numbers, groups, found = booster_numbers(trial.rows.to_numpy(np.float64)), trial.groups, np.empty(len(trial))
    for group in range(GROUPS):
        fit, asked = groups != group, groups == group
        if not asked.any():
            continue
        weights = trial.weights[fit]
        matrix = xgb.DMatrix(numbers[fit], label=trial.event[fit], weight=weights / weights.mean(), nthread=threads)
        booster = xgb.train(BASE | {"seed": seed, "nthread": threads}, matrix, BASE_ROUNDS)
        found[asked] = booster.predict(xgb.DMatrix(numbers[asked], nthread=threads))
    return found


def learn_effect(trial: Trial, action: str, base: Floats) -> Learned:
    """What one action changes, against those withheld. `base` has one chance per row of the trial."""
    own, treated = trial.against_controls(action)
    arms = _Arms.of(own, treated, np.log(rate(base[trial.compared(action)])))
    penalty = _penalty(arms)
    solved = arms.fit(np.ones(len(own), dtype=bool), penalty)
    kept = 0 if penalty is None else len(arms.moderators.columns)
    effect = Effect(
        action=action,
        log_factor=float(solved.weights[1]),
        weights=tuple(solved.weights[2:].tolist()),
        covariance=tuple(map(tuple, solved.covariance[1:, 1:].tolist())),
        moderators=arms.moderators if kept else NOBODY_DIFFERS,
    )
    without, with_ = arms.unseen(penalty)
    return Learned(effect, without, with_)


NOBODY_DIFFERS = Scales(columns=(), medians=(), lowest=(), highest=(), means=(), per_unit=())


@dataclass(frozen=True)
class _Solved:
    """Weights (shift of the base, log factor, moderators) and the covariance of them."""

    weights: Floats
    covariance: Floats


@dataclass(frozen=True)
class _Arms:
    """Two arms of a trial as a regression: log rate = log base + shift + (treated - 1/2) (log factor + moderators)."""

    event: Floats
    treated: Floats  # +1/2 or -1/2
    log_base: Floats
    weight: Floats
    groups: NDArray[np.intp]
    customers: NDArray[np.intp]  # a number for each customer
    moderators: Scales
    read: Floats  # moderators, standardised

    @classmethod
    def of(cls, own: Trial, treated: Bools, log_base: Floats) -> _Arms:
        moderators = fit_scales(own.rows)
        return cls(
            event=own.event,
            treated=np.where(treated, 0.5, -0.5),
            log_base=log_base,
            weight=own.alike(treated),
            groups=own.groups,
            customers=np.unique(own.customer_id, return_inverse=True)[1],
            moderators=moderators,
            read=moderators.standardised(own.rows),
        )

    def design(self, penalty: float | None) -> Floats:
        """The columns of the regression."""
        plain = np.column_stack([np.ones(len(self.event)), self.treated])
        return plain if penalty is None else np.column_stack([plain, self.treated[:, None] * self.read])

    def fit(self, chosen: Bools, penalty: float | None) -> _Solved:
        """By Fisher scoring; the covariance is the sandwich of White (1982), by customer."""
        design, event, weight, log_base = (
            self.design(penalty)[chosen],
            self.event[chosen],
            self.weight[chosen],
            self.log_base[chosen],
        )
        ridge = np.zeros(design.shape[1])
        ridge[2:] = penalty or 0.0
        weights = np.zeros(design.shape[1])
        for _ in range(STEPS_MAX):
            score, information = _likelihood(design, event, weight, log_base, weights)
            step = np.linalg.solve(information + np.diag(ridge + 1e-9), design.T @ score - ridge * weights)
            weights = weights + step
            if np.abs(step).max() < STEP_MIN:
                break
        score, information = _likelihood(design, event, weight, log_base, weights)
        inverse = np.linalg.inv(information + np.diag(ridge + 1e-9))
        by_customer = np.zeros((self.customers.max() + 1, design.shape[1]))
        np.add.at(by_customer, self.customers[chosen], design * score[:, None])
        return _Solved(weights, inverse @ (by_customer.T @ by_customer) @ inverse)

    def unseen(self, penalty: float | None) -> tuple[Floats, Floats]:
        """Chances without and with the action, each from the other customers."""
        without, with_ = np.empty(len(self.event)), np.empty(len(self.event))
        for group in np.unique(self.groups):
            asked = self.groups == group
            weights = self.fit(~asked, penalty).weights
            factor = weights[1] + (0.0 if penalty is None else self.read[asked] @ weights[2:])
            shifted = self.log_base[asked] + weights[0]
            without[asked], with_[asked] = (chance_at(np.exp(np.clip(shifted + half * factor, *CLIP))) for half in (-0.5, 0.5))
        return without, with_

    def losses(self, penalty: float | None) -> Floats:
        """The log-loss of every row, from the other customers."""
        without, with_ = self.unseen(penalty)
        chance = np.clip(np.where(self.treated > 0, with_, without), 1e-12, 1 - 1e-12)
        losses: Floats = -self.weight * np.where(self.event == 1, np.log(chance), np.log1p(-chance))
        return losses


def _penalty(arms: _Arms) -> float | None:
    """The penalty with the least loss of unseen customers; None where moderators do not surely help."""
    plain = arms.losses(None)
    best, least = None, 0.0
    for penalty in PENALTIES if arms.moderators.columns else ():
        saved = np.bincount(arms.customers, plain - arms.losses(penalty))
        if (gain := saved.sum()) > max(least, SURE_Z * np.sqrt((saved**2).sum())):
            best, least = penalty, float(gain)
    return best


def _likelihood(design: Floats, event: Floats, weight: Floats, log_base: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Of the binomial likelihood with a complementary log-log link: the score of each row, and the expected information."""
    rates = np.exp(np.clip(log_base + design @ weights, *CLIP))
    chance = np.clip(chance_at(rates), 1e-9, 1 - 1e-12)
    slope = rates * np.exp(-rates)
    score = weight * (event - chance) * slope / (chance * (1 - chance))
    information = (design * (weight * slope**2 / (chance * (1 - chance)))[:, None]).T @ design
    return score, information
