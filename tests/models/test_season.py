"""The level of a date: constant, or read off last year's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.families.calendar import DAY_OF_YEAR
from models.season import Season

# Ten days before and after the turn of the year, and in the middle of it; two outputs.
LAST_YEAR = Season(usual=(0.5, 5.0), days=(11, 183, 356), levels=((1.0, 10.0), (2.0, 20.0), (3.0, 30.0)))


def on(*days: float) -> pd.DataFrame:
    return pd.DataFrame({DAY_OF_YEAR: days, "spend_sum": 1.0}, dtype="float64")


def test_without_days_everybody_has_the_same_level() -> None:
    assert Season(usual=(0.3, -0.2)).at(on(1, 200)).tolist() == [[0.3, -0.2], [0.3, -0.2]]


def test_a_known_day_has_its_own_level_for_each_output() -> None:
    assert LAST_YEAR.at(on(11, 183, 356)).tolist() == [[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]


def test_between_two_known_days_the_level_goes_straight_from_one_to_the_other() -> None:
    assert LAST_YEAR.at(on(97))[0] == pytest.approx([1.5, 15.0])


@pytest.mark.parametrize(("day", "level"), [(361, 2.5), (365, 2.1), (1, 2.0), (6, 1.5)])
def test_across_the_turn_of_the_year_too(day: float, level: float) -> None:
    assert LAST_YEAR.at(on(day))[0, 0] == pytest.approx(level)


def test_a_row_that_does_not_say_which_day_it_is_has_the_usual_level() -> None:
    assert LAST_YEAR.at(on(np.nan, np.inf, 11)).tolist() == [[0.5, 5.0], [0.5, 5.0], [1.0, 10.0]]
    assert LAST_YEAR.at(on(11).drop(columns=DAY_OF_YEAR)).tolist() == [[0.5, 5.0]]


def test_a_season_comes_back_from_json_as_it_was() -> None:
    assert Season.model_validate_json(LAST_YEAR.model_dump_json()) == LAST_YEAR


def test_a_season_with_other_levels_forgets_the_old_ones() -> None:
    assert LAST_YEAR.at(on(11))[0, 0] == 1.0
    later = LAST_YEAR.model_copy(update={"levels": ((7.0, 10.0), (2.0, 20.0), (3.0, 30.0))})
    assert later.at(on(11))[0, 0] == 7.0
