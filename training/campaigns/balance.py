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
    arms = ((~treated, f"were withheld by chance while others got {action}"), (treated, f"got {action} by chance"))
    for arm, said in arms:
        if arm.sum() < ARM_MIN:
            return f"only {arm.sum():,} customers {said}; {ARM_MIN} are the least"
        if min(own.event[arm].sum(), (1 - own.event[arm]).sum()) < EVENTS_MIN:
            return f"of the customers who {said} nearly all did the same; {EVENTS_MIN} of each are the least"
    off = [each for each in balance_table(own, treated) if is_off(each)]
    if off:
        said = ", ".join(f"{each.feature} ({each.apart:+.2f} standard deviations)" for each in off[:3])
        return f"the arms are not alike, so it was not by chance: those who got {action} differ in {said}"
    counts = [own.weights[arm].sum() for arm in (treated, ~treated)]
    error = np.sqrt(sum((own.weights[arm] ** 2).sum() for arm in (treated, ~treated)))
    if abs(counts[0] - counts[1]) > max(APART * sum(counts) / 2, SURE_Z * error):
        return (
            f"propensity does not say how {action} was drawn: by it there were {counts[0]:,.0f} customers, by the controls' "
            f"{counts[1]:,.0f}"
        )
    return None


def _moments(values: Floats, weight: Floats) -> tuple[float, float, float]:
    """Mean, variance, and how many equally weighed values would tell as much (Kish 1965)."""
    if not len(values):
        return np.nan, np.nan, 0.0
    mean = float(np.average(values, weights=weight))
    variance = float(np.average((values - mean) ** 2, weights=weight))
    return mean, variance, float(weight.sum() ** 2 / (weight**2).sum())
