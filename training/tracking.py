"""Record a training run in MLflow: parameters, metrics, pictures, and the bundle."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow

from models.bundle import Bundle, save_bundle
from models.evaluation import Metric
from models.plots import calibration_plot, drivers_plot, tenths_plot
from models.reasons.shares import shares
from models.registry import Registered, log_and_register, use_registry
from training.fitting.tuning import Tuned

HASH_SHOWN = 8


@contextmanager
def tracked_run(project: str, task: str, judged_at: date) -> Iterator[None]:
    """A run in the project's experiment, named by its task and judged date; it ends as failed or killed when the block does.

    Started by `mlflow run`, it is a child of the run that MLflow opened for the entry point.
    """
    use_registry()
    mlflow.set_experiment(project)
    parent = os.environ.pop("MLFLOW_RUN_ID", None)
    tags = {"task": task} | ({"mlflow.parentRunId": parent} if parent else {})
    with mlflow.start_run(run_name=f"{task} {judged_at}", tags=tags):
        yield


def record(bundle: Bundle, tuned: Tuned) -> Registered:
    """Log everything about a bundle to the open run and register it; the run's name then ends with the bundle's hash."""
    contract, evaluation = bundle.contract, bundle.evaluation
    roles = contract.roles
    mlflow.log_params(
        {
            **contract.parameters,
            "rounds": contract.rounds,
            "seed": contract.seed,
            "horizon_days": contract.horizon_days,
            "rows_fitted": contract.rows_fitted,
            "fitted_on": f"{len(roles.fitted_on)} dates from {roles.fitted_on[0]} to {roles.fitted_on[-1]}",
            "tune": str(roles.tune),
            "calibrate": str(roles.calibrate),
            "judge": str(roles.judge),
            "trials": tuned.trials,
            "trials_pruned": tuned.pruned,
        }
    )
    mlflow.set_tags(
        {
            "data_fingerprint": contract.data_fingerprint,
            "made_from": contract.made_from,
            "code_version": contract.code_version,
            **{f"choice_{name}": said for name, said in evaluation.choices.items()},
        }
    )
    mlflow.log_metrics({"tuning_loss": tuned.loss, "tuning_loss_of_defaults": tuned.loss_of_defaults})
    for logged in _metrics(bundle):
        mlflow.log_metrics(logged)
    _log_plots(bundle)
    with TemporaryDirectory() as folder:
        save_bundle(bundle, Path(folder))
        registered = log_and_register(bundle, Path(folder))
    mlflow.set_tag("mlflow.runName", f"{contract.task} {roles.judge} {registered.hash[:HASH_SHOWN]}")
    return registered


def _metrics(bundle: Bundle) -> Iterator[dict[str, float]]:
    """The figures of each output by itself: MLflow takes a thousand at a time, and there may be many categories."""
    several = len(bundle.evaluation.outputs) > 1
    for output, evaluation in bundle.evaluation.outputs.items():
        prefix = f"{output}." if several else ""
        logged = _figures(prefix, evaluation.metrics)
        for baseline, metrics in evaluation.baselines.items():
            logged |= _figures(f"{prefix}{baseline}.", metrics)
        yield logged


def _figures(prefix: str, metrics: dict[str, Metric]) -> dict[str, float]:
    """Every value; with `_low` and `_high` its interval, with `_ours_less_this` how the model compares to a baseline."""
    logged = {}
    for name, metric in metrics.items():
        logged[f"{prefix}{name}"] = metric.value
        if metric.low is not None and metric.high is not None:
            logged |= {f"{prefix}{name}_low": metric.low, f"{prefix}{name}_high": metric.high}
        if less := metric.ours_less_this:
            ends = {"": less.value, "_low": less.low, "_high": less.high}
            logged |= {f"{prefix}{name}_ours_less_this{end}": value for end, value in ends.items()}
    return logged


def _log_plots(bundle: Bundle) -> None:
    unit = bundle.contract.currency if bundle.contract.link == "exp" else "probability"
    found = shares(bundle, bundle.golden)  # made-up rows: no customer's point is in the picture
    for k, (name, evaluation) in enumerate(bundle.evaluation.outputs.items()):
        mlflow.log_figure(calibration_plot(evaluation, unit=unit), f"plots/{name}_calibration.png")
        mlflow.log_figure(tenths_plot(evaluation, unit=unit), f"plots/{name}_tenths.png")
        mlflow.log_figure(drivers_plot(found, k, bundle.contract.explained), f"plots/{name}_drivers.png")
