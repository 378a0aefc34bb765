"""Score every customer at the last date into predictions.parquet: one row per customer."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.command import step
from features.outputs import whole_file
from features.problems import BadInput
from features.project import Project
from features.snapshots import load_manifest, load_snapshot
from serving.scorer import Scorer, load_scorer

REASON = pa.struct(
    [
        ("family", pa.string()),
        ("feature", pa.string()),
        ("label", pa.string()),
        ("label_zh", pa.string()),
        ("value", pa.float64()),
        ("share", pa.float64()),
        ("text", pa.string()),
        ("text_zh", pa.string()),
    ]
)
ADDITION = pa.struct(
    [("base", pa.float64()), ("shares", pa.list_(pa.float64())), ("rest", pa.float64()), ("total", pa.float64())]
)
EXPLANATION = pa.struct(
    [
        ("scale", pa.string()),
        ("base", pa.float64()),
        ("reasons", pa.list_(REASON)),
        ("rest", pa.float64()),
        ("total", pa.float64()),
        ("points", ADDITION),
        ("money", ADDITION),
    ]
)


def predictions_file(project: Project) -> Path:
    """Where a project's scored customers are."""
    return project.folder / "predictions.parquet"


def score_customers(project: Project) -> pa.Table:
    """Score everybody at the last date with the champions and write the table, whole or not at all.

    Columns: customer_id, as_of, eligible, not_eligible_because, one column per number (churn has one for every other horizon,
    too, and the days until leaving), `<number>_explanation` (base, reasons, rest, total, and the same in points and in money)
    of what a model answers itself, `explanation_unavailable` (why one is missing) and `<task>_model`. Customers who are not
    eligible have the why and no numbers.
    """
    manifest = load_manifest(project)
    snapshot = load_snapshot(project, manifest.scored_at)
    if not snapshot["not_eligible_because"].isna().any():
        raise BadInput(f"none of the {len(snapshot):,} customers known at {manifest.scored_at} is eligible; see [cohort]")
    scorer = load_scorer(project, manifest, list(snapshot.columns))
    with step(f"scoring {len(snapshot):,} customers as of {manifest.scored_at}, with reasons"):
        table = predictions(scorer, snapshot)
    with whole_file(predictions_file(project)) as unfinished:
        pq.write_table(table, unfinished)
    return table


def predictions(scorer: Scorer, snapshot: pd.DataFrame) -> pa.Table:
    """One row per row of a snapshot, in the same order."""
    eligible = snapshot["not_eligible_because"].isna()
    rows = snapshot[eligible]
    answers = snapshot[["customer_id", "as_of"]].assign(
        eligible=eligible, not_eligible_because=snapshot["not_eligible_because"]
    )
    answers = answers.join(scorer.numbers(rows))  # by index: those who are not eligible get missing numbers
    table = pa.Table.from_pandas(answers, preserve_index=False)
    explained = dict(zip(rows.index, scorer.explanations(rows), strict=True))
    for name in [output.name for model in scorer.models.values() for output in model.bundle.contract.outputs]:
        found = (explained[i].explanations.get(name) if i in explained else None for i in snapshot.index)
        column = [one.model_dump() if one else None for one in found]
        table = table.append_column(f"{name}_explanation", pa.array(column, type=EXPLANATION))
    causes = [explained[i].unavailable if i in explained else None for i in snapshot.index]
    table = table.append_column("explanation_unavailable", pa.array(causes, type=pa.string()))
    for task, version in scorer.versions.items():
        table = table.append_column(f"{task}_model", pa.array([version] * len(snapshot)))
    return table
