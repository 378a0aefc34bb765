"""The customers behind the figures: a list that the page can narrow down to any group that a figure speaks of."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.project import Project
from models.bundle import CHURN
from serving.scoring.everybody import predictions_file
from serving.scoring.scorer import Scorer

Bools = NDArray[np.bool_]
CUSTOMERS_MAX = 20_000  # on the page: those with most at stake; about 60 bytes each

WORTH = (("potential_value", "potential value", "money"), ("customer_score", "customer score", "number"))
FEATURES = (
    ("days_since_last_order", "days since the last order", "number"),
    ("order_count", "orders so far", "number"),
    ("spend_sum", "spend so far", "money"),
)


@dataclass(frozen=True)
class Group:
    """Some of the known customers, by one of whose figures a reader gets to them."""

    id: str
    title: str
    members: Bools  # one for every known customer


@dataclass(frozen=True)
class CustomerList:
    """What the list needs, as JSON, and how many customers it has of how many."""

    data: str
    shown: int
    known: int
    texts: tuple[str, ...]  # what the list says in words, beside what stands on the page


def list_customers(
    project: Project, scorer: Scorer, predictions: pd.DataFrame, snapshot: pd.DataFrame, groups: list[Group]
) -> CustomerList:
    """All known customers or those with most at stake; `predictions` and `snapshot` have the same rows in the same order."""
    at_stake = _stake(scorer, predictions).fillna(-1.0).to_numpy()
    chosen = np.argsort(-at_stake, kind="stable")[:CUSTOMERS_MAX]
    columns = _columns(project, scorer, predictions, snapshot, chosen)
    data: dict[str, Any] = {
        "columns": [{"title": title, "kind": kind, "cells": _cells(values, kind)} for title, kind, values in columns],
        "groups": [
            {"id": group.id, "title": group.title, "count": int(group.members.sum()), "members": _bits(group.members[chosen])}
            for group in groups
        ],
    }
    reasons = {text[1:] for column in data["columns"] if column["kind"] == "reason" for text in column["cells"]["texts"]}
    texts = (*(title for title, *_ in columns), *(group.title for group in groups), *sorted(reasons - {""}))
    return CustomerList(json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"), len(chosen), len(predictions), texts)


def _columns(
    project: Project, scorer: Scorer, predictions: pd.DataFrame, snapshot: pd.DataFrame, chosen: NDArray[np.intp]
) -> list[tuple[str, str, pd.Series]]:
    """The title, the kind and the values of each column, of some customers."""
    predictions, snapshot = predictions.iloc[chosen], snapshot.iloc[chosen]
    found = [("customer", "text", predictions["customer_id"].astype(str))]
    outputs = {task: [output.name for output in model.bundle.contract.outputs] for task, model in scorer.models.items()}
    if "churn" in outputs:
        found.append(("risk of leaving", "share", predictions[CHURN]))
    if "clv" in outputs:
        found.append(("expected value", "money", predictions[outputs["clv"][0]]))
    if {"churn", "clv"} <= outputs.keys():
        found.append(("value at risk", "money", _stake(scorer, predictions)))
    found += [(title, kind, predictions[name]) for name, title, kind in WORTH if name in predictions]
    found += [(title, kind, snapshot[name]) for name, title, kind in FEATURES if name in snapshot.columns]
    task = next((task for task in ("churn", "clv") if task in outputs), None)
    if task is not None:
        found.append(("strongest reason", "reason", _first_reasons(project, outputs[task][0], chosen)))
    return found


def _stake(scorer: Scorer, predictions: pd.DataFrame) -> pd.Series:
    """What puts customers in order: value at risk, else what there is of it."""
    outputs = {task: model.bundle.contract.outputs[0].name for task, model in scorer.models.items()}
    known = [predictions[outputs[task]] for task in ("churn", "clv") if task in outputs]
    known = known or [predictions[output.name] for output in scorer.models["propensity"].bundle.contract.outputs][:1]
    found: pd.Series = known[0] * known[1] if len(known) == 2 else known[0]
    return found


def _first_reasons(project: Project, output: str, chosen: NDArray[np.intp]) -> pd.Series:
    """The label of the strongest reason, with + where it raises the answer and - where it lowers it; empty without one."""
    leaves = [f"{output}_explanation.reasons.list.element.{name}" for name in ("label", "share")]
    column = pq.ParquetFile(predictions_file(project)).read(columns=leaves).column(0).take(pa.array(chosen))
    first = [one["reasons"][0] if one and one["reasons"] else None for one in column.to_pylist()]
    return pd.Series([f"{'+' if reason['share'] > 0 else '-'}{reason['label']}" if reason else "" for reason in first])


def _cells(values: pd.Series, kind: str) -> Any:
    """Numbers rounded to what is shown; texts that occur often are there once."""
    if kind == "text":
        return values.tolist()
    if kind == "reason":
        place, texts = pd.factorize(values)
        return {"texts": list(texts), "place": place.tolist()}
    decimals = {"share": 6, "money": 2}.get(kind, 1)
    return [None if np.isnan(number) else round(number, decimals) for number in values.astype("float64").tolist()]


def _bits(members: Bools) -> str:
    return b64encode(np.packbits(members, bitorder="little").tobytes()).decode()
