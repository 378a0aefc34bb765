"""Whom the models scored: how the numbers are spread, when customers leave, and whom to look at first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from features.project import Project
from features.snapshots import Manifest
from models.bundle import CHURN
from models.plots import as_svg, distribution_plot
from serving.report.first import First, look_at_first
from serving.report.model import Picture, not_drawn
from serving.report.when import When, gather_when
from serving.report.wording import count, day, money, percent
from serving.scoring.scorer import Scorer
from serving.scoring.what_next import PREFIX

QUANTILES = {"lowest": 0.0, "10 %": 0.1, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "90 %": 0.9, "highest": 1.0}


@dataclass(frozen=True)
class Spread:
    """How one number is spread over the customers."""

    title: str
    picture: Picture
    quantiles: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Totals:
    """The numbers of the summary, exactly; None where the project has no such model."""

    known: int
    eligible: int
    leaving: float | None
    value: float | None
    at_risk_shown: float | None
    buying: dict[str, float]  # by category


@dataclass(frozen=True)
class Scored:
    """Everything the section on scored customers shows."""

    as_of: str
    totals: Totals
    not_eligible: tuple[tuple[str, str], ...]
    spreads: tuple[Spread, ...]
    when: When | None
    first: First


def gather_scored(project: Project, manifest: Manifest, scorer: Scorer, predictions: pd.DataFrame) -> Scored:
    """The facts about the scored customers; `predictions` is the scored table, one row per customer."""
    eligible = predictions[predictions["eligible"]]
    outputs = {task: model.bundle.contract.outputs for task, model in scorer.models.items()}
    first = look_at_first(project, scorer, eligible)
    why_not = predictions["not_eligible_because"].value_counts()
    return Scored(
        as_of=day(manifest.scored_at),
        totals=Totals(
            known=len(predictions),
            eligible=len(eligible),
            leaving=float(eligible[CHURN].sum()) if "churn" in outputs else None,
            value=float(eligible[outputs["clv"][0].name].sum()) if "clv" in outputs else None,
            at_risk_shown=first.at_risk_shown,
            buying={
                output.label.removeprefix(PREFIX): float(eligible[output.name].sum())
                for output in outputs.get("propensity", ())
            },
        ),
        not_eligible=tuple((str(why), count(n)) for why, n in why_not.items()),
        spreads=_spreads(scorer, eligible),
        when=gather_when(scorer.models["churn"].bundle, eligible) if "churn" in outputs else None,
        first=first,
    )


def _spreads(scorer: Scorer, eligible: pd.DataFrame) -> tuple[Spread, ...]:
    """One for every model with a single output."""
    found = []
    for task, model in scorer.models.items():
        contract = model.bundle.contract
        if len(contract.outputs) == 1:
            (output,) = contract.outputs
            title = f"{output.label[:1].upper()}{output.label[1:]}"
            title += f" within {contract.horizon_days} days" if task == "clv" and contract.told_by == "orders" else ""
            found.append(_spread(title, output.name, eligible, contract.currency if task == "clv" else "probability"))
    return tuple(found)


def _spread(title: str, name: str, eligible: pd.DataFrame, unit: str) -> Spread:
    values: NDArray[np.float64] = eligible[name].to_numpy(dtype=np.float64)

    def say(number: float) -> str:
        return percent(number) if unit == "probability" else money(number, "").strip()

    figure, beyond = distribution_plot(values, unit=unit)
    svg = Markup(as_svg(figure, name=f"{name}-spread", label=title))
    caption = "Below: the value that 10 %, 25 %, ... of the customers do not reach."
    quantiles = [(said, say(float(np.quantile(values, share)))) for said, share in QUANTILES.items()]
    return Spread(
        title,
        Picture(svg, title, f"{not_drawn(beyond, len(values), 'axis')} {caption}".strip()),
        (*quantiles, ("mean", say(float(values.mean())))),
    )
