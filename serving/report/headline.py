"""The main numbers: a few tiles and one paragraph in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.snapshots import Manifest
from models.contract import Task
from models.evaluation import Metric, OutputEvaluation
from models.registry import Registered
from serving.report.leavers import leavers_do
from serving.report.scored import Scored
from serving.report.split import caution_of
from serving.report.wording import count, day, listed, money, off_by, percent

FAR_OFF = 0.1
BUYERS_SHOWN = 3


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
    """What somebody takes away who reads nothing else, from the models that there are."""
    totals, first = scored.totals, next(iter(models.values())).bundle
    tiles = [Tile(count(totals.eligible), "customers scored")]
    expected = []
    if totals.leaving is not None:
        share, does = percent(totals.leaving / max(totals.eligible, 1), 0), leavers_do(models["churn"].bundle.contract)
        tiles.append(Tile(share, f"expected to {does}"))
        expected.append(f"{share} of them ({count(totals.leaving)}) to {does}")
    if totals.value is not None:
        amount = money(totals.value, manifest.currency)
        given = models["clv"].bundle.contract.told_by == "labels"
        when = ", as tables.labels.value says" if given else f" within {manifest.horizon_days} days"
        tiles.append(Tile(amount, f"expected from all of them{when}"))
        expected.append(f"all of them together to bring {amount}{when}")
    if totals.at_risk_shown is not None:
        shown = f"value at risk of the {len(scored.first.customers)} customers to look at first"
        tiles.append(Tile(money(totals.at_risk_shown, manifest.currency), shown))
    if not expected:
        most = sorted(totals.buying.items(), key=lambda pair: -pair[1])[:BUYERS_SHOWN]
        tiles += [Tile(percent(number / max(totals.eligible, 1)), f"expected to buy {name}") for name, number in most]
        expected += [f"{count(number)} of them to buy {name}" for name, number in most]
    sentences = [
        f"As of {day(manifest.scored_at)}, {count(totals.eligible)} of {count(totals.known)} known customers could be scored. "
        f"We expect {listed(expected)}.",
        f"How far to trust that was measured once, on {judged_days(models)}"
        + (", with 95 % intervals in brackets:" if _bracket(_figure(first.evaluation.outputs, "auc")) else ":"),
        *_trust(models),
        caution_of({task: model.bundle.contract.roles for task, model in models.items()}),
    ]
    return Headline(tuple(tiles), " ".join(sentence for sentence in sentences if sentence))


def judged_days(models: Mapping[Task, Registered]) -> str:
    """The date on which the models were judged; each one where they were judged on several."""
    return listed([day(one) for one in sorted({model.bundle.evaluation.judged_at for model in models.values()})])


def _trust(models: dict[Task, Registered]) -> list[str]:
    said = []
    churn, clv, propensity = (
        models[task].bundle.evaluation.outputs if task in models else {} for task in ("churn", "clv", "propensity")
    )
    if auc := _figure(churn, "auc"):
        said.append(
            "of a customer who left and one who stayed, the model gave the first the higher risk "
            f"{percent(auc.value, 0)} of the time{_bracket(auc)}."
        )
    elif propensity and not clv:
        said.append(_trust_in_chances([one.metrics["auc"] for one in propensity.values() if "auc" in one.metrics]))
    if capture := _figure(clv, "top_decile_capture"):
        said.append(
            "The tenth of the customers that the value model put highest brought "
            f"{percent(capture.value, 0)}{_bracket(capture)} of all money."
        )
    ratios = {
        what: ratio.value
        for what, outputs in (("number of leavers", churn), ("value", clv), ("number of buyers", propensity))
        if (ratio := _figure(outputs, "sum_ratio"))
    }
    if ratios:
        advice = ": use the lists to decide whom to look at first, not to plan sums" if is_far_off(*ratios.values()) else ""
        off = listed([f"the predicted {what} was {off_by(ratio)}" for what, ratio in ratios.items()])
        said.append(f"In total, {off}{advice}.")
    return said


def _trust_in_chances(aucs: list[Metric]) -> str:
    if not aucs:
        return ""
    right = percent(float(np.mean([auc.value for auc in aucs])), 0)
    often = f"{right} of the time{_bracket(aucs[0])}" if len(aucs) == 1 else f"{right} of the time, on average over categories"
    return f"of a customer who bought and one who did not, the model gave the first the higher chance {often}."


def _bracket(metric: Metric | None) -> str:
    """The interval of a share, to follow it; empty where none is known."""
    if metric is None or metric.low is None or metric.high is None:
        return ""
    return f" ({metric.low * 100:.0f} to {percent(metric.high, 0)})"


def is_far_off(*ratios: float) -> bool:
    """Whether a total misses by more than is good enough to plan with."""
    return any(abs(ratio - 1) > FAR_OFF for ratio in ratios)


def _figure(outputs: dict[str, OutputEvaluation], name: str) -> Metric | None:
    """A figure of a model with one output; nothing where there is none."""
    return next(iter(outputs.values())).metrics.get(name) if len(outputs) == 1 else None
