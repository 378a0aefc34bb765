"""Whom to look at first: the list of the customers with the most at stake, with reasons, from the models that there are."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.project import Project
from models.bundle import CHURN, DAYS_UNTIL_LEAVING
from models.contract import Task
from serving.report.wording import count, money, percent
from serving.scoring.everybody import predictions_file
from serving.scoring.scorer import Scorer
from serving.scoring.until_leaving import say_days
from serving.scoring.what_next import PREFIX, what_next

SHOWN = 20
TODAY = 0.5  # days
NEXT_SHOWN = 3
Row = Mapping[Hashable, Any]


@dataclass(frozen=True)
class Column:
    """The head of a column."""

    title: str
    small: str = ""
    kind: str = ""  # a class of the style sheet: text, or text wrap


@dataclass(frozen=True)
class Cell:
    """What stands in a line below one head."""

    lines: tuple[str, ...] = ()
    soft: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class FirstCustomer:
    """One line of the list, as it is shown."""

    customer_id: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class First:
    """The list: what it is about, its heads and its lines. `at_risk_shown` is their value at risk, exactly.

    `left_out` says who is not in it, because there is hardly anybody left to keep.
    """

    title: str
    columns: tuple[Column, ...]
    customers: tuple[FirstCustomer, ...]
    at_risk_shown: float | None
    left_out: str
    chinese: dict[str, str]  # the reasons, by their English text


def look_at_first(project: Project, scorer: Scorer, eligible: pd.DataFrame) -> First:
    """By value at risk where churn and value are known, else by what is; `eligible` are rows of the scored table."""
    tasks = scorer.models.keys()
    stake, title = _stake(scorer, eligible)
    is_gone = _gone(scorer, eligible)
    highest = stake[~is_gone].nlargest(SHOWN)
    at_risk = highest if {"churn", "clv"} <= tasks else None
    chosen = eligible.loc[highest.index]
    columns: dict[Column, list[Cell]] = {}
    if at_risk is not None:
        columns[Column("value at risk")] = [Cell((money(one, _currency(scorer)),)) for one in at_risk]
    rows = chosen.to_dict(orient="records")
    if "churn" in tasks:
        columns[Column("risk of leaving", _event(scorer))] = [_risk(row) for row in rows]
    if "clv" in tasks:
        columns[Column("expected value", _interval_title(scorer))] = [_value(scorer, row) for row in rows]
    if "propensity" in tasks:
        columns[Column("what next", "chance, times the usual one", "text")] = [_next(scorer, row) for row in rows]
    chinese: dict[str, str] = {}
    columns |= _why(project, scorer, chosen, chinese)
    return First(
        title=title.format(n=len(chosen)),
        columns=tuple(columns),
        customers=tuple(
            FirstCustomer(str(row["customer_id"]), tuple(cells)) for row, *cells in zip(rows, *columns.values(), strict=True)
        ),
        at_risk_shown=None if at_risk is None else float(at_risk.sum()),
        left_out=_left_out(stake[is_gone], _currency(scorer)) if at_risk is not None and is_gone.any() else "",
        chinese=chinese,
    )


def _stake(scorer: Scorer, eligible: pd.DataFrame) -> tuple[pd.Series, str]:
    """What the list is ordered by, and its title."""
    outputs = {task: [output.name for output in model.bundle.contract.outputs] for task, model in scorer.models.items()}
    if {"churn", "clv"} <= outputs.keys():
        return eligible[CHURN] * eligible[outputs["clv"][0]], "The {n} customers with the most value at risk"
    if "churn" in outputs:
        return eligible[CHURN], "The {n} customers most likely to leave"
    if "clv" in outputs:
        return eligible[outputs["clv"][0]], "The {n} customers expected to bring most"
    return eligible[outputs["propensity"]].max(axis=1), "The {n} customers most likely to buy"


def _gone(scorer: Scorer, eligible: pd.DataFrame) -> pd.Series:
    """Who has probably left for good, where a list of risk is asked for: who would win her back asks the plan."""
    if "churn" not in scorer.models:
        return pd.Series(False, index=eligible.index)
    return eligible[DAYS_UNTIL_LEAVING[1]] < TODAY


def _left_out(gone: pd.Series, currency: str) -> str:
    return f"Left out: {count(len(gone))} customers who are probably gone for good, with {money(gone.sum(), currency)} at risk."


def _event(scorer: Scorer) -> str:
    """What the risk is of."""
    contract = scorer.models["churn"].bundle.contract
    return {
        "orders": f"no order within {contract.horizon_days} days",
        "subscriptions": f"no subscription after {contract.horizon_days} days",
        "labels": f"within {contract.horizon_days} days",
    }[contract.told_by]


def _currency(scorer: Scorer) -> str:
    return scorer.models["clv"].bundle.contract.currency


def _interval_title(scorer: Scorer) -> str:
    intervals = scorer.models["clv"].bundle.intervals
    return f"{percent(intervals.coverage, 0)} interval" if intervals else ""


def _risk(row: Row) -> Cell:
    return Cell((percent(row[CHURN]),), soft=f"gone for good: {say_days(row[DAYS_UNTIL_LEAVING[1]])}")


def _value(scorer: Scorer, row: Row) -> Cell:
    clv = scorer.models["clv"].bundle
    name, currency = clv.contract.outputs[0].name, clv.contract.currency
    if clv.intervals is None:
        return Cell((money(row[name], currency),))
    lower, upper = (row[f"{name}_{end}_{round(clv.intervals.coverage * 100)}"] for end in ("lower", "upper"))
    return Cell((money(row[name], currency),), soft=f"{money(lower, currency)} to {money(upper, currency)}")


def _next(scorer: Scorer, row: Row) -> Cell:
    bundle = scorer.models["propensity"].bundle
    (found,) = what_next(bundle, np.array([[row[output.name] for output in bundle.contract.outputs]]))
    return Cell(tuple(f"{one.category}: {percent(one.chance, 0)}, {one.lift:.1f} x" for one in found[:NEXT_SHOWN]))


def _why(project: Project, scorer: Scorer, chosen: pd.DataFrame, chinese: dict[str, str]) -> dict[Column, list[Cell]]:
    """The reasons of the risk and of the value; where there is neither, of the likeliest category. Adds to `chinese`."""
    heads: dict[Task, str] = {"churn": "why this risk", "clv": "why this value"}
    found = {}
    for task in (task for task in heads if task in scorer.models):
        reasons = _reasons(project, scorer.models[task].bundle.contract.outputs[0].name, chosen.index, chinese)
        found[Column(heads[task], kind="text wrap")] = [Cell(reasons=reasons[row]) for row in chosen.index]
    if found:
        return found
    outputs = {output.name: output for output in scorer.models["propensity"].bundle.contract.outputs}
    likeliest = chosen[list(outputs)].idxmax(axis=1)
    by_output = {name: _reasons(project, name, chosen.index, chinese) for name in likeliest.unique()}
    cells = [
        Cell((outputs[name].label.removeprefix(PREFIX),) if len(outputs) > 1 else (), reasons=by_output[name][row])
        for row, name in zip(chosen.index, map(str, likeliest), strict=True)
    ]
    return {Column("why this chance", kind="text wrap"): cells}


def _reasons(project: Project, output: str, rows: pd.Index, chinese: dict[str, str]) -> dict[int, tuple[str, ...]]:
    """The sentences of some rows of the scored table, by the row's place in it."""
    column = pq.read_table(predictions_file(project), columns=[f"{output}_explanation"]).column(0)
    found = {row: column[row].as_py() or {"reasons": ()} for row in rows}
    chinese |= {reason["text"]: reason["text_zh"] for explanation in found.values() for reason in explanation["reasons"]}
    return {row: tuple(reason["text"] for reason in explanation["reasons"]) for row, explanation in found.items()}
