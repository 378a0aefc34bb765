"""The step that writes report and summary, and why it refuses scores that do not belong to the champions."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from features.problems import BadInput
from features.project import Project
from serving.report.build import problems_with, report_file, report_on
from serving.scoring.everybody import predictions_file
from serving.scoring.scorer import Scorer
from tests.serving.report.made_up_report import FIRST
from tests.serving.report.made_up_report import manifest as manifest
from tests.serving.report.made_up_report import project as project
from tests.serving.report.made_up_report import ready as ready
from tests.serving.report.made_up_report import ready_and_scored as ready_and_scored
from tests.serving.report.made_up_report import scored as scored
from tests.serving.report.made_up_report import scorer as scorer
from tests.serving.report.made_up_report import snapshot as snapshot


def test_the_step_writes_report_and_summary_and_says_where_everything_is(
    ready_and_scored: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    report_on(ready_and_scored)
    said = capsys.readouterr().out
    assert len(report_file(ready_and_scored).read_bytes()) < 3_000_000
    assert json.loads((ready_and_scored.folder / "summary.json").read_text(encoding="utf-8"))["scored"]["eligible"] == 190
    for place in ("report.html", "summary.json", "predictions.parquet", "snapshots", "quarantine_orders.parquet"):
        assert place in said
    assert "mlflow ui --backend-store-uri sqlite:///mlflow.db" in said


def test_a_password_of_the_registry_is_not_shown(
    ready_and_scored: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://someone:secret@host/mlflow")
    report_on(ready_and_scored)
    assert "secret" not in capsys.readouterr().out


def test_without_scores_it_says_how_to_make_them(ready: Project) -> None:
    with pytest.raises(BadInput, match=r"no scored customers in .*predictions\.parquet.*python -m serving score CONFIG"):
        report_on(ready)


def test_without_champions_and_without_scores_both_are_said_at_once(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_champion(*_: object) -> Scorer:
        raise BadInput("no champion of made_up-churn in the registry")

    monkeypatch.setattr("serving.report.build.load_scorer", no_champion)
    with pytest.raises(BadInput) as bad:
        report_on(ready)
    assert [problem.split(" in ")[0] for problem in bad.value.problems] == [
        "no champion of made_up-churn",
        "no scored customers",
    ]


def test_a_scored_table_that_cannot_be_read_is_said(ready: Project) -> None:
    predictions_file(ready).parent.mkdir(parents=True, exist_ok=True)
    predictions_file(ready).write_bytes(b"half")
    with pytest.raises(BadInput, match="not a readable parquet file; score the customers again"):
        report_on(ready)


def test_scores_of_other_versions_are_refused_each_by_name(
    ready_and_scored: Project, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Scorer({task: replace(model, version="8") for task, model in scorer.models.items()})
    monkeypatch.setattr("serving.report.build.load_scorer", lambda *_: later)
    with pytest.raises(BadInput) as bad:
        report_on(ready_and_scored)
    assert bad.value.problems[0] == (
        "churn_model: scored by made_up-churn v7 churnxxxxxxxxxxx, but the champion is made_up-churn v8 churnxxxxxxxxxxx"
    )
    assert len(bad.value.problems) == 4
    assert bad.value.problems[-1] == "score made_up again: python -m serving score CONFIG"
    assert not report_file(ready_and_scored).exists()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda table: table.drop(columns="clv_90d"), "the scored table has no column clv_90d"),
        (lambda table: table.drop(columns="clv_model"), "clv_model: scored by no model, but the champion is"),
        (lambda table: table.assign(as_of=FIRST), "as_of: scored 2023-01-01, but the last snapshot is of 2024-01-01"),
        (lambda table: table.assign(customer_id=table["customer_id"] + "x"), "customer_id: the scored customers are not"),
        (lambda table: table.assign(eligible=True), "eligible: other customers are eligible"),
        (lambda table: table.assign(clv_90d=1.0), "the champions give these customers other numbers"),
    ],
    ids=["no column", "no version", "another date", "other customers", "others eligible", "other numbers"],
)
def test_scores_that_do_not_belong_to_the_last_snapshot_are_refused(
    change, problem: str, scored: pd.DataFrame, scorer: Scorer, snapshot: pd.DataFrame
) -> None:
    found = problems_with(change(scored), scorer, snapshot)
    assert len(found) == 1
    assert found[0].startswith(problem)


def test_a_date_on_which_nobody_is_eligible_is_said(scored: pd.DataFrame, scorer: Scorer, snapshot: pd.DataFrame) -> None:
    nobody = snapshot.assign(not_eligible_because="no order before the date")
    found = problems_with(scored.assign(eligible=False), scorer, nobody)
    assert found == ["eligible: nobody is eligible on 2024-01-01, so there is nothing to report on"]


def test_scores_of_these_champions_and_this_snapshot_are_accepted_in_any_order(
    scored: pd.DataFrame, scorer: Scorer, snapshot: pd.DataFrame
) -> None:
    assert problems_with(scored.iloc[::-1], scorer, snapshot) == []
