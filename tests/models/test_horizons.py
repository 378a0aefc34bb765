"""Several horizons of one churn model: they never contradict each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import inverse_link
from models.horizons import Horizons, OtherHorizon

Offsets = dict[int, np.ndarray]


def horizons(*others: tuple[int, float, float], falls: bool = True) -> Horizons:
    """Of a model for 90 days: the days, slope and shift of every other one."""
    return Horizons(own_days=90, others=tuple(OtherHorizon(days=d, slope=s, shift=h) for d, s, h in others), falls=falls)


def test_the_log_odds_of_another_horizon_worked_out_by_hand() -> None:
    # Rhythm lets expect log-odds of 2 for 30 days and 1 for 90: half of the 1 between them, and 0.25 more.
    offsets = {30: np.array([2.0]), 90: np.array([1.0])}
    found = horizons((30, 0.5, 0.25)).probabilities(np.array([-1.0]), offsets)
    assert found[30] == pytest.approx(1 / (1 + np.exp(0.25)))  # -1 + 0.5 + 0.25 = -0.25
    assert found[90] == pytest.approx(1 / (1 + np.exp(1)))


def test_without_a_prior_the_shift_is_all() -> None:
    found = horizons((180, 0.0, 0.75), falls=False).probabilities(np.array([-1.0, 2.0]), {})
    assert found[180] == pytest.approx(inverse_link(np.array([-0.25, 2.75]), "sigmoid"))


def test_an_answer_that_contradicts_its_neighbour_is_set_to_it() -> None:
    found = horizons((30, 0, -1), (60, 0, 1), (180, 0, 0.5), (360, 0, -2)).probabilities(np.zeros(1), {})
    own, more, less = 0.5, inverse_link(np.ones(1), "sigmoid")[0], inverse_link(np.array([-2.0]), "sigmoid")[0]
    assert {days: chance[0] for days, chance in found.items()} == pytest.approx(
        {30: more, 60: more, 90: own, 180: own, 360: less}
    )
    rises = horizons((30, 0, -1), (60, 0, 1), (180, 0, 0.5), falls=False).probabilities(np.zeros(1), {})
    inner, outer = inverse_link(np.array([-1.0, 0.5]), "sigmoid")
    assert {days: chance[0] for days, chance in rises.items()} == pytest.approx({30: inner, 60: own, 90: own, 180: outer})


numbers = st.floats(-8, 8)
others = st.dictionaries(st.sampled_from([7, 30, 60, 120, 180, 365]), st.tuples(st.floats(0, 3), st.floats(-10, 10)))


@given(others, st.booleans(), st.lists(st.lists(numbers, min_size=8, max_size=8), min_size=1, max_size=4), st.booleans())
def test_horizons_never_contradict_each_other_and_the_own_one_is_the_served_number(
    drawn: dict[int, tuple[float, float]], falls: bool, rows: list[list[float]], with_prior: bool
) -> None:
    found = horizons(*((days, *drawn[days]) for days in sorted(drawn)), falls=falls)
    table = np.array(rows)
    offsets: Offsets = {days: table[:, 1 + k] for k, days in enumerate(found.all_days)} if with_prior else {}
    chances = found.probabilities(table[:, 0], offsets)
    assert list(chances) == sorted({90, *drawn}) == list(found.all_days)
    assert np.array_equal(chances[90], inverse_link(table[:, 0], "sigmoid"))
    steps = np.diff(np.stack(list(chances.values())), axis=0)
    assert np.all(steps <= 0 if falls else steps >= 0)
    assert all(np.all((chance >= 0) & (chance <= 1)) for chance in chances.values())


@given(st.lists(numbers, min_size=1, max_size=5))
def test_a_model_without_other_horizons_answers_its_own(margins: list[float]) -> None:
    alone = horizons().probabilities(np.array(margins), {})
    assert list(alone) == [90]


def test_horizons_come_back_from_json_as_they_were() -> None:
    found = horizons((30, 0.5, 0.25), (180, 1.0, -0.5))
    assert Horizons.model_validate_json(found.model_dump_json(indent=1)) == found
