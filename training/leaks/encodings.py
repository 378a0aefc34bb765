"""Columns made from the outcomes: the mean outcome of a customer, a street or a sales rep, put in place of its name.

Rows with the same value then have just the mean outcome that the value says. Rows of an honest value scatter about it, as
heads scatter about half of all throws: too little scatter is the sign.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.leaks.ranks import Floats

VALUES_MIN = 10
CHANCE_FROM, CHANCE_TO = 0.05, 0.95  # rare outcomes scatter little about their chance by themselves
SCATTER_MAX = 0.5
LEFT_MAX = 0.1  # of how far apart means lie along the line: a value that says the mean says where they differ
DRAWS = 100


def encoded_said(name: str, values: Floats, occurred: NDArray[np.bool_], customer_id: NDArray[Any]) -> str | None:
    """What is said of a column whose values follow the outcomes closer than chance; None if they do not."""
    known = ~np.isnan(values)
    levels, of_row, rows = np.unique(values[known], return_inverse=True, return_counts=True)
    if len(levels) < VALUES_MIN or len(levels) > known.sum() / 2:
        return None
    for output in range(occurred.shape[1]):
        scatter = _scatter(levels, of_row, rows, occurred[known, output], customer_id[known])
        if scatter is not None:
            return (
                f"feature {name}: rows with the same value have the mean outcome that the value says with only {scatter:.0%} "
                f"of the scatter that chance brings (below {SCATTER_MAX:.0%}); it was probably computed from the outcomes"
            )
    return None


def _scatter(
    levels: Floats, of_row: NDArray[np.intp], rows: NDArray[np.intp], happened: NDArray[np.bool_], customer_id: NDArray[Any]
) -> float | None:
    """The scatter of mean outcomes about a straight line through them, in units of chance; None if it may be chance."""
    means = np.bincount(of_row, weights=happened, minlength=len(levels)) / rows
    several = rows >= 2
    if several.sum() < VALUES_MIN or np.ptp(levels[several]) == 0:
        return None
    spread = (levels - levels[several].mean()) / levels[several].std()
    line = _straight(spread, means, np.sqrt(rows) * several)
    fair = several & (line > CHANCE_FROM) & (line < CHANCE_TO)
    if fair.sum() < VALUES_MIN:
        return None
    weights = np.where(fair, rows / np.where(fair, line * (1 - line), 1) / fair.sum(), 0)
    scatter = float((weights * (means - line) ** 2).sum())
    apart = float((weights * (line - np.average(means, weights=weights)) ** 2).sum())
    if scatter >= min(SCATTER_MAX, LEFT_MAX * apart):
        return None
    beside = (happened - line[of_row]) * fair[of_row]
    flipped = _units(of_row, customer_id)
    random = np.random.default_rng(0)
    by_chance = []
    for _ in range(DRAWS):
        signs = random.choice([-1.0, 1.0], flipped.max() + 1)[flipped]
        drawn = np.bincount(of_row, weights=signs * beside, minlength=len(levels)) / rows
        by_chance.append(float((weights * (drawn - _straight(spread, drawn, np.sqrt(rows) * fair)) ** 2).sum()))
    return scatter if scatter < SCATTER_MAX * min(by_chance) else None


def _straight(at: Floats, means: Floats, weights: Floats) -> Floats:
    return np.polynomial.Polynomial.fit(at, means, 1, w=weights)(at)


def _units(of_row: NDArray[np.intp], customer_id: NDArray[Any]) -> NDArray[np.intp]:
    """What falls out by chance as a whole: a row; where customers move from value to value with the dates, a customer.

    Days since a campaign hold the same customers on every date. Whoever buys as a rule makes all their means alike, and these
    scatter less than as many throws would.
    """
    customers, of_customer = np.unique(customer_id, return_inverse=True)
    places = len(np.unique(of_customer * (of_row.max() + 1) + of_row))
    return of_customer if places > 1.5 * len(customers) else np.arange(len(of_row))
