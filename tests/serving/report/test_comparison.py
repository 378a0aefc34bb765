"""What the report says of a model beside its baselines, in tables and in sentences."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from features.project import Project
from features.snapshots import Manifest
from models.evaluation import CalibrationPoint, Difference, Metric, OutputEvaluation
from serving.report import glossary
from serving.report.comparison import compare, counts, verdict
from serving.report.page import gather_report, render
from serving.scoring.scorer import Scorer
from tests.serving.report.made_up_report import evaluation_of, in_words, without_intervals
from tests.serving.report.made_up_report import manifest as manifest
from tests.serving.report.made_up_report import page as page
from tests.serving.report.made_up_report import project as project
from tests.serving.report.made_up_report import scored as scored
from tests.serving.report.made_up_report import scorer as scorer
from tests.serving.report.made_up_report import snapshot as snapshot


def test_the_best_of_each_figure_is_marked_whichever_way_is_better() -> None:
    metrics = {"auc": (0.8, True), "brier": (0.2, False), "sum_ratio": (0.7, None), "coverage_80": (0.75, None)}
    rivals = {"base_rate": {"auc": 0.5, "brier": 0.3, "sum_ratio": 1.2}, "logistic_regression": {"auc": 0.8, "brier": 0.1}}
    found = compare(evaluation_of(metrics, **rivals), title="churn", currency="EUR")
    marked = {line.name: [bool(cell and cell.is_best) for cell in line.cells] for line in found.lines}
    assert marked == {
        "the model": [True, False, False, False],  # a tie counts for both, and what nobody else has is no contest
        "base rate": [False, False, True, False],
        "logistic regression": [True, True, False, False],
    }
    assert [column.direction for column in found.columns] == [
        "higher is better",
        "lower is better",
        "closest to 1 is best",
        "closest to 80 % is best",
    ]


def test_a_baseline_that_beats_the_model_is_named_with_both_values() -> None:
    metrics = {"auc": (0.8, True), "brier": (0.20001, False)}
    evaluation = evaluation_of(metrics, logistic_regression={"auc": 0.7, "brier": 0.2}, base_rate={"auc": 0.9})
    assert verdict((compare(evaluation, title="churn", currency="EUR"),)) == [
        "The model is best on 0 of 2 figures that model and baselines share.",
        "Logistic regression beats the model on Brier score (0.20000 against 0.20001).",
        "Base rate beats the model on AUC (0.900 against 0.800), but gives everybody the same number.",
    ]


def test_it_is_said_when_no_baseline_beats_the_model() -> None:
    one = compare(evaluation_of({"auc": (0.8, True)}, base_rate={"auc": 0.5}), title="churn", currency="EUR")
    assert verdict((one,))[-1] == "No baseline beats it on any of them."
    assert verdict((one, one))[-1] == "No baseline beats the model on any figure in any category."


def test_several_categories_are_counted() -> None:
    won = compare(evaluation_of({"auc": (0.8, True)}, logistic_regression={"auc": 0.5}), title="tea", currency="EUR")
    lost = compare(evaluation_of({"auc": (0.8, True)}, logistic_regression={"auc": 0.9}), title="toys", currency="EUR")
    assert verdict((won, won, lost)) == [
        "The model is best on AUC in 2 of 3 categories.",
        "Logistic regression beats the model on AUC in 1 of 3 categories.",
    ]


def test_every_figure_that_training_makes_has_a_meaning(scorer: Scorer) -> None:
    for model in scorer.models.values():
        for output in model.bundle.evaluation.outputs.values():
            for name in output.metrics:
                assert glossary.entry(name).meaning != "No description yet."


def with_difference(
    greater_is_better: bool | None, ours: float, theirs: float, ends: tuple[float, float]
) -> tuple[Metric, Metric]:
    """A figure of the model and of a baseline, with the interval of the difference."""
    shown = Metric(value=ours, greater_is_better=greater_is_better, low=ours - 0.01, high=ours + 0.01)
    less = Difference(value=sum(ends) / 2, low=ends[0], high=ends[1])
    return shown, Metric(value=theirs, greater_is_better=greater_is_better, ours_less_this=less)


def beside_one(**figures: tuple[Metric, Metric]) -> OutputEvaluation:
    return OutputEvaluation(
        metrics={name: ours for name, (ours, _) in figures.items()},
        baselines={"logistic_regression": {name: theirs for name, (_, theirs) in figures.items()}},
        tenths=(CalibrationPoint(customers=5, predicted=0.2, actual=0.1),),
    )


def test_where_it_is_known_the_sentences_say_what_chance_cannot() -> None:
    evaluation = beside_one(
        auc=with_difference(True, 0.8, 0.7, (0.05, 0.15)),
        brier=with_difference(False, 0.2, 0.19, (0.005, 0.015)),
        ece=with_difference(False, 0.02, 0.03, (-0.03, 0.01)),
        sum_ratio=with_difference(None, 0.9, 1.3, (-0.3, -0.1)),
    )
    one = compare(evaluation, title="churn", currency="EUR")
    assert verdict((one,)) == [
        "The model is ahead of every baseline, by more than chance, on AUC and predicted / actual total.",
        "On calibration error no difference to the best baseline can be told.",
        "It is behind the best baseline, by more than chance, on Brier score (logistic regression: 0.190).",
    ]
    assert [each.said for each in one.stands] == [
        "better by 0.100 (0.050 to 0.150)",
        "worse by 0.010 (0.005 to 0.015)",
        "no difference can be told: 1.0 points worse to 3.0 points better",
        "nearer by 0.200 (0.100 to 0.300)",
    ]
    assert one.stands[0].interval == "0.790 to 0.810"
    assert one.is_behind


def test_the_best_baseline_of_a_figure_is_the_one_compared() -> None:
    ours, near = with_difference(True, 0.8, 0.79, (-0.01, 0.03))
    _, far = with_difference(True, 0.8, 0.5, (0.2, 0.4))
    evaluation = beside_one(auc=(ours, far)).model_copy(
        update={"baselines": {"base_rate": {"auc": far}, "recency_rule": {"auc": near}}}
    )
    (found,) = compare(evaluation, title="churn", currency="EUR").stands
    assert (found.baseline, found.theirs, found.standing) == ("recency rule", "0.790", "undecided")


def test_a_figure_that_no_baseline_has_stands_alone() -> None:
    covered = Metric(value=0.77, greater_is_better=None, low=0.76, high=0.78)
    compared = beside_one(auc=with_difference(True, 0.8, 0.7, (0.05, 0.15)))
    evaluation = compared.model_copy(update={"metrics": compared.metrics | {"coverage_80": covered}})
    one = compare(evaluation, title="clv", currency="EUR")
    assert [(each.interval, each.theirs, each.standing, each.said) for each in one.stands[1:]] == [
        ("76.0 to 78.0 %", "-", None, "closest to 80 % is best")
    ]
    assert verdict((one,)) == ["The model is ahead of every baseline, by more than chance, on AUC."]


def test_a_baseline_that_tells_nobody_apart_is_said_to_when_it_is_ahead() -> None:
    ours, rate = with_difference(False, 0.04, 0.01, (0.02, 0.04))
    evaluation = beside_one(ece=(ours, rate)).model_copy(update={"baselines": {"base_rate": {"ece": rate}}})
    one = compare(evaluation, title="tea", currency="EUR")
    said = "calibration error (base rate: 1.0 %, but gives everybody the same number)"
    assert verdict((one,)) == [f"It is behind the best baseline, by more than chance, on {said}."]
    assert verdict((one, one))[1] == (
        "Base rate is ahead on calibration error in 2 of 2 categories, but gives everybody the same number."
    )


def test_over_several_categories_it_is_counted_what_can_be_told() -> None:
    ahead, behind, undecided = (
        compare(beside_one(auc=with_difference(True, 0.8, 0.7, ends)), title="tea", currency="EUR")
        for ends in ((0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1))
    )
    (count,) = counts((ahead, ahead, behind, undecided))
    assert (count.ahead, count.undecided, count.behind) == (2, 1, 1)
    assert counts((ahead,)) == ()
    assert verdict((ahead, ahead, behind, undecided)) == [
        "Each of 4 categories was compared with its best baseline on each of 1 figures: in 2 of 4 comparisons the model is "
        "ahead by more than chance, in 1 behind, and in 1 no difference can be told.",
        "Logistic regression is ahead on AUC in 1 of 4 categories.",
    ]


def test_the_page_shows_intervals_and_what_can_be_told(page: str) -> None:
    text = in_words(page)
    assert "with 95 % intervals in brackets:" in text
    assert "Under a figure of the model stands its 95 % interval." in text
    assert "inside the interval" in text
    assert "no difference can be told" in text


def test_bundles_without_intervals_still_have_a_page(
    project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, scored: pd.DataFrame
) -> None:
    old = Scorer({task: replace(model, bundle=without_intervals(model.bundle)) for task, model in scorer.models.items()})
    text = in_words(render(gather_report(project, manifest, old, snapshot=snapshot, predictions=scored)))
    assert "How far to trust that was measured once, on 29 Aug 2023:" in text
    assert "The model is best on" in text
    for said in ("can be told", "Under a figure of the model", "inside the interval"):
        assert said not in text
