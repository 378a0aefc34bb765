"""What a customer may buy or do next: the categories in order, each with how far her chance is above what is usual."""

from __future__ import annotations

from collections.abc import Mapping

from models.bundle import Bundle
from models.contract import Frozen

WELL_ABOVE = 1.5  # times the usual chance
PREFIX = "chance of buying "


class NextCategory(Frozen):
    """One category: the customer's chance, and how many times the usual one it is.

    `usual` is the share of the judged customers who did; `stands_out` says that the chance is at least 1.5 times as high.
    """

    category: str
    chance: float
    usual: float
    lift: float
    stands_out: bool


def what_next(propensity: Bundle, numbers: Mapping[str, float]) -> tuple[NextCategory, ...]:
    """The categories, the most promising first.

    Those that stand out come first, then the others; the likeliest is first in either group. By chance alone everybody would
    be offered what everybody buys, by lift alone what next to nobody does.
    """
    found = []
    for output in propensity.contract.outputs:
        chance, usual = numbers[output.name], propensity.evaluation.outputs[output.name].mean_outcome
        lift = chance / usual
        category = output.label.removeprefix(PREFIX)
        found.append(NextCategory(category=category, chance=chance, usual=usual, lift=lift, stands_out=lift >= WELL_ABOVE))
    return tuple(sorted(found, key=lambda one: (not one.stands_out, -one.chance)))
