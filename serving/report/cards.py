"""Model cards: which versions answered, made from what, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from models.contract import Contract, Task
from models.registry import Registered
from serving.report.wording import count, day, days, plain


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
        "version": model.version,
        "content hash": model.hash,
        "data fingerprint": contract.data_fingerprint,
        "code version": contract.code_version,
        "made from (data, settings, code, libraries)": contract.made_from,
        "training dates": days(contract.roles.fitted_on),
        "training rows": count(contract.rows_fitted),
        "judged on": f"{day(evaluation.judged_at)}, {count(evaluation.customers)} customers",
        "horizon": f"{contract.horizon_days} days",
        "features": count(len(contract.explained)),
        "starts from": _start(contract),
        "calibration": "Platt scaling" if evaluation.calibration_kept else "the booster as it is",
    }


def _start(contract: Contract) -> str:
    if not contract.starts_from_prior:
        return "the level of the date"
    expected = "spend" if contract.link == "exp" else "chance of no order"
    return f"the {expected} that rhythm lets expect, and the level of the date"


def _parameters(model: Registered) -> dict[str, str]:
    contract = model.bundle.contract
    parameters = {"rounds": contract.rounds, "seed": contract.seed, **contract.parameters}
    return {plain(name): f"{value:.4g}" if isinstance(value, float) else str(value) for name, value in parameters.items()}
