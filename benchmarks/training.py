"""How long the three models take to make again, 40 trials each, as a multiple of plain XGBoost fits, and where it goes.

    python -m benchmarks.training

A plain fit is XGBoost with nothing set on all rows to learn from: one for churn, one for clv, one per category. Features are
built before the clock starts; models are trained by `python -m training all` in a registry of their own. The last line is
{"seconds": s, "plain_fit_seconds": p, "multiple": s / p, "steps": {"<step>": seconds, ...}}.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import xgboost as xgb

from benchmarks.models_data import Company, company
from training.job import prepare

CONFIG, TRIALS = Path("configs/online_retail.toml"), 40
THREADS = 2
DONE = re.compile(r"^  (?P<step>.+?)(?:, up to .*| on .*)?: done in (?P<seconds>[\d.]+) s$")


def main() -> None:
    """Build features, train, fit plainly, print."""
    trials = {f"training.trials.{task}": TRIALS for task in ("churn", "clv", "propensity")}
    made = company(CONFIG, "training", {"project.name": "bench_training"} | trials)
    started = time.perf_counter()
    said = train_all(made)
    seconds = time.perf_counter() - started
    plain = plain_fits(made)
    steps = seconds_by_step(said)
    for name, spent in sorted(steps.items(), key=lambda item: -item[1]):
        print(f"  {name}: {spent:.1f} s")
    found = {"seconds": seconds, "plain_fit_seconds": plain, "multiple": seconds / plain, "steps": steps}
    print(json.dumps(json.loads(json.dumps(found), parse_float=lambda text: round(float(text), 1))))


def train_all(made: Company) -> str:
    """What training prints."""
    with TemporaryDirectory(prefix="cvm_bench_training_") as folder:
        registry = {"MLFLOW_TRACKING_URI": f"sqlite:///{Path(folder) / 'mlflow.db'}"}
        command = [sys.executable, "-m", "training", "all", str(made.config)]
        run = subprocess.run(command, capture_output=True, text=True, env=os.environ | registry, check=False)
    if run.returncode:
        raise SystemExit(run.stdout + run.stderr)
    print(run.stdout, flush=True)
    return run.stdout


def seconds_by_step(said: str) -> dict[str, float]:
    """The seconds of each step, over the three models."""
    steps: dict[str, float] = defaultdict(float)
    for line in said.splitlines():
        if found := DONE.match(line):
            steps[found["step"]] += float(found["seconds"])
    return dict(steps)


def plain_fits(made: Company) -> float:
    """The seconds of one fit per output, with nothing set."""
    seconds = 0.0
    for task in ("churn", "clv", "propensity"):
        past = prepare(made.project, made.manifest, task).past
        rows = past.rows.to_numpy(dtype=np.float32)
        objective = "reg:squarederror" if task == "clv" else "binary:logistic"
        for outcome in past.outcomes.T:
            started = time.perf_counter()
            xgb.train({"objective": objective, "nthread": THREADS}, xgb.DMatrix(rows, outcome), 100)
            seconds += time.perf_counter() - started
    return seconds


if __name__ == "__main__":
    main()
