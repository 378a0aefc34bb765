"""What next: a chance well above the usual one comes before a high one that everybody has."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from models.contract import Output
from models.evaluation import CalibrationPoint, OutputEvaluation
from serving.scoring.what_next import what_next


@dataclass(frozen=True)
class Judged:
    """As much of a bundle as ranking reads."""

    contract: SimpleNamespace
    evaluation: SimpleNamespace


def propensity(**usual: float) -> Judged:
    """By category, the share of the judged customers who bought it."""
    outputs = tuple(
        Output(name=f"propensity_{c}", target=f"buys {c}", label=f"chance of buying {c}", label_zh=c) for c in usual
    )
    tenths = {f"propensity_{c}": (point(0.5, share), point(0.5, share)) for c, share in usual.items()}
    judged = {name: OutputEvaluation(metrics={}, baselines={}, tenths=both) for name, both in tenths.items()}
    return Judged(SimpleNamespace(outputs=outputs), SimpleNamespace(outputs=judged))


def point(predicted: float, actual: float) -> CalibrationPoint:
    return CalibrationPoint(customers=10, predicted=predicted, actual=actual)


def ranked(usual: dict[str, float], chances: dict[str, float]) -> list[str]:
    rows = np.array([[chances[c] for c in usual], [chances[c] for c in usual]])
    first, second = what_next(propensity(**usual), rows)  # type: ignore[arg-type]
    assert first == second
    return [one.category for one in first]


def test_what_stands_out_comes_before_what_everybody_buys() -> None:
    assert ranked({"bags": 0.6, "tea": 0.1}, {"bags": 0.7, "tea": 0.3}) == ["tea", "bags"]


def test_within_a_group_the_likeliest_is_first() -> None:
    usual = {"bags": 0.6, "cups": 0.5, "tea": 0.1, "toys": 0.01}
    assert ranked(usual, {"bags": 0.5, "cups": 0.55, "tea": 0.3, "toys": 0.1}) == ["tea", "toys", "cups", "bags"]


def test_a_chance_far_below_the_usual_one_is_last_however_rare_the_category() -> None:
    assert ranked({"bags": 0.6, "toys": 0.01}, {"bags": 0.2, "toys": 0.002}) == ["bags", "toys"]


def test_the_lift_is_the_chance_over_the_share_of_the_judged_customers_who_did() -> None:
    ((one,),) = what_next(propensity(tea=0.2), np.array([[0.4]]))  # type: ignore[arg-type]
    assert (one.usual, one.lift, one.stands_out) == (pytest.approx(0.2), pytest.approx(2), True)


def test_the_usual_chance_counts_every_judged_customer_once() -> None:
    tenths = (CalibrationPoint(customers=30, predicted=0, actual=0.1), CalibrationPoint(customers=10, predicted=0, actual=0.5))
    assert OutputEvaluation(metrics={}, baselines={}, tenths=tenths).mean_outcome == pytest.approx(0.2)
