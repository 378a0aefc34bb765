"""What was marked on the desk, given back to the project: what was done as treatments, and reasons that were found wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.outputs import whole_file
from features.project import Project
from features.tables import NO_ACTION
from serving.desk.marks import Mark, Marks

TREATMENTS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("occurred_at", pa.timestamp("us", tz="UTC")),
        ("recorded_at", pa.timestamp("us", tz="UTC")),
        ("action", pa.string()),
        ("cost", pa.float64()),
        ("assignment", pa.string()),
    ]
)
WRONG_REASONS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("as_of", pa.date32()),
        ("number", pa.string()),
        ("feature", pa.string()),
        ("note", pa.string()),
        ("who", pa.string()),
        ("marked_at", pa.timestamp("us", tz="UTC")),
        ("model", pa.string()),
    ]
)
MOST_DISPUTED = 5


def marks_file(project: Project) -> Path:
    """Where what people mark is kept."""
    return project.folder / "desk.sqlite"


def feedback_folder(project: Project) -> Path:
    """Where the marks are given back."""
    return project.folder / "feedback"


def write_feedback(project: Project) -> list[str]:
    """Write treatments.parquet and wrong_reasons.parquet, each whole, and say what is in them."""
    marks = Marks(marks_file(project)).all()
    done = still_done(marks)
    treated = [mark for mark in done if mark.action not in (None, NO_ACTION)]
    wrong = [mark for mark in marks if mark.kind == "wrong_reason"]
    folder = feedback_folder(project)
    _write(folder / "treatments.parquet", [_treatment(mark) for mark in treated], TREATMENTS)
    _write(folder / "wrong_reasons.parquet", [_wrong_reason(mark) for mark in wrong], WRONG_REASONS)
    return list(_said(len(treated), len(done) - len(treated), wrong, folder))


def still_done(marks: list[Mark]) -> list[Mark]:
    """Of every customer and scored date the last mark of done, unless she was opened again after it."""
    last: dict[tuple[str, object], Mark] = {}
    for mark in marks:
        if mark.kind == "done":
            last[mark.customer_id, mark.as_of] = mark
        if mark.kind == "reopen":
            last.pop((mark.customer_id, mark.as_of), None)
    return list(last.values())


def _treatment(mark: Mark) -> dict[str, object]:
    whom = {"customer_id": mark.customer_id, "occurred_at": mark.marked_at, "recorded_at": mark.marked_at}
    return whom | {"action": mark.action, "cost": mark.cost, "assignment": "rule"}


def _wrong_reason(mark: Mark) -> dict[str, object]:
    whom = {"customer_id": mark.customer_id, "as_of": mark.as_of, "number": mark.number, "feature": mark.feature}
    return whom | {"note": mark.note, "who": mark.who, "marked_at": mark.marked_at, "model": mark.models}


def _write(path: Path, rows: list[dict[str, object]], schema: pa.Schema) -> None:
    with whole_file(path) as unfinished:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), unfinished)


def _said(treated: int, without: int, wrong: list[Mark], folder: Path) -> list[str]:
    lines = [f"{treated:,} treatments in {folder / 'treatments.parquet'}"]
    if without:
        lines.append(f"{without:,} more were marked as done with no action suggested; they are no treatments")
    lines.append(f"{len(wrong):,} wrong reasons in {folder / 'wrong_reasons.parquet'}")
    disputed = Counter((mark.feature, mark.number) for mark in wrong).most_common(MOST_DISPUTED)
    return [*lines, *(f"  {feature} (of {number}): {count:,}" for (feature, number), count in disputed)]
