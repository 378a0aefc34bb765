"""When things become known: most at once, some late."""

from __future__ import annotations

import numpy as np

from features.simulate.chunk import Flags, Numbers

LATE_DAYS_MIN, LATE_DAYS_MAX = 0.5, 45.0


def late_days(rng: np.random.Generator, is_late: Flags) -> Numbers:
    """How many days later a row was recorded than it happened: 0, or from half a day to 45 days, mostly few.

    A late row's delay is 0.5 + 44.5 u^2 with u uniform.
    """
    delay = LATE_DAYS_MIN + (LATE_DAYS_MAX - LATE_DAYS_MIN) * rng.random(len(is_late)) ** 2
    return np.where(is_late, delay, 0.0)
