"""The level: how high outcomes stand, for all customers alike, beside what the booster's starting point lets expect.

Seasons, growth and a history that begins abruptly move everybody on a date alike. Boosters are fitted with the level of
each date taken out, so that they learn only what sets customers apart; which level to expect is one number per date.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.families.calendar import DAY_OF_YEAR
from models.contract import Frozen
from models.inputs import Columns, column

Floats = NDArray[np.float64]
YEAR_DAYS = 365


class Season(Frozen):
    """What is added to every margin of a date, one number per output: the same on all days, or read off last year's.

    Between the days of last year that are known it is interpolated, from the last to the first across the turn of the year.
    """

    usual: tuple[float, ...]  # per output, for rows that do not say which day it is
    days: tuple[int, ...] = ()  # of the year, ascending
    levels: tuple[tuple[float, ...], ...] = ()  # one per day, each with a number per output

    def at(self, rows: Columns) -> Floats:
        """The level for each row, one column per output."""
        usual = np.repeat(np.array([self.usual], dtype=np.float64), len(rows), axis=0)
        if not self.days or DAY_OF_YEAR not in rows.columns:
            return usual
        day = column(rows, DAY_OF_YEAR)
        known = np.isfinite(day)
        days, levels = _round_the_year(self.days, self.levels)
        for k, own in enumerate(levels):
            usual[known, k] = np.interp(day[known] % YEAR_DAYS, days, own)
        return usual


@lru_cache(maxsize=16)
def _round_the_year(days: tuple[int, ...], levels: tuple[tuple[float, ...], ...]) -> tuple[Floats, Floats]:
    """Days from before the year to after it, and the levels of these by output; one season is asked over and over."""
    of_year, of_days = np.asarray(days, dtype=np.float64) % YEAR_DAYS, np.asarray(levels, dtype=np.float64)
    order = np.argsort(of_year)
    round_the_year = order[np.r_[-1, : len(order), 0]]
    before_and_after = np.r_[-YEAR_DAYS, np.zeros(len(order)), YEAR_DAYS]
    return of_year[round_the_year] + before_and_after, of_days[round_the_year].T
