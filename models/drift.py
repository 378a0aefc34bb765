"""Drift: how far the customers who are scored stand from those the model learned from, column by column."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.contract import Frozen

Floats = NDArray[np.float64]
BINS = 10
FEWEST_SHARE = 1e-4  # of an empty bin, so that its logarithm can be taken
MOVED, MOVED_MUCH = 0.1, 0.25  # the rule of thumb of credit scoring (Siddiqi 2006)
Verdict = Literal["stable", "moved", "moved much"]


class Drift(Frozen):
    """One column then, when the model learned, and now.

    `psi` is the population stability index: the sum over bins of (share now - share then) x ln(share now / share then); the
    bins are tenths of then, and what is missing has one of its own.
    """

    name: str
    psi: float
    median_then: float | None
    median_now: float | None
    missing_then: float
    missing_now: float

    @property
    def verdict(self) -> Verdict:
        """Below 0.1 stable, from 0.25 moved much."""
        return "moved much" if self.psi >= MOVED_MUCH else "moved" if self.psi >= MOVED else "stable"


def drift(name: str, then: Floats, now: Floats) -> Drift:
    """Compare two samples of one column; NaN is missing. Where either is empty there is no drift to tell."""
    return Drift(
        name=name,
        psi=_psi(then, now) if len(then) and len(now) else 0.0,
        median_then=_median(then),
        median_now=_median(now),
        missing_then=float(np.isnan(then).mean()) if len(then) else 0.0,
        missing_now=float(np.isnan(now).mean()) if len(now) else 0.0,
    )


def _psi(then: Floats, now: Floats) -> float:
    known = then[~np.isnan(then)]
    ends = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.zeros(0)
    was, is_now = (np.maximum(_shares(values, ends), FEWEST_SHARE) for values in (then, now))
    return float(((is_now - was) * np.log(is_now / was)).sum())


def _shares(values: Floats, ends: Floats) -> Floats:
    """Of the bins, values on an end in the lower one, and of what is missing."""
    place = np.searchsorted(ends, values, side="left")
    place[np.isnan(values)] = len(ends) + 1
    return np.bincount(place, minlength=len(ends) + 2) / len(values)


def _median(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None
