"""Conditions of the mapping file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.problems import BadConfig
from models.rules import holds

SCORED = pa.table({"tier": ["gold", "bronze", None], "spend_sum": [500.0, None, 3.0]})


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("tier = 'gold'", [True, False, False]),
        ("spend_sum < 100", [False, False, True]),  # what is not known does not hold
        ("tier is null or spend_sum > 400", [True, False, True]),
        ("true", [True, True, True]),
        ("spend_sum > 100 -- the good ones", [True, False, False]),
    ],
)
def test_a_condition_is_asked_of_every_customer(condition: str, found: list[bool]) -> None:
    assert holds(condition, SCORED, "actions.call.eligible").tolist() == found


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("tyer = 'gold'", "the scored table has no column tyer; did you mean 'tier'?"),
        ("spend_sum + 1", "expected a condition, true or false, but it is DOUBLE"),
        ("tier = ", "Parser Error"),
        ("count(*) > 2", "expected one answer for each customer"),
        ("(SELECT count(*) FROM read_csv('/etc/passwd')) > 0", "Permission Error"),
    ],
)
def test_what_is_no_condition_is_refused_in_the_words_of_the_key(condition: str, said: str) -> None:
    with pytest.raises(BadConfig) as bad:
        holds(condition, SCORED, "actions.call.eligible")
    (problem,) = bad.value.problems
    assert problem.startswith("actions.call.eligible = ")
    assert said in problem


def test_a_window_answers_for_the_customer_it_is_asked_of() -> None:
    value = np.random.default_rng(0).permutation(50_000)
    top = holds("ntile(10) OVER (ORDER BY value DESC) = 1", pa.table({"value": value}), "actions.call.eligible")
    np.testing.assert_array_equal(top, value >= 45_000)
