"""When the company is watched, and how the demand for what it sells moves over that time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.problems import BadInput
from features.simulate.chunk import Numbers

DAYS_PER_YEAR = 365.25
WEEK_DAYS = 7

SEASON_SWING = 0.3  # 30 % above the year's mean at the peak, 30 % below it half a year later
SEASON_PEAK_DAY = 330  # of the year: late November
GROWTH_PER_YEAR = 0.05

FIRST_CAMPAIGN_DAY = 150
CAMPAIGN_EVERY_DAYS = 180


@dataclass(frozen=True)
class Calendar:
    """The days that are simulated, `starts_at` to the day before `ends_at`, and the dates whose truth is kept.

    Rows that would be recorded from `ends_at` on are not there: nobody knew them when the tables were taken.
    """

    starts_at: date = date(2021, 1, 1)
    ends_at: date = date(2024, 1, 1)
    horizon_days: int = 90
    as_of: tuple[date, ...] = (date(2023, 1, 6), date(2023, 4, 6), date(2023, 7, 5), date(2023, 10, 3))

    def __post_init__(self) -> None:
        problems = [
            f"as_of = {day} is not after starts_at = {self.starts_at} and up to ends_at = {self.ends_at}"
            for day in self.as_of
            if not self.starts_at < day <= self.ends_at
        ]
        if self.ends_at <= self.starts_at:
            problems.insert(0, f"ends_at = {self.ends_at} is not after starts_at = {self.starts_at}")
        if list(self.as_of) != sorted(set(self.as_of)):
            problems.append(f"as_of = {', '.join(map(str, self.as_of))}: dates must ascend, each there once")
        if self.horizon_days < 1:
            problems.append(f"horizon_days = {self.horizon_days} is less than 1")
        if problems:
            raise BadInput(problems)

    @property
    def days(self) -> int:
        """How many days are simulated."""
        return self.day(self.ends_at)

    @property
    def last_day(self) -> int:
        """The day on which both the tables and the last horizon have ended."""
        return max([self.days, *(self.day(day) + self.horizon_days for day in self.as_of)])

    @property
    def campaign_days(self) -> tuple[int, ...]:
        """The days on which customers are treated."""
        return tuple(range(FIRST_CAMPAIGN_DAY, self.days, CAMPAIGN_EVERY_DAYS))

    def day(self, when: date) -> int:
        """Whole days from `starts_at` to `when`."""
        return (when - self.starts_at).days

    def date(self, day: int) -> date:
        """The date that is `day` days after `starts_at`."""
        return self.starts_at + timedelta(days=day)


@dataclass(frozen=True)
class Demand:
    """Demand by week: `level` (1 = a usual week) between `edges` (days), and `total`, its integral up to each edge."""

    edges: Numbers
    level: Numbers
    total: Numbers

    def until(self, day: Numbers) -> Numbers:
        """Demand added up from day 0 to `day`, in usual days."""
        return np.interp(day, self.edges, self.total)

    def when(self, total: Numbers) -> Numbers:
        """The day on which demand adds up to `total`."""
        return np.interp(total, self.total, self.edges)

    def at(self, day: float) -> float:
        """The level on a day."""
        return float(self.level[int(day // WEEK_DAYS)])


def demand_by_week(calendar: Calendar) -> Demand:
    """The demand of every week; the level is that of the middle of the week.

    level(t) = (1 + 0.3 cos(2 pi (day of the year - 330) / 365.25)) * 1.05^(years since starts_at)
    """
    edges = np.arange(0.0, calendar.last_day + 2 * WEEK_DAYS, WEEK_DAYS)
    middle = edges[:-1] + WEEK_DAYS / 2
    day_of_year = calendar.starts_at.timetuple().tm_yday + middle
    season = 1 + SEASON_SWING * np.cos(2 * np.pi * (day_of_year - SEASON_PEAK_DAY) / DAYS_PER_YEAR)
    level = season * (1 + GROWTH_PER_YEAR) ** (middle / DAYS_PER_YEAR)
    return Demand(edges, level, np.concatenate([[0.0], np.cumsum(level * WEEK_DAYS)]))
