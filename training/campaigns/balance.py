"""Was it really by chance? In a trial the arms look alike before anything is done; where they do not, nothing is learned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.actions.uplift import Balance
from models.linear import signed_log
from training.campaigns.trial import Trial

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
APART = 0.1  # standard deviations between the means of two arms: more is imbalance (Austin 2009)
SURE_Z = 4.0  # standard errors, because hundreds of features are looked at
ARM_MIN, EVENTS_MIN = 100, 10
# Why nothing is learned of an action; `who` is one of the arms.
WITHHELD, TREATED = "were withheld by chance while others got {action}", "got {action} by chance"
TOO_FEW = "only {count:,} customers {who} (at least {least} are needed)"
ALL_THE_SAME = "of the customers who {who} nearly all did the same (at least {least} of each are needed)"
NOT_ALIKE = "the arms are not alike, so it was not by chance (those who got {action} differ in {features})"
NOT_THE_DRAW = (
    "propensity does not say how {action} was drawn (by it there were {count:,.0f} customers, by the controls' {other:,.0f})"
)
STILL = 1e-9  # a deviation that rounding makes


def is_off(one: Balance) -> bool:
    """Whether a feature lies further apart than chance can make it."""
    return abs(one.apart) > max(APART, SURE_Z * one.error)


def balance_table(own: Trial, treated: Bools) -> tuple[Balance, ...]:
    """Every feature of two arms, the one furthest apart first."""
    weight, logs = own.alike(treated), signed_log(own.rows.to_numpy(np.float64))
    found = []
    for k, name in enumerate(own.rows.columns):
        known = np.isfinite(logs[:, k])
        arms = [_moments(logs[known & arm, k], weight[known & arm]) for arm in (treated, ~treated)]
        if min(count for *_, count in arms) < 2:
            continue
        (mean, variance, count), (other, other_variance, other_count) = arms
        spread = np.sqrt((variance + other_variance) / 2)
        if spread > STILL:
            apart, error = (mean - other) / spread, float(np.sqrt(1 / count + 1 / other_count))
            found.append(Balance(feature=str(name), treated=mean, withheld=other, apart=float(apart), error=error))
    return tuple(sorted(found, key=lambda each: -abs(each.apart)))


def why_not(trial: Trial, action: str) -> str | None:
    """Why nothing can be learned of an action from a trial; None where it can."""
    own, treated = trial.against_controls(action)
    for arm, who in ((~treated, WITHHELD.format(action=action)), (treated, TREATED.format(action=action))):
        if arm.sum() < ARM_MIN:
            return TOO_FEW.format(count=arm.sum(), who=who, least=ARM_MIN)
        if min(own.event[arm].sum(), (1 - own.event[arm]).sum()) < EVENTS_MIN:
            return ALL_THE_SAME.format(who=who, least=EVENTS_MIN)
    off = [each for each in balance_table(own, treated) if is_off(each)]
    if off:
        features = ", ".join(f"{each.feature} by {each.apart:+.2f} standard deviations" for each in off[:3])
        return NOT_ALIKE.format(action=action, features=features)
    counts = [own.weights[arm].sum() for arm in (treated, ~treated)]
    error = np.sqrt(sum((own.weights[arm] ** 2).sum() for arm in (treated, ~treated)))
    if abs(counts[0] - counts[1]) > max(APART * sum(counts) / 2, SURE_Z * error):
        return NOT_THE_DRAW.format(action=action, count=counts[0], other=counts[1])
    return None


def _moments(values: Floats, weight: Floats) -> tuple[float, float, float]:
    """Mean, variance, and how many equally weighed values would tell as much (Kish 1965)."""
    if not len(values):
        return np.nan, np.nan, 0.0
    mean = float(np.average(values, weights=weight))
    variance = float(np.average((values - mean) ** 2, weights=weight))
    return mean, variance, float(weight.sum() ** 2 / (weight**2).sum())
