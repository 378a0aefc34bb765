"""How well each of many columns ranks those with an outcome above those without, all at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]


def aucs_alone(values: Floats, occurred: NDArray[np.bool_]) -> Floats:
    """The AUC of each column of `values` (rows) for each output (columns), in the better direction.

    Missing values rank below all others. 0.5 where an output happens to everybody or to nobody.
    """
    happened = occurred.sum(axis=0)
    pairs = happened * (len(occurred) - happened)
    aucs = np.full((values.shape[1], occurred.shape[1]), 0.5)
    for index in range(values.shape[1]):
        ranks = rankdata(np.nan_to_num(values[:, index], nan=-np.inf, neginf=-np.inf, posinf=np.inf))
        wins = ranks @ occurred - happened * (happened + 1) / 2
        aucs[index] = np.divide(wins, pairs, out=np.full(len(pairs), 0.5), where=pairs > 0)
    either_way: Floats = np.maximum(aucs, 1 - aucs)
    return either_way
