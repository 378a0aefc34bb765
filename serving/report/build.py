"""Write report.html and summary.json, and show the results on the screen."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.command import step
from features.outputs import whole_file
from features.problems import BadInput
from features.project import Project
from features.snapshots import Manifest, load_manifest, load_snapshot, snapshot_folder
from models.actions.settings import Action
from models.contract import TASKS
from models.registry import DEFAULT_TRACKING_URI, waiting_challenger
from serving.report.page import gather_report, render
from serving.scoring.everybody import SCORE_COMMAND, predictions_file
from serving.scoring.scorer import Scorer, load_scorer
from serving.summary import results_table, summarise, summary_file, write_summary

CHECKED_CUSTOMERS, CHECKED_TOLERANCE = 200, 1e-4


def report_on(project: Project, actions: tuple[Action, ...] = ()) -> None:
    """The report and the summary of the champions and of what they scored.

    `actions` are those that the mapping file names. Raises BadInput with every reason why the scored table does not belong to
    the champions and the last snapshot.
    """
    manifest = load_manifest(project)
    snapshot = load_snapshot(project, manifest.scored_at)
    scorer, predictions = _load(project, snapshot, manifest)
    models = "1 model" if len(scorer.models) == 1 else f"{len(scorer.models)} models"
    with step(f"writing the report on {len(predictions):,} customers and {models}"):
        page = render(gather_report(project, manifest, scorer, snapshot=snapshot, predictions=predictions, actions=actions))
        with whole_file(report_file(project)) as unfinished:
            unfinished.write_text(page, encoding="utf-8")
        write_summary(project, summarise(manifest, scorer.models, predictions))
    print(results_table(scorer.models))
    print(waiting(project))
    print(places(project, manifest))


def waiting(project: Project) -> str:
    """Which challengers do not answer yet, and how they can; empty where there are none."""
    found = {task: waiting_challenger(project.name, task) for task in TASKS}
    lines = [
        f"  {version} waits as challenger; to let it answer: python -m training promote {task} CONFIG, then score again"
        for task, version in found.items()
        if version
    ]
    return "\n".join(["", *lines]) if lines else ""


def report_file(project: Project) -> Path:
    """Where a project's report is."""
    return project.folder / "report.html"


def places(project: Project, manifest: Manifest) -> str:
    """Where everything is, one line each."""
    folder = snapshot_folder(project)
    registry = os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_TRACKING_URI
    if "@" in registry:  # it may hold a password
        registry = '"$MLFLOW_TRACKING_URI"'
    found = {
        "report": str(report_file(project)),
        "summary": str(summary_file(project)),
        "predictions": str(predictions_file(project)),
        "snapshots": str(folder / "snapshots"),
        "quarantine": ", ".join(str(folder / f"quarantine_{table}.parquet") for table in manifest.tables),
        "MLflow": f"mlflow ui --backend-store-uri {registry}",
    }
    return "\n" + "\n".join(f"  {what:12}{where}" for what, where in found.items())


def problems_with(predictions: pd.DataFrame, scorer: Scorer, snapshot: pd.DataFrame) -> list[str]:
    """Why a scored table does not come from these champions and this snapshot; empty if it does."""
    numbers = scorer.numbers(snapshot.head(1)).columns
    wanted = ["customer_id", "as_of", "eligible", "not_eligible_because", *numbers]
    absent = [name for name in wanted if name not in predictions.columns]
    problems = [f"the scored table has no column {name}" for name in absent]
    for task, version in scorer.versions.items():
        column = f"{task}_model"
        found = sorted(map(str, predictions[column].unique())) if column in predictions.columns else ["no model"]
        if found != [version]:
            problems.append(f"{column}: scored by {', '.join(found)}, but the champion is {version}")
    return problems or _problems_with_rows(predictions, scorer, snapshot)


def _problems_with_rows(predictions: pd.DataFrame, scorer: Scorer, snapshot: pd.DataFrame) -> list[str]:
    """Another date, other customers, or other numbers for some of them."""
    scored, last = ({str(as_of) for as_of in table["as_of"]} for table in (predictions, snapshot))
    if scored != last:
        return [f"as_of: scored {', '.join(sorted(scored))}, but the last snapshot is of {', '.join(sorted(last))}"]
    mine, theirs = (table.set_index("customer_id").sort_index() for table in (predictions, snapshot))
    if not mine.index.equals(theirs.index):
        return ["customer_id: the scored customers are not those of the last snapshot"]
    if not mine["eligible"].equals(theirs["not_eligible_because"].isna().rename("eligible")):
        return ["eligible: other customers are eligible in the last snapshot"]
    if not mine["eligible"].any():
        return [f"eligible: nobody is eligible on {', '.join(last)}, so there is nothing to report on"]
    some = theirs[mine["eligible"]].head(CHECKED_CUSTOMERS)
    numbers = scorer.numbers(some)
    if not np.allclose(numbers, mine.loc[some.index, numbers.columns], rtol=CHECKED_TOLERANCE, equal_nan=True):
        return ["the champions give these customers other numbers: the features have changed since they were scored"]
    return []


def _load(project: Project, snapshot: pd.DataFrame, manifest: Manifest) -> tuple[Scorer, pd.DataFrame]:
    """The champions and what they scored; every problem with either is in one message."""
    problems: list[str] = []
    predictions = scorer = None
    try:
        scorer = load_scorer(project, manifest, list(snapshot.columns))
    except BadInput as bad:
        problems += bad.problems
    try:
        predictions = _read_predictions(predictions_file(project))
    except BadInput as bad:
        problems += bad.problems
    if scorer is not None and predictions is not None:
        found = problems_with(predictions, scorer, snapshot)
        problems += [*found, f"score {manifest.project} again: {SCORE_COMMAND}"] if found else []
    if problems or scorer is None or predictions is None:
        raise BadInput(problems)
    return scorer, predictions


def _read_predictions(file: Path) -> pd.DataFrame:
    """The scored table without its explanations, one row per customer."""
    if not file.exists():
        raise BadInput(f"no scored customers in {file}; score them first: {SCORE_COMMAND}")
    try:
        names = pq.read_schema(file).names
        return pd.read_parquet(file, columns=[name for name in names if not name.endswith("_explanation")])
    except pa.ArrowInvalid:
        raise BadInput(f"{file} is not a readable parquet file; score the customers again: {SCORE_COMMAND}") from None
