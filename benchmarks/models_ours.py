"""Our side: one function per protocol. Each is given what the peers are given and answers for the same rows.

A function that cannot answer yet raises NotImplementedError with one sentence that says why.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.models_case import Floats, Predicted
from benchmarks.models_data import Company


def online_retail(made: Company) -> Predicted:
    """`chance` of an order, `spend` and its interval for `made.customers` on `made.judged_at`."""
    if made.manifest.horizon_days > 90:
        raise NotImplementedError("training needs three label windows one after the other before the judged date")
    return trained(made)


def cdnow(made: Company, orders: pd.DataFrame, customers: np.ndarray, asked: date, days: int) -> Predicted:
    """`chance`, `orders` and `spend` in the days from `asked` on, for `customers`.

    `made` ends on the day `asked`, which has a snapshot; `orders` are the order days before it (customer_id, day, amount).
    """
    raise NotImplementedError("training looks one horizon ahead, and the 39 weeks before hold no window of 39 weeks")


def telco(table: pd.DataFrame, churned: Floats, folds: list[np.ndarray]) -> Predicted:
    """`chance` of churn; folds hold the rows to answer for, each learned without them; answers in the order of the folds."""
    raise NotImplementedError("training needs several dates, and this data has none")


def bank_marketing(learn: pd.DataFrame, yes: Floats, asked: pd.DataFrame) -> Predicted:
    """`chance` of a yes for the rows asked, learned from earlier ones; both in the order of time."""
    raise NotImplementedError("training needs label windows one after the other, and the last fifth of the calls spans too few")


def simulated(made: Company) -> Predicted:
    """`chance` of an order and `spend` for `made.customers` of one company."""
    return trained(made)


def trained(made: Company) -> Predicted:
    """What the churn and clv models answer, trained as `python -m training` trains them, in a registry of their own."""
    from features.project import read_section
    from features.snapshots import load_snapshot
    from training.settings import TrainingSettings
    from training.train import train

    settings = read_section(made.config, "training", TrainingSettings)
    with _own_registry():
        churn, clv = (train(made.project, settings, task).bundle for task in ("churn", "clv"))
    rows = load_snapshot(made.project, made.judged_at)
    rows = rows.set_index(rows["customer_id"].astype(str)).loc[list(made.customers)]
    amount = clv.predict(rows).to_numpy(dtype=np.float64)
    answers = {"chance": 1 - churn.predict(rows).to_numpy(dtype=np.float64)[:, 0], "spend": amount[:, 0]}
    return answers | {"spend_low": amount[:, 1], "spend_high": amount[:, 2]}


@contextmanager
def _own_registry() -> Iterator[None]:
    """A registry in a folder that is gone afterwards."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    with TemporaryDirectory(prefix="cvm_bench_models_") as folder:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{Path(folder) / 'mlflow.db'}"
        try:
            yield
        finally:
            if before is None:
                del os.environ["MLFLOW_TRACKING_URI"]
            else:
                os.environ["MLFLOW_TRACKING_URI"] = before
