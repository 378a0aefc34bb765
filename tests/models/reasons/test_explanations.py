"""What is answered of reasons says the same as objects and as columns of a table."""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle
from models.calibration import Calibrator
from models.reasons.explanations import Column, Explanation
from models.reasons.strongest import Explainer


def read_back(column: Column) -> list[Explanation | str]:
    """Objects from a column."""
    pairs = zip(column.explanations.to_pylist(), column.unavailable.to_pylist(), strict=True)
    return [cause or msgspec.convert(told, Explanation) for told, cause in pairs]


@pytest.mark.parametrize("customers_asked", [1, 3, 200])
def test_objects_and_columns_say_the_same(
    bundle: Bundle,
    customers: pd.DataFrame,
    odd_customers: pd.DataFrame,
    customers_asked: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = Calibrator.linear

    def tampered(self: Calibrator, margins: np.ndarray) -> np.ndarray:
        margins = honest(self, margins)
        margins[1::7] += 0.01  # these have no explanation
        return margins

    monkeypatch.setattr(Calibrator, "linear", tampered)
    rows = pd.concat([odd_customers, customers], ignore_index=True).head(customers_asked)
    stake = np.arange(1.0, len(rows) + 1)
    objects = Explainer(bundle).explain(rows, top=3, stake=stake)
    columns = Explainer(bundle).columns(rows, top=3, stake=stake)
    assert list(columns) == [output.name for output in bundle.contract.outputs]
    for name, column in columns.items():
        assert read_back(column) == [answers[name] for answers in objects]
        assert [row for row, answers in enumerate(objects) if isinstance(answers[name], str)] == list(range(1, len(rows), 7))


def test_a_column_has_the_same_type_for_nobody_for_one_and_for_many(bundle: Bundle, customers: pd.DataFrame) -> None:
    nobody, one, many = (Explainer(bundle).columns(customers.head(count), top=3) for count in (0, 1, 100))
    for name in many:
        assert len(nobody[name].explanations) == 0
        assert nobody[name].explanations.type == one[name].explanations.type == many[name].explanations.type
        assert nobody[name].unavailable.type == many[name].unavailable.type
    assert Explainer(bundle).explain(customers.head(0), top=3) == []


def test_who_has_no_reason_at_all_is_explained_by_base_and_rest(bundle: Bundle, customers: pd.DataFrame) -> None:
    for answers in Explainer(bundle).explain(customers.head(2), top=0):
        for found in answers.values():
            assert isinstance(found, Explanation)
            assert found.reasons == ()
            assert found.base + found.rest == pytest.approx(found.total)
    for column in Explainer(bundle).columns(customers.head(2), top=0).values():
        assert [told["reasons"] for told in column.explanations.to_pylist()] == [[], []]
