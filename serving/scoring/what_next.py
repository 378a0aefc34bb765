"""What a customer may buy or do next: the categories in order, each with how far her chance is above what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from models.bundle import Bundle
from models.contract import PROPENSITY_PREFIX

WELL_ABOVE = 1.5  # times the usual chance
PREFIX = "chance of buying "


class NextCategory(Struct, frozen=True, gc=False):
    """One category: the customer's chance, and how many times the usual one it is."""

    key: Annotated[str, Meta(description="the category as a key of `propensity`")]
    category: Annotated[str, Meta(description="the category as the company writes it")]
    chance: Annotated[float, Meta(description="the customer's chance (0 to 1) of buying it within the horizon")]
    usual: Annotated[float, Meta(description="the share (0 to 1) of the judged customers who did within as many days")]
    lift: Annotated[float, Meta(description="chance / usual")]
    stands_out: Annotated[bool, Meta(description="whether lift is 1.5 or more")]


def what_next(propensity: Bundle, chances: NDArray[np.float64]) -> list[tuple[NextCategory, ...]]:
    """For each customer the categories, the most promising first; `chances` are customers x outputs."""
    usual = usual_chances(propensity)
    keys = [name.removeprefix(PROPENSITY_PREFIX) for name in usual]
    names = [output.label.removeprefix(PREFIX) for output in propensity.contract.outputs]
    return ranked(keys, names, list(usual.values()), chances)


def usual_chances(propensity: Bundle) -> dict[str, float]:
    """By the name of the number, the share of the judged customers who did."""
    outputs = propensity.evaluation.outputs
    return {output.name: outputs[output.name].mean_outcome for output in propensity.contract.outputs}


def ranked(
    keys: Sequence[str], categories: Sequence[str], usual: Sequence[float], chances: NDArray[np.float64]
) -> list[tuple[NextCategory, ...]]:
    """Those that stand out come first, then the others; the likeliest is first in either group.

    By chance alone everybody would be offered what everybody buys, by lift alone what next to nobody does.
    """
    lifts = chances / np.array(usual)
    stands_out = lifts >= WELL_ABOVE
    order = np.lexsort((-chances, ~stands_out))  # by the last one first
    of_category = (np.array(one, dtype=object)[order] for one in (keys, categories, usual))
    of_customer = (np.take_along_axis(one, order, axis=1) for one in (chances, lifts, stands_out))
    key, category, usually, chance, lift, out = (one.ravel().tolist() for one in (*of_category, *of_customer))
    each = map(NextCategory, key, category, chance, usually, lift, out)  # a bulk request has tens of thousands
    return [tuple(islice(each, len(categories))) for _ in chances]
