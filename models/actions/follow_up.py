"""What a finished campaign brought beside those withheld from it, in money, and how many controls the next one needs."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

from scipy.stats import norm

from features.project import Project
from models.actions.uplift import Estimate
from models.contract import Frozen

SURE, POWER = 0.95, 0.8  # two-sided, and the chance to see an effect that is there: the usual ones


def follow_up_file(project: Project) -> Path:
    """Where what campaigns brought is."""
    return project.folder / "follow_up.json"


class CampaignResult(Frozen):
    """One action on one day. Money is net of what goods cost, within `horizon_days`, in the project's currency.

    `per_customer` is the mean of the treated less that of those withheld, with a 95 % interval; `brought` the same times the
    treated; `net` what is left after `cost`. `controls_needed` are the customers to withhold next time, at as many treated for
    each as now, to see an effect of `hoped` per customer; null where none would be enough to look for.
    """

    action: str
    as_of: date
    horizon_days: int
    treated: int
    withheld: int
    per_customer: Estimate
    brought: Estimate
    cost: float | None  # null where no cost is recorded
    net: Estimate | None
    hoped: float
    controls_needed: int | None

    @property
    def is_seen(self) -> bool:
        """Whether the interval leaves out zero."""
        return not self.per_customer.lower <= 0 <= self.per_customer.upper


class FollowUp(Frozen):
    """All finished campaigns with controls; by action why others have none; and the days that were left out, and why."""

    campaigns: tuple[CampaignResult, ...]
    left_out: dict[str, str]
    days_left_out: tuple[tuple[str, tuple[date, ...]], ...] = ()
    data_fingerprint: str


def controls_needed(spread_withheld: float, spread_treated: float, per_control: float, hoped: float) -> int | None:
    """How many customers must be withheld for an effect of `hoped` per customer to be seen: sure to 95 %, four times in five.

    n = (z(0.975) + z(0.8))^2 (s0^2 + s1^2 / k) / hoped^2, with standard deviations s0 and s1 of what customers bring and k
    treated for each who is withheld (Cohen 1988; van Belle 2008). None where nothing is hoped for.

    >>> controls_needed(100.0, 100.0, 1.0, 20.0)  # 2 (2.8 x 100 / 20)^2
    393
    """
    if not hoped > 0 or not per_control > 0:
        return None
    z = float(norm.ppf((1 + SURE) / 2) + norm.ppf(POWER))
    return math.ceil(z**2 * (spread_withheld**2 + spread_treated**2 / per_control) / hoped**2)
