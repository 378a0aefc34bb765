"""What follows from other columns of the same row."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.definitions import AtLeast, DayOfYear, Difference, Ratio, RowByRow, Spread, Step
from features.executors.row_by_row import follow

NAN = float("nan")
COLUMNS = {
    "a": np.array([6.0, 1.0, 0.0, NAN]),
    "b": np.array([3.0, 0.0, 5.0, 2.0]),
    "score": np.array([6.9, 7.0, 9.0, NAN]),
    # gaps of 10 and 20; of 7, 7 and 7; of 5; none
    "count": np.array([2.0, 3.0, 1.0, 0.0]),
    "sum": np.array([30.0, 21.0, 5.0, 0.0]),
    "squares": np.array([500.0, 147.0, 25.0, 0.0]),
}


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (Ratio("a", "b"), [2, NAN, 0, NAN]),
        (Difference("a", "b"), [3, 1, -5, NAN]),
        (Step("score", 7, 9), [-1, 0, 1, NAN]),
        (AtLeast("score", 7), [0, 1, 1, NAN]),
        (Spread("count", "sum", "squares"), [50**0.5, 0, NAN, NAN]),
        (DayOfYear(), [366] * 4),
    ],
)
def test_a_column_follows_from_others(definition: RowByRow, expected: list[float]) -> None:
    np.testing.assert_allclose(follow(definition, COLUMNS, date(2012, 12, 31), 4), expected)
