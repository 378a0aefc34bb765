"""Bank Marketing: who says yes on the telephone, learned from the first 80 % of the calls in time, judged on the rest.

How long a call took is left out: it is known only afterwards. Beside each peer stands what five folds drawn at random would
have promised: the gap is what looking ahead pays.
"""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import models_ours
from benchmarks.models_autogluon import is_installed
from benchmarks.models_boosters import BOOSTERS
from benchmarks.models_case import Case, Floats, Peer, Predicted, Protocol
from benchmarks.models_kept import fingerprint_of
from benchmarks.models_table_peers import (
    MODULES,
    Answers,
    as_table,
    autogluon_in_time,
    logistic,
    stopped_at_random,
    stopped_in_time,
)

FILE = Path("data/bank_marketing/bank_additional_full.parquet")
LEARNED_FROM, FOLDS = 0.8, 5


def bank_marketing_time() -> Protocol:
    """The response to a call."""
    raw = pd.read_parquet(FILE)
    table, yes = as_table(raw.drop(columns=["duration", "y"])), (raw["y"] == "yes").to_numpy(dtype=np.float64)
    start = int(len(table) * LEARNED_FROM)

    def peer(in_time: Answers, at_random: Answers | None) -> Peer:
        return Peer(lambda: _answers(table, yes, start, in_time, at_random), (*MODULES, "models_bank"))

    peers = {"logistic regression": peer(logistic, logistic)}
    peers |= {name: peer(stopped_in_time(name), stopped_at_random(name)) for name in BOOSTERS}
    if is_installed():
        peers["autogluon"] = replace(
            peer(autogluon_in_time, None), modules=(*MODULES, "models_bank", "models_autogluon", "models_autogluon_run")
        )
    return Protocol(
        key="bank_marketing_time",
        case=Case.simple({"chance": yes[start:]}, "auc", "logloss", "brier", "ece", also=("gap_to_random_cv",)),
        fingerprint=fingerprint_of([FILE]),
        peers=peers,
        ours=lambda: models_ours.bank_marketing(table[:start], yes[:start], table[start:], _months(raw)),
        said=(
            f"{start:,} calls to learn from, {yes[:start].mean():.1%} of them a yes; {len(yes) - start:,} judged, "
            f"{yes[start:].mean():.1%} a yes",
        ),
    )


def _months(raw: pd.DataFrame) -> np.ndarray:
    """The first day of each call's month; the number of people employed tells the year (configs/bank_marketing.toml)."""
    names = {name: number for number, name in enumerate(calendar.month_abbr) if name}
    years = np.where(raw["nr_employed"] > 5100, 2008, np.where(raw["nr_employed"] > 5010, 2009, 2010))
    months = [names[month.capitalize()] for month in raw["month"]]
    return np.array([date(int(year), month, 1) for year, month in zip(years, months, strict=True)], dtype=object)


def _answers(table: pd.DataFrame, yes: Floats, start: int, in_time: Answers, at_random: Answers | None) -> Predicted:
    answers = {"chance": in_time(table[:start], yes[:start], table[start:])}
    if at_random is not None:
        answers["auc_random_cv"] = np.full(len(table) - start, random_cv_auc(table, yes, at_random))
    return answers


def random_cv_auc(table: pd.DataFrame, yes: Floats, answers: Answers) -> float:
    """The mean AUC over folds drawn at random from all calls."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    found = []
    for learn, asked in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(table, yes):
        found.append(roc_auc_score(yes[asked], answers(table.iloc[learn], yes[learn], table.iloc[asked])))
    return float(np.mean(found))
