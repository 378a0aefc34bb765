"""The main numbers: a few tiles and one paragraph in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from features.snapshots import Manifest
from models.contract import Task
from models.evaluation import Metric
from models.registry import Registered
from serving.report.scored import Scored
from serving.report.wording import count, day, money, off_by, percent

FAR_OFF = 0.1


@dataclass(frozen=True)
class Tile:
    """One number that is seen first."""

    number: str
    says: str


@dataclass(frozen=True)
class Headline:
    """The head of the page."""

    tiles: tuple[Tile, ...]
    paragraph: str


def write_headline(manifest: Manifest, models: dict[Task, Registered], scored: Scored) -> Headline:
    """What somebody takes away who reads nothing else."""
    h, totals = manifest.horizon_days, scored.totals
    churn, clv = _metrics(models["churn"]), _metrics(models["clv"])
    leaving = totals.leaving / max(totals.eligible, 1)
    tiles = (
        Tile(count(totals.eligible), "customers scored"),
        Tile(percent(leaving, 0), f"expected to place no order within {h} days"),
        Tile(money(totals.value, manifest.currency), f"expected from all of them within {h} days"),
        Tile(
            money(totals.at_risk_shown, manifest.currency),
            f"value at risk of the {len(scored.customers)} customers with the most of it",
        ),
    )
    sentences = [
        f"As of {day(manifest.scored_at)}, {count(totals.eligible)} of {count(totals.known)} known customers could be scored. "
        f"Within {h} days we expect {percent(leaving, 0)} of them ({count(totals.leaving)}) to place no order, and all of them "
        f"together to bring {money(totals.value, manifest.currency)}.",
        f"How far to trust that was measured once, on {day(models['churn'].bundle.evaluation.judged_at)}"
        + (", with 95 % intervals in brackets:" if _bracket(churn.get("auc")) else ":"),
        *_trust(churn, clv),
    ]
    return Headline(tiles, " ".join(sentences))


def _trust(churn: dict[str, Metric], clv: dict[str, Metric]) -> list[str]:
    said = []
    if "auc" in churn:
        said.append(
            "of a customer who left and one who stayed, the model gave the first the higher risk "
            f"{percent(churn['auc'].value, 0)} of the time{_bracket(churn['auc'])}."
        )
    if "top_decile_capture" in clv:
        said.append(
            f"The tenth of the customers it put highest brought {percent(clv['top_decile_capture'].value, 0)}"
            f"{_bracket(clv['top_decile_capture'])} of all money."
        )
    if "sum_ratio" in churn and "sum_ratio" in clv:
        ratios = churn["sum_ratio"].value, clv["sum_ratio"].value
        advice = ": use the lists to decide whom to look at first, not to plan sums" if is_far_off(*ratios) else ""
        said.append(
            f"In total, the predicted number of leavers was {off_by(ratios[0])} and the predicted value "
            f"{off_by(ratios[1])}{advice}."
        )
    return said


def _bracket(metric: Metric | None) -> str:
    """The interval of a share, to follow it; empty where none is known."""
    if metric is None or metric.low is None or metric.high is None:
        return ""
    return f" ({metric.low * 100:.0f} to {percent(metric.high, 0)})"


def is_far_off(*ratios: float) -> bool:
    """Whether a total misses by more than is good enough to plan with."""
    return any(abs(ratio - 1) > FAR_OFF for ratio in ratios)


def _metrics(model: Registered) -> dict[str, Metric]:
    """The figures of a model with one output."""
    return next(iter(model.bundle.evaluation.outputs.values())).metrics
