"""Whom the models scored: how the numbers are spread, and the customers with the most value at risk."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from markupsafe import Markup
from numpy.typing import NDArray

from features.project import Project
from features.snapshots import Manifest
from models.plots import as_svg, distribution_plot
from serving.batch import predictions_file
from serving.report.model import Picture
from serving.report.wording import count, day, money, percent
from serving.scorer import Scorer

AT_RISK_SHOWN = 20
VALUE_AT_RISK = "churn_probability x clv"
QUANTILES = {"lowest": 0.0, "10 %": 0.1, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "90 %": 0.9, "highest": 1.0}
LIKELIEST_SHOWN = 3


@dataclass(frozen=True)
class Spread:
    """How one number is spread over the customers."""

    title: str
    picture: Picture
    quantiles: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Customer:
    """One line of the list, as it is shown."""

    customer_id: str
    churn: str
    value: str
    interval: str
    at_risk: str
    likely_to_buy: tuple[str, ...]
    why_churn: tuple[str, ...]
    why_value: tuple[str, ...]


@dataclass(frozen=True)
class Totals:
    """The numbers of the summary, exactly."""

    known: int
    eligible: int
    leaving: float
    value: float
    at_risk_shown: float


@dataclass(frozen=True)
class Scored:
    """Everything the section on scored customers shows."""

    as_of: str
    totals: Totals
    not_eligible: tuple[tuple[str, str], ...]
    spreads: tuple[Spread, ...]
    formula: str
    interval_title: str
    customers: tuple[Customer, ...]


def gather_scored(project: Project, manifest: Manifest, scorer: Scorer, predictions: pd.DataFrame) -> Scored:
    """The facts about the scored customers; `predictions` is the scored table, one row per customer."""
    contract = scorer.models["clv"].bundle.contract
    value = contract.outputs[0].name
    eligible = predictions[predictions["eligible"]]
    at_risk = eligible["churn_probability"] * eligible[value]
    highest = at_risk.nlargest(AT_RISK_SHOWN).index
    why_not = predictions["not_eligible_because"].value_counts()
    intervals = scorer.models["clv"].bundle.intervals
    return Scored(
        as_of=day(manifest.scored_at),
        totals=Totals(
            known=len(predictions),
            eligible=len(eligible),
            leaving=float(eligible["churn_probability"].sum()),
            value=float(eligible[value].sum()),
            at_risk_shown=float(at_risk[highest].sum()),
        ),
        not_eligible=tuple((str(why), count(n)) for why, n in why_not.items()),
        spreads=(
            _spread("Risk of leaving", "churn_probability", eligible, "probability"),
            _spread(f"Expected value within {contract.horizon_days} days", value, eligible, contract.currency),
        ),
        formula=VALUE_AT_RISK,
        interval_title=f"{percent(intervals.coverage, 0)} interval" if intervals else "",
        customers=_customers(project, scorer, eligible.loc[highest], at_risk[highest]),
    )


def _spread(title: str, name: str, eligible: pd.DataFrame, unit: str) -> Spread:
    values: NDArray[np.float64] = eligible[name].to_numpy(dtype=np.float64)

    def say(number: float) -> str:
        return percent(number) if unit == "probability" else money(number, "").strip()

    svg = Markup(as_svg(distribution_plot(values, unit=unit), name=f"{name}-spread", label=title))
    quantiles = [(said, say(float(np.quantile(values, share)))) for said, share in QUANTILES.items()]
    return Spread(
        title,
        Picture(svg, title, "Below: the value that 10 %, 25 %, ... of the customers do not reach."),
        (*quantiles, ("mean", say(float(values.mean())))),
    )


def _customers(project: Project, scorer: Scorer, chosen: pd.DataFrame, at_risk: pd.Series) -> tuple[Customer, ...]:
    contract = scorer.models["clv"].bundle.contract
    value, currency = contract.outputs[0].name, contract.currency
    why_churn = _reasons(project, "churn_probability", chosen.index)
    why_value = _reasons(project, value, chosen.index)
    return tuple(
        Customer(
            customer_id=str(row["customer_id"]),
            churn=percent(row["churn_probability"]),
            value=money(row[value], currency),
            interval=_interval(row, value, currency),
            at_risk=money(at_risk[index], currency),
            likely_to_buy=_likeliest(scorer, row),
            why_churn=why_churn[index],
            why_value=why_value[index],
        )
        for index, row in zip(chosen.index, chosen.to_dict(orient="records"), strict=True)
    )


def _interval(row: Mapping[Hashable, Any], value: str, currency: str) -> str:
    """The ends of the interval, where the table has them."""
    lower, upper = (next((row[c] for c in row if str(c).startswith(f"{value}_{end}_")), None) for end in ("lower", "upper"))
    return "" if lower is None or upper is None else f"{lower:,.0f} to {money(upper, currency)}"


def _likeliest(scorer: Scorer, row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    if "propensity" not in scorer.models:
        return ()
    outputs = scorer.models["propensity"].bundle.contract.outputs
    highest = sorted(outputs, key=lambda output: -row[output.name])[:LIKELIEST_SHOWN]
    return tuple(f"{output.label.removeprefix('chance of buying ')}: {percent(row[output.name], 0)}" for output in highest)


def _reasons(project: Project, output: str, rows: pd.Index) -> dict[int, tuple[str, ...]]:
    """The sentences of some rows of the scored table, by the row's place in it."""
    column = pq.read_table(predictions_file(project), columns=[f"{output}_explanation"]).column(0)
    return {row: tuple(reason["text"] for reason in column[row].as_py()["reasons"]) for row in rows}
