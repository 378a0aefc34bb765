"""Score every customer at the last date into predictions.parquet: one row per customer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.command import step
from features.outputs import whole_file
from features.problems import BadInput
from features.project import Project
from features.snapshots import Manifest, load_manifest, load_snapshot
from models.value.settings import Layer
from serving.scoring.by_customer import write_by_customer
from serving.scoring.scorer import Scorer, load_scorer
from serving.scoring.value_layer import Standings, gather_value_layer, numbers_of, write_value_layer
from serving.scoring.what_next import usual_chances

ROWS_AT_ONCE = 1_000  # per group of the file: one customer's reasons are read in milliseconds, whatever the number of customers

USUAL = b"usual_chances"
SCORE_COMMAND = "python -m serving score CONFIG"  # as messages name it


def predictions_file(project: Project) -> Path:
    """Where a project's scored customers are."""
    return project.folder / "predictions.parquet"


def score_customers(project: Project, layer: Layer | None = None) -> pa.Table:
    """Score everybody at the last date with the champions, and write the table and the value layer, each whole or not at all.

    Columns: customer_id, as_of, eligible, not_eligible_because, one column per number (churn has one for every other horizon,
    too, and the days until leaving), those of the value layer (`models.value.standing`), `<number>_explanation` (base, reasons,
    rest, total, and the same in points and in money) of what a model answers itself, `explanation_unavailable` (why one is
    missing) and `<task>_model`. Customers who are not eligible have the why and no numbers.
    """
    manifest = load_manifest(project)
    snapshot = load_snapshot(project, manifest.scored_at)
    if not snapshot["not_eligible_because"].isna().any():
        raise BadInput(f"none of the {len(snapshot):,} customers known at {manifest.scored_at} is eligible; see [cohort]")
    scorer = load_scorer(project, manifest, list(snapshot.columns))
    return write_scores(project, manifest, scorer, snapshot, layer or Layer())


def write_scores(project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame, layer: Layer) -> pa.Table:
    """The scored table, the value layer and the events by customer of a snapshot."""
    numbers = numbers_of(scorer, snapshot)
    with step("working out what customers are worth and where they stand"):
        values = gather_value_layer(Standings(project, manifest, scorer, layer), snapshot, numbers)
    with step(f"scoring {len(snapshot):,} customers as of {manifest.scored_at}, with reasons"):
        table = _predictions(scorer, snapshot, numbers, values.columns)
    with whole_file(predictions_file(project)) as unfinished:
        pq.write_table(table, unfinished, row_group_size=ROWS_AT_ONCE)
    write_value_layer(project, values)
    with step("putting what happened in the order of customers"):
        write_by_customer(project, manifest)
    return table


def _predictions(scorer: Scorer, snapshot: pd.DataFrame, numbers: pd.DataFrame, values: pd.DataFrame) -> pa.Table:
    """One row per row of a snapshot, in the same order, as the rows of `numbers` and of `values` are."""
    eligible = snapshot["not_eligible_because"].isna()
    rows = snapshot[eligible]
    answers = snapshot[["customer_id", "as_of"]].assign(
        eligible=eligible, not_eligible_because=snapshot["not_eligible_because"]
    )
    answers = pd.concat([answers, numbers, values], axis=1)
    table = pa.Table.from_pandas(answers, preserve_index=False)
    place = np.full(len(snapshot), -1)
    place[eligible.to_numpy()] = np.arange(len(rows))
    there = pa.array(place, mask=place < 0)  # those who are not eligible get nothing
    missing: list[list[str]] = [[] for _ in range(len(rows))]
    for name, column in scorer.explanation_columns(rows).items():
        table = table.append_column(f"{name}_explanation", column.explanations.take(there))
        for row, cause in enumerate(column.unavailable.to_pylist()):
            missing[row] += [f"{name}: {cause}"] if cause else []
    causes = pa.array(["; ".join(causes) or None for causes in missing], pa.string())
    table = table.append_column("explanation_unavailable", causes.take(there))
    for task, version in scorer.versions.items():
        table = table.append_column(f"{task}_model", pa.array([version] * len(snapshot)))
    return _with_usual_chances(
        table, usual_chances(scorer.models["propensity"].bundle) if "propensity" in scorer.models else {}
    )


def _with_usual_chances(table: pa.Table, usual: Mapping[str, float]) -> pa.Table:
    """The table with what is usual for each chance of buying, in the file's metadata."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), USUAL: json.dumps(usual).encode()})


def usual_chances_in(schema: pa.Schema) -> dict[str, float]:
    """What is usual for each chance of buying, as the file says."""
    found: dict[str, float] = json.loads((schema.metadata or {}).get(USUAL, b"{}"))
    return found
