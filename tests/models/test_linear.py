"""The linear half: a weight per column, on tables small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.linear import Linear, signed_log

E = np.e - 1  # log(1 + E) = 1
# On the log scale `spend` has median 1, was seen from 0 to 3, mean 1 and deviation 2; `age` is constant.
LINEAR = Linear(
    columns=("spend", "age"),
    medians=(1.0, 2.0),
    lowest=(0.0, 2.0),
    highest=(3.0, 2.0),
    means=(1.0, 2.0),
    per_unit=(0.5, 0.0),
    weights=((4.0, 9.0), (-2.0, 0.0)),
    intercepts=(0.1, 0.2),
)


def spend(*amounts: float) -> pd.DataFrame:
    return pd.DataFrame({"age": 40.0, "spend": amounts, "a_column_too_many": 1e9})


def test_margins_worked_out_by_hand() -> None:
    # log(1 + spend) is 1, 2 and 3: half a deviation above the mean for each step.
    found = LINEAR.margins(spend(E, np.expm1(2), np.expm1(3)))
    assert found == pytest.approx(np.array([[0.1, 0.2], [2.1, -0.8], [4.1, -1.8]]))


def test_a_missing_value_counts_as_the_median() -> None:
    assert LINEAR.margins(spend(np.nan)).tolist() == LINEAR.margins(spend(E)).tolist() == [[0.1, 0.2]]


@pytest.mark.parametrize(
    ("value", "counts_as"), [(np.expm1(3.5), 3.0), (1e300, 3.0), (np.inf, 3.0), (-5.0, 0.0), (-np.inf, 0.0)]
)
def test_a_value_outside_what_was_seen_is_held_within(value: float, counts_as: float) -> None:
    assert LINEAR.margins(spend(value)) == pytest.approx(LINEAR.margins(spend(np.expm1(counts_as))))


def test_a_column_that_was_constant_moves_nobody() -> None:
    for age in (0.0, 40.0, 1e9, -np.inf, np.nan):
        assert LINEAR.margins(spend(E).assign(age=age)) == pytest.approx(LINEAR.margins(spend(E)))


amounts = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([np.nan, np.inf, -np.inf]))


@given(st.lists(amounts, min_size=1, max_size=5))
def test_parts_and_intercepts_are_the_margins(values: list[float]) -> None:
    rows = spend(*values)
    parts = LINEAR.parts(LINEAR.standardised(rows))
    assert parts.shape == (len(values), 2, 2)
    assert parts.sum(axis=2) + LINEAR.intercepts == pytest.approx(LINEAR.margins(rows))
    assert np.all(parts[:, :, 1] == 0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_a_larger_value_never_has_the_smaller_part_where_the_weight_is_positive(values: list[float]) -> None:
    assert np.all(np.diff(LINEAR.margins(spend(*sorted(values)))[:, 0]) >= 0)


def test_the_log_scale_is_the_same_on_both_sides_of_zero() -> None:
    assert signed_log(np.array([-E, 0.0, E])).tolist() == [-1, 0, 1]


def test_a_linear_half_comes_back_from_json_as_it_was() -> None:
    assert Linear.model_validate_json(LINEAR.model_dump_json(indent=1)) == LINEAR
