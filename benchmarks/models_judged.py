"""Figures of predictions, the best peer by each, and the paired interval of the difference.

A case may have parts (folds, companies): a figure is its mean over them. The interval draws customers, all rows of a
customer together, 1,000 times with replacement, and takes both sides' figures on the same draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import rankdata, spearmanr

from benchmarks.models_case import Case, Floats, Ints, Predicted
from training.judging.metrics import decile_mape, ece, gini_normalized, lift_10, rmse, spearman, wape

DRAWS, SEED, SURE = 1_000, 0, (2.5, 97.5)
NOMINAL = 0.8
SURELY_NOT = 1e-15  # no chance is taken to be smaller


@dataclass(frozen=True)
class Figure:
    """A figure: what a prediction must hold for it, which way is better, or the number it should be near."""

    needs: tuple[str, ...]
    better: Literal["more", "less"] | float
    of: Callable[[Predicted, Predicted], float]  # actual, predicted

    def badness(self, value: float) -> float:
        """Smaller is better."""
        if isinstance(self.better, str):
            return -value if self.better == "more" else value
        return abs(value - self.better)


def _plain(what: str, better: Literal["more", "less"] | float, figure: Callable[[Floats, Floats], float]) -> Figure:
    return Figure((what,), better, lambda actual, predicted: float(figure(actual[what], predicted[what])))


def _coverage(*, top: bool) -> Figure:
    """The share of outcomes inside the interval; of the tenth predicted highest, or of all."""

    def of(actual: Predicted, predicted: Predicted) -> float:
        spend, low, high = actual["spend"], predicted["spend_low"], predicted["spend_high"]
        inside = (spend >= low) & (spend <= high)
        highest = np.argsort(-predicted["spend"], kind="stable")[: max(1, len(spend) // 10)]
        return float(inside[highest].mean() if top else inside.mean())

    return Figure(("spend", "spend_low", "spend_high"), NOMINAL, of)


def _share_of_truth(predicted_name: str, wanted: str, truth: str) -> Figure:
    """Rank correlation of a prediction with a true quantity, in units of what the true model's own prediction reaches."""

    def of(actual: Predicted, predicted: Predicted) -> float:
        reached = spearmanr(predicted[predicted_name], actual[wanted]).statistic
        return float(reached / spearmanr(actual[truth], actual[wanted]).statistic)

    return Figure((predicted_name,), "more", of)


def _sum_ratio(actual: Floats, predicted: Floats) -> float:
    return float(predicted.sum() / actual.sum())


def _bias(actual: Floats, predicted: Floats) -> float:
    return _sum_ratio(actual, predicted) - 1


def _auc(actual: Floats, predicted: Floats) -> float:
    """The share of pairs in the right order, ties counting half: what scikit-learn computes, many times faster."""
    yes, ranks = actual > 0, rankdata(predicted)
    ones, zeros = int(yes.sum()), int((~yes).sum())
    return float((ranks[yes].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def _brier(actual: Floats, predicted: Floats) -> float:
    return float(np.mean((actual - predicted) ** 2))


def _log_loss(actual: Floats, predicted: Floats) -> float:
    sure = np.clip(predicted, SURELY_NOT, 1 - SURELY_NOT)
    return float(-np.mean(np.log(np.where(actual > 0, sure, 1 - sure))))


def _gap(actual: Predicted, predicted: Predicted) -> float:
    """By how much folds drawn at random would have promised too much."""
    return float(predicted["auc_random_cv"][0] - _auc(actual["chance"], predicted["chance"]))


FIGURES = {
    "wape": _plain("spend", "less", wape),
    "spearman": _plain("spend", "more", spearman),
    "sum_ratio": _plain("spend", 1.0, _sum_ratio),
    "coverage_80": _coverage(top=False),
    "coverage_80_top_decile": _coverage(top=True),
    "auc": _plain("chance", "more", _auc),
    "gap_to_random_cv": Figure(("chance", "auc_random_cv"), "less", _gap),
    "brier": _plain("chance", "less", _brier),
    "ece": _plain("chance", "less", ece),
    "logloss": _plain("chance", "less", _log_loss),
    "lift_10": _plain("chance", "more", lift_10),
    "rmse_counts": _plain("orders", "less", rmse),
    "bias": _plain("orders", 0.0, _bias),
    "bias_spend": _plain("spend", 0.0, _bias),
    "ngini": _plain("spend", "more", gini_normalized),
    "decile_mape": _plain("spend", "less", decile_mape),
    "hazard_share_of_truth": _share_of_truth("gone", "hazard", "true_gone"),
    "value_share_of_truth": _share_of_truth("spend", "value", "true_spend"),
}


def figures(case: Case, predicted: Predicted) -> dict[str, float]:
    """The figures that a prediction has; one that lacks what a figure needs is not judged by it."""
    everybody = case.rows.ravel()
    possible = [name for name in (*case.metrics, *case.also) if set(FIGURES[name].needs) <= set(predicted)]
    return {name: _figure(case, name, predicted, everybody) for name in possible}


def best_peer(metric: str, by_peer: dict[str, dict[str, float]]) -> str | None:
    """The peer that does best by a figure."""
    judged = {name: found[metric] for name, found in by_peer.items() if np.isfinite(found.get(metric, np.nan))}
    return min(judged, key=lambda name: FIGURES[metric].badness(judged[name])) if judged else None


def paired_interval(case: Case, metric: str, ours: Predicted, peer: Predicted) -> tuple[float, float]:
    """The 95 % interval of ours less the peer's."""
    differences = [_figure(case, metric, ours, drawn) - _figure(case, metric, peer, drawn) for drawn in _draws(case)]
    low, high = np.percentile(differences, SURE)
    return float(low), float(high)


def _draws(case: Case) -> Iterator[Ints]:
    rng, customers = np.random.default_rng(SEED), len(case.rows)
    for _ in range(DRAWS):
        yield case.rows[rng.integers(0, customers, customers)].ravel()


def _figure(case: Case, metric: str, predicted: Predicted, rows: Ints) -> float:
    """A figure on some rows, the mean over parts."""
    by_part = rows[np.argsort(case.part[rows], kind="stable")]
    ends, found = np.cumsum(np.bincount(case.part[rows])), []
    for here in np.split(by_part, ends[:-1]):
        needed = {name: predicted[name][here] for name in FIGURES[metric].needs}
        found.append(FIGURES[metric].of({name: values[here] for name, values in case.actual.items()}, needed))
    return float(np.mean(found))
