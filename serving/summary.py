"""The results in one small file, summary.json, and as a table on the screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from features.outputs import whole_file
from features.project import Project
from features.snapshots import Manifest
from models.contract import Task
from models.evaluation import Metric, OutputEvaluation
from models.registry import Registered

SHOWN: dict[Task, tuple[str, ...]] = {
    "churn": ("auc", "brier", "ece", "lift_10"),
    "clv": ("wape", "spearman", "gini_normalized", "top_decile_capture", "sum_ratio", "coverage_80"),
    "propensity": ("auc", "brier", "ece", "lift_10"),
}


def summary_file(project: Project) -> Path:
    """Where a project's summary is."""
    return project.folder / "summary.json"


def summarise(manifest: Manifest, models: dict[Task, Registered], predictions: pd.DataFrame) -> dict[str, Any]:
    """Data, metrics beside baselines, and what was scored, ready for JSON; one entry per model that the project has.

    `churn` and `clv` hold their metrics directly, `propensity` one entry per category.
    """
    summary: dict[str, Any] = {
        "project": manifest.project,
        "currency": manifest.currency,
        "horizon_days": manifest.horizon_days,
        "data": {"fingerprint": manifest.data_fingerprint, "from": str(manifest.data_from)}
        | {name: table.model_dump() for name, table in manifest.tables.items()},
        "scored": {
            "as_of": str(manifest.scored_at),
            "customers": len(predictions),
            "eligible": int(predictions["eligible"].sum()),
            "not_eligible": predictions["not_eligible_because"].value_counts().to_dict(),
        },
    }
    for task, model in models.items():
        evaluation, contract = model.bundle.evaluation, model.bundle.contract
        about = {
            "model": model.label,
            "judged_at": str(evaluation.judged_at),
            "customers": evaluation.customers,
            "told_by": contract.told_by,
            "learned_horizon_days": contract.learned_horizon_days or contract.horizon_days,
            "fitted_on": [str(as_of) for as_of in contract.roles.fitted_on],
            "customers_split_for": contract.roles.split_by_customers,
            "not_predicted": contract.unpredictable,
            "choices": evaluation.choices,
        }
        outputs = {name.removeprefix(f"{task}_"): _figures(output) for name, output in evaluation.outputs.items()}
        summary[task] = about | (outputs if task == "propensity" else next(iter(outputs.values())))
    return summary


def write_summary(project: Project, summary: dict[str, Any]) -> None:
    """Write summary.json, whole or not at all."""
    with whole_file(summary_file(project)) as unfinished:
        unfinished.write_text(json.dumps(summary, indent=1, ensure_ascii=False))


def results_table(models: dict[Task, Registered]) -> str:
    """Each model's main figures beside its baselines', one line each."""
    lines = []
    for task, model in models.items():
        shown = [name for name in SHOWN[task] if any(name in o.metrics for o in model.bundle.evaluation.outputs.values())]
        lines.append(f"\n{model.label}, judged at {model.bundle.evaluation.judged_at}")
        lines.append(f"  {'':44}" + "".join(f"{name:>20}" for name in shown))
        for output, evaluation in model.bundle.evaluation.outputs.items():
            lines.append(_line(output, evaluation.metrics, shown))
            if task != "propensity":
                lines += [_line(f"  {name}", metrics, shown) for name, metrics in evaluation.baselines.items()]
    return "\n".join(lines)


def _line(name: str, metrics: dict[str, Metric], shown: list[str]) -> str:
    return f"  {name:44}" + "".join(f"{metrics[m].value:>20.4f}" if m in metrics else f"{'':>20}" for m in shown)


def _figures(output: OutputEvaluation) -> dict[str, Any]:
    baselines = {name: {m: metric.value for m, metric in metrics.items()} for name, metrics in output.baselines.items()}
    return {name: metric.value for name, metric in output.metrics.items()} | {"baselines": baselines}
