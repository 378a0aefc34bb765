"""What `models_autogluon` runs in AutoGluon's environment, where this project is not installed.

python models_autogluon_run.py FOLDER    (reads fit.parquet, stop.parquet, asked.parquet and how.json; writes answers.npy)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from autogluon.tabular import TabularPredictor


def main(folder: Path) -> None:
    """Learn, choose on stop.parquet where it is there, and answer for asked.parquet."""
    how = json.loads((folder / "how.json").read_text(encoding="utf-8"))
    metric, problem = {"chance": ("log_loss", "binary"), "value": ("root_mean_squared_error", "regression")}[how["goal"]]
    stop, models = folder / "stop.parquet", str(folder / "models")
    predictor = TabularPredictor("the_target", problem_type=problem, eval_metric=metric, path=models, verbosity=0)
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
