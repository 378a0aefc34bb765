"""AutoGluon tabular as a peer: it needs an older pandas than the project, so it runs in its own environment, on files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.models_case import PeerFailedError

PYTHON = Path(".venv-autogluon/bin/python")
SECONDS, PATIENCE = 60, 10


def is_installed() -> bool:
    """Whether its environment is there; `make bench-models` makes it."""
    return PYTHON.exists()


def autogluon(goal: str, fit: tuple, stop: tuple | None, asked: pd.DataFrame, seconds: int = SECONDS) -> np.ndarray:
    """Learn from rows and outcomes (the second ones choose among models), answer for others; `goal`: chance or value."""
    with TemporaryDirectory(prefix="cvm_autogluon_") as name:
        folder = Path(name)
        for table, (x, y) in {"fit": fit, **({"stop": stop} if stop else {})}.items():
            x.assign(the_target=y).to_parquet(folder / f"{table}.parquet", index=False)
        asked.to_parquet(folder / "asked.parquet", index=False)
        (folder / "how.json").write_text(json.dumps({"goal": goal, "seconds": seconds}), encoding="utf-8")
        command = [str(PYTHON), str(Path(__file__).with_name("models_autogluon_run.py")), str(folder)]
        try:
            subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE * seconds)
        except subprocess.TimeoutExpired:
            raise PeerFailedError(f"no answer in {PATIENCE} times the {seconds} s it was given") from None
        except subprocess.CalledProcessError as error:
            raise PeerFailedError(f"it failed: {error.stderr[-2000:]}") from None
        return np.load(folder / "answers.npy")
