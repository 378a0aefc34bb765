"""IBM Telco churn: no dates exist, so five times five folds, the same for everybody.

Figures are taken in each fold and averaged over the 25, as published ones are. The interval draws customers: with one come
all five answers about her, each judged in its fold.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import models_ours
from benchmarks.models_autogluon import is_installed
from benchmarks.models_case import Case, Floats, Ints, Peer, Protocol
from benchmarks.models_kept import fingerprint_of
from benchmarks.models_table_peers import (
    MODULES,
    Answers,
    as_table,
    default_xgboost,
    logistic,
    quick_autogluon,
    small_catboost,
    small_lightgbm,
    small_xgboost,
)

FILE = Path("data/telco_churn/telco_churn.parquet")
FOLDS, REPEATS, SEED = 5, 5, 0
PEERS = {
    "logistic regression": logistic,
    "xgboost, nothing set": default_xgboost,
    "xgboost": small_xgboost,
    "lightgbm": small_lightgbm,
    "catboost": small_catboost,
}
BLENDED = ("logistic regression", "xgboost", "catboost")


def telco() -> Protocol:
    """Churn from attributes."""
    raw = pd.read_parquet(FILE)
    churned = (raw["churn"] == "Yes").to_numpy(dtype=np.float64)
    table = as_table(raw.drop(columns=["customer_id", "churn"]))
    folds = _folds(churned)
    order = np.concatenate(folds)
    part = np.repeat(np.arange(len(folds)), [len(fold) for fold in folds])
    rows = np.argsort(order, kind="stable").reshape(len(table), REPEATS)

    modules = (*MODULES, "models_telco")

    @cache
    def answered(answers: Answers) -> Floats:
        return _in_folds(answers, table, churned, folds)

    def peer(*several: Answers) -> Peer:
        return Peer(lambda: {"chance": np.mean([answered(answers) for answers in several], axis=0)}, modules)

    peers = {name: peer(answers) for name, answers in PEERS.items()}
    peers[f"mean of {', '.join(BLENDED)}"] = peer(*(PEERS[name] for name in BLENDED))
    if is_installed():
        peers["autogluon"] = replace(peer(quick_autogluon), modules=(*modules, "models_autogluon", "models_autogluon_run"))
    return Protocol(
        key="telco",
        case=Case({"chance": churned[order]}, ("auc", "logloss", "lift_10", "brier", "ece"), rows, part),
        fingerprint=fingerprint_of([FILE]),
        peers=peers,
        ours=lambda: models_ours.telco(table, churned, folds),
        said=(f"{len(table):,} customers, {REPEATS} times {FOLDS} folds; figures are means over the {len(folds)} folds",),
    )


def _folds(churned: Floats) -> list[Ints]:
    """The rows that each fold answers for."""
    from sklearn.model_selection import RepeatedStratifiedKFold

    splitter = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=SEED)
    return [asked for _, asked in splitter.split(churned, churned)]


def _in_folds(answers: Answers, table: pd.DataFrame, churned: Floats, folds: list[Ints]) -> Floats:
    """The answers in the order of the folds."""
    found = []
    for number, asked in enumerate(folds):
        learn = np.setdiff1d(np.arange(len(table)), asked)
        found.append(answers(table.iloc[learn], churned[learn], table.iloc[asked]))
        if (number + 1) % FOLDS == 0:
            print(f"    {number + 1} of {len(folds)} folds", flush=True)
    return np.concatenate(found)
