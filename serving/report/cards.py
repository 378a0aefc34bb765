"""Model cards: which versions answered, made from what, side by side, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from models.bundle import Bundle
from models.contract import Contract, Task
from models.registry import Registered
from serving.report.directions import say_directions
from serving.report.leavers import how_days_are_found
from serving.report.split import say_split
from serving.report.wording import count, day, days, listed, plain

LEFT_OUT = ("monotone_constraints",)  # a sign for every column: "known directions" says it in words


@dataclass(frozen=True)
class Cards:
    """One column per model, one line per fact; a dash where a model has no such parameter."""

    names: tuple[str, ...]
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    parameters: tuple[tuple[str, tuple[str, ...]], ...]


def model_cards(models: dict[Task, Registered]) -> Cards:
    """The cards of the champions."""
    return Cards(
        names=tuple(f"{model.name} v{model.version}" for model in models.values()),
        facts=_side_by_side([_facts(model) for model in models.values()]),
        parameters=_side_by_side([_parameters(model) for model in models.values()]),
    )


def _side_by_side(columns: list[dict[str, str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    names = dict.fromkeys(name for column in columns for name in column)
    return tuple((name, tuple(column.get(name, "-") for column in columns)) for name in names)


def _facts(model: Registered) -> dict[str, str]:
    contract, evaluation = model.bundle.contract, model.bundle.evaluation
    return {
        "predicts": "; ".join(output.target for output in contract.outputs),
        "not predicted": _not_predicted(contract),
        "horizon": f"{contract.horizon_days} days",
        **_horizons(model.bundle),
        "outcomes told by": f"tables.{contract.told_by}",
        "learned from": _learned(contract),
        "training dates": days(contract.roles.fitted_on),
        "training rows": count(contract.rows_fitted),
        "judged on": f"{day(evaluation.judged_at)}, {count(evaluation.customers)} customers",
        "customers split": say_split(contract.roles),
        "features": _features(contract),
        "starts from": _start(contract),
        "correction": _correction(model.bundle),
        "known directions": say_directions(evaluation.choices.get("monotone")),
        "calibration": "Platt scaling" if evaluation.calibration_kept else "none: the numbers are as fitted",
        "version": model.version,
        "content hash": model.hash,
        "data fingerprint": contract.data_fingerprint,
        "code version": contract.code_version,
        "made from (data, settings, code, libraries)": contract.made_from,
    }


def _features(contract: Contract) -> str:
    """How many the model reads: of the snapshot, and of the prior."""
    own, of_prior = count(len(contract.inputs)), len(contract.derived)
    return f"{own} of the snapshot and {of_prior} that rhythm lets expect" if of_prior else f"{own} of the snapshot"


def _not_predicted(contract: Contract) -> str:
    said = [f"{label}: {why}" for label, why in contract.unpredictable.items()]
    return "; ".join(said) or "nothing was left out"


def _horizons(bundle: Bundle) -> dict[str, str]:
    """Churn only: which horizons are answered, and where the days until leaving come from."""
    contract = bundle.contract
    if contract.task != "churn":
        return {}
    answered = sorted({contract.horizon_days, *bundle.other_horizons_days})
    said = f"{listed([str(one) for one in answered])} days"
    _, _, missing = bundle.evaluation.choices.get("horizons", "").partition("; ")
    if contract.told_by == "labels":
        missing = "given labels tell of no other"
    return {
        "horizons answered": f"{said}; {missing}" if missing else said,
        "days until gone for good": how_days_are_found(contract),
    }


def _learned(contract: Contract) -> str:
    if contract.told_by == "labels":
        return "outcomes as they are given"
    if contract.learned_horizon_days is None:
        return "windows of the whole horizon"
    return (
        f"windows of {contract.learned_horizon_days} days: no two windows of {contract.horizon_days} days in a row had closed. "
        "What sets customers apart from their rhythm is taken to be the same over the whole horizon"
    )


def _start(contract: Contract) -> str:
    if not contract.starts_from_prior:
        return "the level of the date"
    expected = "spend" if contract.link == "exp" else "chance of no order"
    return f"the {expected} that rhythm lets expect, and the level of the date"


def _correction(bundle: Bundle) -> str:
    """What moves customers away from where they start."""
    share = 0.0 if bundle.linear is None else bundle.contract.linear_share
    if share in (0.0, 1.0):
        return "the linear half alone" if share else "trees alone"
    return "the mean of trees and a linear half" if share == 0.5 else f"{1 - share:.0%} trees, {share:.0%} a linear half"


def _parameters(model: Registered) -> dict[str, str]:
    contract = model.bundle.contract
    parameters = {"rounds": contract.rounds, "seed": contract.seed, **contract.parameters}
    return {
        plain(name): f"{value:.4g}" if isinstance(value, float) else str(value)
        for name, value in parameters.items()
        if name not in LEFT_OUT
    }
