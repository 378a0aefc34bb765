"""Record a training run in MLflow: parameters, metrics, pictures, and the bundle."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow

from models.bundle import Bundle, save_bundle
from models.plots import calibration_plot, drivers_plot, tenths_plot
from models.registry import Registered, log_and_register, use_registry
from models.shares import shares
from training.tuning import Tuned


@contextmanager
def tracked_run(project: str, task: str) -> Iterator[None]:
    """A run in the project's experiment; it ends as failed or killed when the block does.

    Started by `mlflow run`, it is a child of the run that MLflow opened for the entry point.
    """
    use_registry()
    mlflow.set_experiment(project)
    parent = os.environ.pop("MLFLOW_RUN_ID", None)
    tags = {"task": task} | ({"mlflow.parentRunId": parent} if parent else {})
    with mlflow.start_run(run_name=task, tags=tags):
        yield


def record(bundle: Bundle, tuned: Tuned) -> Registered:
    """Log everything about a bundle to the open run and register it."""
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
    mlflow.log_metrics({"tuning_loss": tuned.loss, "tuning_loss_of_defaults": tuned.loss_of_defaults, **_metrics(bundle)})
    _log_plots(bundle)
    with TemporaryDirectory() as folder:
        save_bundle(bundle, Path(folder))
        return log_and_register(bundle, Path(folder))


def _metrics(bundle: Bundle) -> dict[str, float]:
    several = len(bundle.evaluation.outputs) > 1
    logged: dict[str, float] = {}
    for output, evaluation in bundle.evaluation.outputs.items():
        prefix = f"{output}." if several else ""
        logged |= {f"{prefix}{name}": metric.value for name, metric in evaluation.metrics.items()}
        for baseline, metrics in evaluation.baselines.items():
            logged |= {f"{prefix}{baseline}.{name}": metric.value for name, metric in metrics.items()}
    return logged


def _log_plots(bundle: Bundle) -> None:
    unit = bundle.contract.currency if bundle.contract.link == "exp" else "probability"
    found = shares(bundle, bundle.golden)  # made-up rows: no customer's point is in the picture
    for k, (name, evaluation) in enumerate(bundle.evaluation.outputs.items()):
        mlflow.log_figure(calibration_plot(evaluation, unit=unit), f"plots/{name}_calibration.png")
        mlflow.log_figure(tenths_plot(evaluation, unit=unit), f"plots/{name}_tenths.png")
        mlflow.log_figure(drivers_plot(found, k, bundle.contract.explained), f"plots/{name}_drivers.png")
