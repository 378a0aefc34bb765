"""How well single columns rank an outcome, by hand and beside scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.leaks.ranks import aucs_alone

HAPPENED = np.array([[False], [False], [True], [True]])


@pytest.mark.parametrize(
    ("column", "auc"),
    [
        ([1.0, 2.0, 3.0, 4.0], 1.0),
        ([4.0, 3.0, 2.0, 1.0], 1.0),  # the better direction counts
        ([1.0, 3.0, 2.0, 4.0], 0.75),  # one of four pairs the wrong way round
        ([np.nan, 2.0, 3.0, 4.0], 1.0),  # missing is below all others
        ([np.nan, np.nan, np.nan, np.nan], 0.5),
        ([7.0, 7.0, 7.0, 7.0], 0.5),
    ],
)
def test_the_auc_of_a_column_by_hand(column: list[float], auc: float) -> None:
    assert aucs_alone(np.array(column)[:, None], HAPPENED).tolist() == [[auc]]


def test_an_outcome_that_everybody_has_is_told_by_nothing() -> None:
    assert aucs_alone(np.array([[1.0], [2.0]]), np.ones((2, 1), dtype=bool)).tolist() == [[0.5]]


def test_all_columns_and_outputs_at_once_equal_scikit_learns_one_by_one() -> None:
    rng = np.random.default_rng(0)
    values, occurred = np.round(rng.normal(size=(200, 3)), 1), rng.uniform(size=(200, 2)) < 0.3
    values[:, 0] += occurred[:, 0]
    found = aucs_alone(values, occurred)
    for column in range(3):
        for output in range(2):
            auc = roc_auc_score(occurred[:, output], values[:, column])
            assert found[column, output] == pytest.approx(max(auc, 1 - auc))
