"""The same recipe on earlier dates: how far its figures move from date to date."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract import Contract
from models.evaluation import Evaluation
from serving.report import glossary
from serving.report.wording import count, day

FIGURES = ("auc", "brier", "ece", "lift_10", "spearman", "gini_normalized", "wape", "sum_ratio")


@dataclass(frozen=True)
class OnDate:
    """One judged date: its customers, and its figures as they are shown."""

    date: str
    iso: str  # the same for programs
    customers: str
    figures: tuple[str, ...]


@dataclass(frozen=True)
class OnDates:
    """The judged date and earlier ones, latest first, and how far apart the figures are."""

    heads: tuple[glossary.Entry, ...]
    dates: tuple[OnDate, ...]
    spread: tuple[str, ...]


def gather_dates(contract: Contract, evaluation: Evaluation) -> OnDates | None:
    """The table of one model; the mean where it has several outputs. None where no earlier date was judged."""
    if not evaluation.earlier:
        return None
    judged = {name: {figure: one.value for figure, one in out.metrics.items()} for name, out in evaluation.outputs.items()}
    known = [(evaluation.judged_at, evaluation.customers, judged)]
    known += [(one.judged_at, one.customers, one.outputs) for one in evaluation.earlier]
    heads = tuple(glossary.entry(name) for name in FIGURES if any(name in one for one in judged.values()))
    values = [[_mean(outputs, head.name) for head in heads] for *_, outputs in known]

    def say(head: glossary.Entry, value: float) -> str:
        return "-" if np.isnan(value) else head.say(value, contract.currency)

    columns = [[row[k] for row in values if not np.isnan(row[k])] for k in range(len(heads))]
    return OnDates(
        heads=heads,
        dates=tuple(
            OnDate(
                day(when), str(when), count(customers), tuple(say(head, value) for head, value in zip(heads, row, strict=True))
            )
            for (when, customers, _), row in zip(known, values, strict=True)
        ),
        spread=tuple(
            f"{say(head, min(column))} to {say(head, max(column))}" for head, column in zip(heads, columns, strict=True)
        ),
    )


def _mean(outputs: dict[str, dict[str, float]], figure: str) -> float:
    found = [figures[figure] for figures in outputs.values() if figure in figures]
    return float(np.mean(found)) if found else float("nan")
