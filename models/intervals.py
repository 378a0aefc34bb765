"""Conformal intervals by value stratum, so that the customers worth most are covered as well as the rest."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Floats = NDArray[np.float64]
STRATA = 10
STRATUM_CUSTOMERS_MIN = 20  # fewer cannot say how far one in ten strays
LEVELS: Floats = np.arange(1, 20) / 20  # of the quantiles: 5 %, 10 %, ... 95 %
NOTHING, EVERYTHING = -1e9, 1e3  # JSON has no infinity: -1e9 on a log scale is zero money


class Intervals(BaseModel):
    """An interval around a predicted amount: the prediction's stratum says how far the outcome strays, on a log scale.

    Mondrian split conformal prediction (Vovk et al. 2003): within a stratum of predicted value the outcome lies
    inside for `coverage` of new customers, as long as they stray as those of the inner dates did. An autumn
    after a summer calibration strays further: see the measured coverage in the report.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    coverage: float
    edges: tuple[float, ...]  # predicted values between the strata, ascending
    below: tuple[float, ...]  # log-scale distance of the lower end, one per stratum
    above: tuple[float, ...]  # log-scale distance of the upper end
    strays: tuple[tuple[float, ...], ...] = ()  # log-scale distance of each quantile of LEVELS, one row per stratum

    @classmethod
    def fit(cls, predicted: Floats, actual: Floats, coverage: float) -> Self:
        """From predictions and outcomes of a date the model was not fitted on. Negative outcomes count as zero.

        Where more customers bring nothing than the lower tail holds, the lower end is zero and the whole
        remaining risk goes to the upper end; the interval is then as short as it can be.
        """
        strata = min(max(len(predicted) // STRATUM_CUSTOMERS_MIN, 1), STRATA)
        # Edges are predictions of customers, and none is the lowest: every stratum holds somebody.
        edges = np.unique(np.quantile(predicted, np.linspace(0, 1, strata + 1)[1:-1], method="inverted_cdf"))
        edges = edges[edges > predicted.min()]
        stratum = np.searchsorted(edges, predicted, side="right")
        strays = np.log1p(np.maximum(actual, 0)) - np.log1p(predicted)
        below, above, quantiles = [], [], []
        for k in range(len(edges) + 1):
            own = strays[stratum == k]
            nothing = float((actual[stratum == k] <= 0).mean())
            risk = 1 - coverage
            lower_risk = risk / 2 if nothing < risk / 2 else 0.0
            below.append(-np.inf if lower_risk == 0 else -_conformal_quantile(-own, 1 - lower_risk))
            above.append(_conformal_quantile(own, coverage + lower_risk))
            # Who brought nothing strays from any prediction to zero, not by as much as from this one.
            spread = np.where(actual[stratum == k] <= 0, NOTHING, own)
            quantiles.append(tuple(min(_conformal_quantile(spread, level), EVERYTHING) for level in LEVELS))
        return cls(
            coverage=coverage,
            edges=tuple(map(float, edges)),
            below=tuple(max(float(b), NOTHING) for b in below),
            above=tuple(min(float(a), EVERYTHING) for a in above),
            strays=tuple(quantiles),
        )

    def around(self, predicted: Floats) -> tuple[Floats, Floats]:
        """The lower and upper ends for predicted amounts. The prediction always lies inside."""
        stratum = np.searchsorted(np.asarray(self.edges), predicted, side="right")
        log = np.log1p(predicted)
        lower = np.maximum(np.expm1(log + np.asarray(self.below)[stratum]), 0)
        upper = np.expm1(log + np.asarray(self.above)[stratum])
        return np.minimum(lower, predicted), np.maximum(upper, predicted)

    def quantiles(self, predicted: Floats) -> Floats:
        """Amounts below which the outcome lies with the chances of LEVELS: one row per customer, one column per level.

        The conformal predictive distribution (Vovk et al. 2017) of the stratum. Only fits that stored `strays` have it.
        """
        stratum = np.searchsorted(np.asarray(self.edges), predicted, side="right")
        amounts: Floats = np.expm1(np.log1p(predicted)[:, None] + np.asarray(self.strays)[stratum])
        return np.maximum(amounts, 0)


def _conformal_quantile(scores: Floats, level: float) -> float:
    """The smallest score with at least `level` of a new one below it: rank ceil((n + 1) * level), or else the largest."""
    rank = int(np.ceil((len(scores) + 1) * level))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])
