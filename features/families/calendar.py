"""The calendar: which day of the year it is, by which the level of outcomes can be read off last year's."""

from __future__ import annotations

from features.definitions import DayOfYear
from features.feature import Feature, Words

DAY_OF_YEAR = "day_of_year"  # of as_of: the same for all customers of a date


def calendar_features(_words: Words) -> list[Feature]:
    """What the date itself tells, whatever else a company knows of its customers."""
    return [Feature(DAY_OF_YEAR, "season", "day", "day of the year", "日期（季节）", DayOfYear())]
