"""Reasons beside shap: numbers and words for 100,000 customers, and for one.

    python -m benchmarks.reasons

A churn champion is trained on online_retail, a snapshot every 20 days, in a registry of its own, and asked about 100,000 of the
customers of all snapshots, drawn with a fixed seed. Ours is everything that predictions.parquet holds of its reasons: shares
checked against the served number, the three strongest families, sentences in English and Chinese, log-odds and points.
`shap.TreeExplainer` and XGBoost's `pred_contribs` give numbers only, of the same booster for the same rows, ready made. Each is
timed three times; the fastest counts. One customer: everything a service answers, beside `pred_contribs` of a matrix of one
row. The last line is

{"speedup_vs_shap": x, "max_abs_diff": d, "single_row_ms_over_pred_contribs": y, "peak_rss_gb": m}:

the difference is that of the trees' shares to shap's, the memory that of the process after our own runs, before shap is there.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import xgboost as xgb

from benchmarks.models_data import Company, company
from features.families.calendar import DAY_OF_YEAR
from features.snapshots import load_snapshot
from models.bundle import Bundle
from models.inputs import Inputs, booster_numbers
from models.reasons.strongest import Explainer

CONFIG, CUSTOMERS, THREADS, TOP, TURNS, SINGLE_TURNS = Path("configs/online_retail.toml"), 100_000, 2, 3, 3, 300
EVERY_DAYS = 20  # so that the snapshots have as many customers


def main() -> None:
    """Train, draw customers, time, print."""
    made = company(CONFIG, "reasons", {"project.name": "bench_reasons", "dates.every_days": EVERY_DAYS})
    with TemporaryDirectory(prefix="cvm_bench_reasons_") as folder:
        bundle = train_churn(made, folder)
    rows = customers(made)
    read = bundle.inputs(rows)
    print(f"{len(rows):,} customers, {bundle.booster.num_boosted_rounds()} trees, {len(read.columns)} columns", flush=True)
    explainer = Explainer(bundle)  # made once when a bundle is loaded, as shap's
    ours = fastest(lambda: explainer.columns(rows, top=TOP, threads=THREADS), TURNS)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    kept = read.all_but(DAY_OF_YEAR)
    shap_seconds, theirs = shap_values(bundle, read.for_boosters[:, kept])
    found = bundle.tree_shares.values(read.for_boosters)[:, 0]
    contribs = fastest(lambda: pred_contribs(bundle.booster, read.numbers[:, kept], THREADS), 1)
    single, single_contribs = one_customer(bundle, rows)
    print(f"  numbers and words: {ours:.2f} s; shap: {shap_seconds:.2f} s; pred_contribs: {contribs:.2f} s")
    print(f"  one customer: {single:.2f} ms; pred_contribs: {single_contribs:.2f} ms")
    result = {
        "speedup_vs_shap": round(shap_seconds / ours, 2),
        "max_abs_diff": float(f"{np.abs(found[:, kept] - theirs).max():.2g}"),
        "single_row_ms_over_pred_contribs": round(single / single_contribs, 2),
        "peak_rss_gb": round(memory, 2),
    }
    print(json.dumps(result))


def train_churn(made: Company, folder: str) -> Bundle:
    """The champion of a registry that goes with its folder."""
    registry = {"MLFLOW_TRACKING_URI": f"sqlite:///{Path(folder) / 'mlflow.db'}"}
    command = [sys.executable, "-m", "training", "churn", str(made.config.resolve())]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | registry, check=False)
    if run.returncode:
        raise SystemExit(run.stdout + run.stderr)
    os.environ |= registry
    from models.registry import champion

    return champion(made.project.name, "churn").bundle


def customers(made: Company) -> pd.DataFrame:
    """Eligible customers of all snapshots, one row per customer and date."""
    snapshots = [load_snapshot(made.project, as_of) for as_of in made.manifest.cohorts]
    known = pd.concat([snapshot[snapshot["not_eligible_because"].isna()] for snapshot in snapshots], ignore_index=True)
    some = np.random.default_rng(0).permutation(len(known))[:CUSTOMERS]
    return known.iloc[np.sort(some)].reset_index(drop=True)


def fastest(run: Callable[[], object], turns: int) -> float:
    """Seconds of the fastest of some turns."""
    spent = []
    for _ in range(turns):
        started = time.perf_counter()
        run()
        spent.append(time.perf_counter() - started)
    return min(spent)


def shap_values(bundle: Bundle, numbers: np.ndarray) -> tuple[float, np.ndarray]:
    """Seconds of the fastest turn, and what shap says: rows x booster columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    bundle.booster.set_param({"nthread": THREADS})
    explainer, found = shap.TreeExplainer(bundle.booster), []
    frame = pd.DataFrame(numbers, columns=bundle.booster.feature_names)
    seconds = fastest(lambda: found.append(explainer.shap_values(frame)), TURNS)
    return seconds, np.asarray(found[0])


def pred_contribs(booster: xgb.Booster, numbers: np.ndarray, threads: int) -> np.ndarray:
    """XGBoost's own, from numbers."""
    matrix = xgb.DMatrix(booster_numbers(numbers), feature_names=booster.feature_names, nthread=threads)
    return np.asarray(booster.predict(matrix, pred_contribs=True))


def one_customer(bundle: Bundle, rows: pd.DataFrame) -> tuple[float, float]:
    """Milliseconds for one customer after the other: ours with words, and `pred_contribs`. Both get bare numbers, no frame."""
    bundle.booster.set_param({"nthread": 1})
    read = bundle.inputs(rows)
    own = [Inputs(read.columns, read.numbers[k : k + 1]) for k in range(SINGLE_TURNS)]
    numbers = [one.numbers[:, one.all_but(DAY_OF_YEAR)] for one in own]
    explainer = Explainer(bundle)
    ours = [fastest(lambda one=one: explainer.explain(one, top=TOP), 1) for one in own]
    theirs = [fastest(lambda one=one: pred_contribs(bundle.booster, one, 1), 1) for one in numbers]
    return 1000 * float(np.median(ours)), 1000 * float(np.median(theirs))


if __name__ == "__main__":
    main()
