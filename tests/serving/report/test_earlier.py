"""The same recipe on earlier dates: a line each, and how far apart the figures are."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

from models.evaluation import EarlierJudgement, Evaluation, Metric, OutputEvaluation
from serving.report.earlier import gather_dates

CONTRACT: Any = SimpleNamespace(currency="EUR")


def evaluation(*earlier: tuple[date, dict[str, float]], outputs: int = 1) -> Evaluation:
    """Judged in June with AUC 0.8, and on earlier dates with these figures in every output."""
    figures = {"auc": Metric(value=0.8, greater_is_better=True), "unknown": Metric(value=1.0, greater_is_better=None)}
    one = OutputEvaluation(metrics=figures, baselines={}, tenths=())
    names = [f"out_{k}" for k in range(outputs)]
    return Evaluation(
        judged_at=date(2024, 6, 1),
        customers=1_500,
        outputs=dict.fromkeys(names, one),
        calibration_kept=False,
        choices={},
        earlier=tuple(
            EarlierJudgement(judged_at=when, customers=900, outputs=dict.fromkeys(names, found)) for when, found in earlier
        ),
    )


def test_without_earlier_dates_there_is_no_table() -> None:
    assert gather_dates(CONTRACT, evaluation()) is None


def test_the_judged_date_comes_first_and_the_spread_is_over_all_dates() -> None:
    found = gather_dates(CONTRACT, evaluation((date(2024, 5, 2), {"auc": 0.7}), (date(2024, 4, 2), {"auc": 0.75})))
    assert found is not None
    assert [head.name for head in found.heads] == ["auc"]
    assert [(one.customers, one.figures) for one in found.dates] == [
        ("1,500", ("0.800",)),
        ("900", ("0.700",)),
        ("900", ("0.750",)),
    ]
    assert found.spread == ("0.700 to 0.800",)


def test_a_figure_that_a_date_does_not_have_is_a_dash_and_not_in_the_spread() -> None:
    found = gather_dates(CONTRACT, evaluation((date(2024, 5, 2), {})))
    assert found is not None
    assert found.dates[1].figures == ("-",)
    assert found.spread == ("0.800 to 0.800",)


def test_several_outputs_are_shown_as_their_mean() -> None:
    found = gather_dates(CONTRACT, evaluation((date(2024, 5, 2), {"auc": 0.6}), outputs=3))
    assert found is not None
    assert found.dates[1].figures == ("0.600",)
