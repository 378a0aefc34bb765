"""Columns made from the outcomes: the mean outcome of a customer, a street or a sales rep, put in place of its name.

Rows with the same value then have just the mean outcome that the value says. Rows of an honest value scatter about it, as
heads scatter about half of all throws: too little scatter is the sign.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.leaks.ranks import Floats

VALUES_MIN = 10
CHANCE_FROM, CHANCE_TO = 0.05, 0.95  # rare outcomes scatter little about their chance by themselves
SCATTER_MAX = 0.5
DRAWS = 100


def encoded_said(name: str, values: Floats, occurred: NDArray[np.bool_]) -> str | None:
    """What is said of a column whose values follow the outcomes closer than chance; None if they do not."""
    known = ~np.isnan(values)
    levels, of_row, rows = np.unique(values[known], return_inverse=True, return_counts=True)
    if len(levels) < VALUES_MIN or len(levels) > known.sum() / 2:
        return None
    for output in range(occurred.shape[1]):
        happened = np.bincount(of_row, weights=occurred[known, output], minlength=len(levels)).astype(np.float64)
        if (scatter := _scatter(levels, rows, happened)) is not None:
            return (
                f"feature {name}: rows with the same value have the mean outcome that the value says with only {scatter:.0%} "
                f"of the scatter that chance brings (below {SCATTER_MAX:.0%}); it was probably computed from the outcomes"
            )
    return None


def _scatter(levels: Floats, rows: NDArray[np.integer], happened: Floats) -> float | None:
    """The scatter of mean outcomes about a straight line through them, in units of chance; None if it may be chance."""
    several = rows >= 2
    levels, rows, happened = levels[several], rows[several], happened[several]
    if len(levels) < VALUES_MIN or np.ptp(levels) == 0:
        return None
    means = happened / rows
    spread = (levels - levels.mean()) / levels.std()
    line = np.polynomial.Polynomial.fit(spread, means, 1, w=np.sqrt(rows))(spread)
    fair = (line > CHANCE_FROM) & (line < CHANCE_TO)
    if fair.sum() < VALUES_MIN:
        return None
    chance, rows, means = line[fair], rows[fair], means[fair]
    weights = rows / (chance * (1 - chance)) / len(rows)
    scatter = float((weights * (means - chance) ** 2).sum())
    if scatter >= SCATTER_MAX:
        return None
    drawn = np.random.default_rng(0).binomial(rows, chance, size=(DRAWS, len(rows))) / rows
    by_chance = (weights * (drawn - chance) ** 2).sum(axis=1)
    return scatter if scatter < SCATTER_MAX * by_chance.min() else None
