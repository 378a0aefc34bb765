"""What was marked comes back as treatments that a build takes, and as reasons that were found wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.kept import kept_table
from features.project import Project, read_project
from features.snapshots import build_snapshots
from features.tables import TREATMENTS as CONTRACT
from serving.desk.feedback import feedback_folder, marks_file, write_feedback
from serving.desk.marks import Mark, Marks
from tests.serving.desk.company import AS_OF

NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)
DONE = {"action": "call", "cost": 3.0}


@pytest.fixture
def marks(project: Project) -> Marks:
    return Marks(marks_file(project), lambda: NOW)


def treatments(project: Project) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(feedback_folder(project) / "treatments.parquet").to_pylist()
    return rows


def test_what_was_done_is_a_treatment_by_rule_in_columns_of_the_contract(project: Project, marks: Marks) -> None:
    marks.add(Mark("anna", AS_OF, "done", **DONE))
    lines = write_feedback(project)
    at = NOW
    assert treatments(project) == [
        {"customer_id": "anna", "occurred_at": at, "recorded_at": at, "action": "call", "cost": 3.0, "assignment": "rule"}
    ]
    assert all(CONTRACT.has(name) for name in treatments(project)[0])
    assert lines[0].startswith("1 treatments in ")


def test_what_was_opened_again_was_not_done_and_twice_is_once(project: Project, marks: Marks) -> None:
    for who, kinds in {"anna": ["done", "reopen"], "bert": ["done", "done"], "carl": ["done", "reopen", "done"]}.items():
        for kind in kinds:
            marks.add(Mark(who, AS_OF, kind, **DONE))  # type: ignore[arg-type]
    marks.add(Mark("bert", AS_OF + timedelta(days=30), "done", **DONE))
    write_feedback(project)
    assert sorted(row["customer_id"] for row in treatments(project)) == ["bert", "bert", "carl"]


def test_where_nothing_was_suggested_nothing_was_tried_and_nobody_is_a_control(project: Project, marks: Marks) -> None:
    marks.add(Mark("anna", AS_OF, "done"))
    marks.add(Mark("bert", AS_OF, "done", action="none", cost=0.0))
    lines = write_feedback(project)
    assert treatments(project) == []
    assert "2 more were marked as done with no action suggested" in lines[1]


def test_wrong_reasons_are_counted_by_feature(project: Project, marks: Marks) -> None:
    for who, feature in (("anna", "gap"), ("bert", "gap"), ("carl", "nps")):
        marks.add(
            Mark(who, AS_OF, "wrong_reason", "lin", number="churn_probability", feature=feature, note="没有", models="v1")
        )
    lines = write_feedback(project)
    assert [line.strip() for line in lines[-2:]] == ["gap (of churn_probability): 2", "nps (of churn_probability): 1"]
    (first, *_) = pq.read_table(feedback_folder(project) / "wrong_reasons.parquet").to_pylist()
    at = NOW
    about = {"customer_id": "anna", "as_of": AS_OF, "number": "churn_probability", "feature": "gap"}
    assert first == about | {"note": "没有", "who": "lin", "marked_at": at, "model": "v1"}


def test_without_marks_the_files_are_there_and_empty(project: Project) -> None:
    write_feedback(project)
    assert treatments(project) == []
    assert not marks_file(project).exists()


MAPPING = """
[project]
name = "small"
currency = "GBP"
horizon_days = 30
out = "{folder}"
[source]
backend = "duckdb"
[tables.orders]
from = "{folder}/orders.csv"
customer_id = "customer_id"
order_id = "order_id"
occurred_at = "occurred_at"
amount = "amount"
[tables.treatments]
from = "{folder}/small/feedback/treatments.parquet"
customer_id = "customer_id"
occurred_at = "occurred_at"
recorded_at = "recorded_at"
action = "action"
cost = "cost"
assignment = "assignment"
"""


def test_a_build_takes_the_treatments(tmp_path: Path, project: Project) -> None:
    at = datetime(2023, 10, 5, 9, 30, tzinfo=UTC)
    Marks(marks_file(project), lambda: at).add(Mark("c1", date(2023, 10, 1), "done", **DONE))
    write_feedback(project)
    first = date(2023, 1, 1)
    orders = [f"c{k % 7},o{k},{first + timedelta(days=k)} 10:00:00,{10 + k % 5}" for k in range(365)]
    (tmp_path / "orders.csv").write_text("\n".join(["customer_id,order_id,occurred_at,amount", *orders]), encoding="utf-8")
    file = tmp_path / "with_feedback.toml"
    file.write_text(MAPPING.format(folder=tmp_path), encoding="utf-8")
    with_feedback = read_project(file)
    manifest = build_snapshots(with_feedback)
    assert manifest.tables["treatments"].rows_kept == 1
    (kept,) = kept_table(with_feedback, "treatments").to_pylist()
    assert (kept["customer_id"], kept["action"], float(kept["cost"]), kept["assignment"]) == ("c1", "call", 3.0, "rule")
