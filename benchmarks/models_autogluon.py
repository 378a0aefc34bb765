"""AutoGluon tabular as a peer: it needs other versions of pandas than the project, so it runs in its own environment.

python models_autogluon.py FOLDER    (run there; reads fit.parquet, stop.parquet, asked.parquet and how.json)
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

PYTHON = Path(".venv-autogluon/bin/python")
SECONDS, TARGET = 60, "the_target"


def is_installed() -> bool:
    """Whether its environment is there; `make bench-models` makes it."""
    return PYTHON.exists()


def autogluon(goal: str, fit: tuple, stop: tuple | None, asked: pd.DataFrame, seconds: int = SECONDS) -> np.ndarray:
    """Learn from rows and outcomes (the second ones choose among models), answer for others; `goal`: chance or value."""
    with TemporaryDirectory(prefix="cvm_autogluon_") as name:
        folder = Path(name)
        for table, (x, y) in {"fit": fit, **({"stop": stop} if stop else {})}.items():
            x.assign(**{TARGET: y}).to_parquet(folder / f"{table}.parquet", index=False)
        asked.to_parquet(folder / "asked.parquet", index=False)
        (folder / "how.json").write_text(json.dumps({"goal": goal, "seconds": seconds}), encoding="utf-8")
        command = [str(PYTHON), str(Path(__file__).resolve()), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"AutoGluon failed: {done.stderr[-2000:]}")
        return np.load(folder / "answers.npy")


def main(folder: Path) -> None:
    """What runs in AutoGluon's own environment."""
    from autogluon.tabular import TabularPredictor

    how = json.loads((folder / "how.json").read_text(encoding="utf-8"))
    metric, problem = {"chance": ("log_loss", "binary"), "value": ("root_mean_squared_error", "regression")}[how["goal"]]
    stop = folder / "stop.parquet"
    predictor = TabularPredictor(TARGET, problem_type=problem, eval_metric=metric, path=str(folder / "models"), verbosity=0)
    predictor.fit(
        pd.read_parquet(folder / "fit.parquet"),
        tuning_data=pd.read_parquet(stop) if stop.exists() else None,
        time_limit=how["seconds"],
        num_cpus=1,
        presets="medium_quality",
    )
    asked = pd.read_parquet(folder / "asked.parquet")
    answers = predictor.predict_proba(asked)[1] if how["goal"] == "chance" else predictor.predict(asked)
    np.save(folder / "answers.npy", np.asarray(answers, dtype=np.float64))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
