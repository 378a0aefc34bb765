"""Customer equity and how it moves: nothing gets lost between two dates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.value.equity import customer_equity, equity_movement


def of(values: dict[str, float]) -> pd.Series:
    return pd.Series(values, dtype="float64")


def test_movement_by_hand() -> None:
    then = of({"same": 10, "grew": 10, "fell": 10, "left": 10, "gone": 10, "came": np.nan})
    now = of({"same": 10, "grew": 14, "fell": 7, "left": 1, "gone": np.nan, "came": 5, "new": 3})
    found = equity_movement(then, now, pd.Series({"left": True, "same": False}))
    assert (found.then, found.now) == (50, 40)
    assert (found.kept, found.grown, found.shrunk, found.lost, found.won) == (28, 4, 3, 19, 8)
    assert found.kept == 10 + 10 + 7 + 1  # the smaller of both values
    assert found.customers == {"kept": 4, "grown": 1, "shrunk": 1, "lost": 2, "won": 2}


amounts = st.one_of(st.none(), st.floats(0, 1e6))


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.tuples(amounts, amounts, st.booleans()), max_size=20))
def test_what_was_there_and_what_is_there_add_up(customers: dict[str, tuple[float | None, float | None, bool]]) -> None:
    then, now = ({name: np.nan if one[k] is None else float(one[k]) for name, one in customers.items()} for k in (0, 1))
    lost = pd.Series({name: one[2] for name, one in customers.items()}, dtype=bool)
    found = equity_movement(of(then), of(now), lost)
    assert found.then == pytest.approx(found.kept + found.shrunk + found.lost)
    assert found.now == pytest.approx(found.kept + found.grown + found.won)
    assert min(found.kept, found.grown, found.shrunk, found.lost, found.won) >= 0


def test_the_interval_holds_the_sum_and_knows_three_things() -> None:
    value = np.full(400, 100.0)
    alike = customer_equity(value, np.zeros(400), [], seed=1)
    assert alike.value == 40_000
    assert alike.usual_miss_factor is None
    # Poisson weights of 400 alike customers: a standard deviation of 100 sqrt(400) = 2,000
    assert (alike.lower, alike.upper) == (pytest.approx(36_080, rel=0.02), pytest.approx(43_920, rel=0.02))
    astray = customer_equity(value, np.full(400, 200.0), [], seed=1)  # sd sqrt(2,000^2 + 400 x 200^2) = 4,472
    assert astray.upper - astray.lower == pytest.approx(2 * 1.96 * 4_472, rel=0.1)
    off = customer_equity(value, np.zeros(400), [1.25, 0.8], seed=1)  # a log-normal factor with sigma log 1.25 besides
    assert off.usual_miss_factor == pytest.approx(1.25)
    assert off.upper / off.lower == pytest.approx(np.exp(2 * 1.96 * np.hypot(0.05, np.log(1.25))), rel=0.1)


def test_who_has_no_value_is_left_out() -> None:
    found = customer_equity(np.array([5.0, np.nan]), np.array([1.0, np.nan]), [1.0], seed=1)
    assert (found.customers, found.value) == (1, 5.0)


def test_a_total_that_was_predicted_where_nothing_came_does_not_spoil_the_interval() -> None:
    found = customer_equity(np.array([5.0, 6.0]), np.ones(2), [float("inf"), 0.0, float("nan"), 1.1], seed=1)
    assert found.usual_miss_factor == pytest.approx(1.1)
    assert np.isfinite([found.lower, found.upper]).all()
