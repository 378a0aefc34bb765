"""The few reasons that matter most for one answer, in words, and one remainder, so that the sum still holds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.contract import Frozen, InputColumn
from models.shares import Scale, Shares, shares


class Reason(Frozen):
    """One feature's share of one answer. `value` is the customer's own; null where it is not known."""

    feature: str
    label: str
    value: float | None
    share: float
    text: str


class Explanation(Frozen):
    """base + the shares of the reasons + rest = total; total is the served number on `scale`."""

    scale: Scale
    base: float
    reasons: tuple[Reason, ...]
    rest: float
    total: float


def explain(bundle: Bundle, rows: pd.DataFrame, *, top: int) -> list[dict[str, Explanation]]:
    """One dictionary per row: an explanation for each output, by its name.

    Raises ExplanationUnavailable when shares and served number disagree.
    """
    found = shares(bundle, rows)
    values = found.read.to_numpy(dtype=np.float64)
    order = np.argsort(-np.abs(found.values), axis=2, kind="stable")[:, :, :top]
    return [
        {
            output.name: _explanation(bundle, found, values[row], row, k, order[row, k], output.label)
            for k, output in enumerate(bundle.contract.outputs)
        }
        for row in range(len(rows))
    ]


def _explanation(
    bundle: Bundle, found: Shares, values: np.ndarray, row: int, k: int, chosen: np.ndarray, label: str
) -> Explanation:
    base, total = float(found.base[row, k]), float(found.total[row, k])
    inputs, own = bundle.contract.explained, found.values[row, k]
    unit = bundle.contract.currency if found.scale == "money" else "points"
    rate = 1.0 if found.scale == "money" else points_per_log_odds(base, total)
    reasons = tuple(
        _reason(
            inputs[i],
            float(values[i]),
            float(own[i]),
            f"{label} by {abs(own[i]) * rate:,.{2 if rate == 1 else 1}f} {unit}",
            bundle,
        )
        for i in chosen
        if own[i] != 0
    )
    rest = total - base - sum(reason.share for reason in reasons)
    return Explanation(scale=found.scale, base=base, reasons=reasons, rest=rest, total=total)


def points_per_log_odds(base: float, total: float) -> float:
    """Percentage points of probability that one unit of log-odds is worth between base and total.

    The rescale rule through the logistic curve: shares times this rate add up to the change in points, exactly.

    >>> round(points_per_log_odds(0.0, 1.0), 2)
    23.11
    """
    low, high = (1 / (1 + math.exp(-odds)) for odds in (base, total))
    return 100 * (high - low) / (total - base) if abs(total - base) > 1e-9 else 100 * high * (1 - high)


def _reason(column: InputColumn, value: float, share: float, moved: str, bundle: Bundle) -> Reason:
    said = say_value(value, column.unit, bundle.contract.currency)
    meaning = f"{column.meaning[:1].upper()}{column.meaning[1:]}"
    return Reason(
        feature=column.name,
        label=column.meaning,
        value=None if math.isnan(value) else value,
        share=share,
        text=f"{meaning}: {said}; {'raises' if share > 0 else 'lowers'} the {moved}",
    )


def say_value(value: float, unit: str, currency: str) -> str:
    """A value as a reader expects it.

    >>> say_value(94.0, "days", "GBP"), say_value(1234.5, "money", "GBP"), say_value(float("nan"), "days", "GBP")
    ('94', '1,234.50 GBP', 'not known')
    """
    if math.isnan(value):
        return "not known"
    if unit == "money":
        return f"{value:,.2f} {currency}"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
