"""What a protocol is: customers to predict for, what they then did, peers, and our side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
# What is predicted, by name, one number per row of the case:
#   chance                  of what the protocol asks for: an order, churn, a yes
#   gone                    who has probably left, or will soonest: only the order of these numbers counts
#   spend, spend_low, spend_high    net spend of the horizon and the ends of its 80 % interval
#   orders                  days with an order
#   auc_random_cv           what folds drawn at random would have promised, the same in every row
Predicted = Mapping[str, Floats]


@dataclass(frozen=True)
class Case:
    """What is judged: rows with their outcomes, of customers who may have several, in parts that are judged one by one."""

    actual: Predicted  # `chance` 0 or 1; besides, whatever a figure compares with
    metrics: tuple[str, ...]  # those asked for, of `models_judged.FIGURES`
    rows: Ints  # one line per customer: where her rows are
    part: Ints  # the fold or the company of each row; a figure is the mean over parts
    also: tuple[str, ...] = ()  # figures that are shown in the table only

    @classmethod
    def simple(cls, actual: Predicted, *metrics: str, also: tuple[str, ...] = ()) -> Case:
        """One row per customer, all in one part."""
        count = len(next(iter(actual.values())))
        return cls(actual, metrics, np.arange(count)[:, None], np.zeros(count, dtype=np.intp), also)


@dataclass(frozen=True)
class Peer:
    """A rival: how it predicts, and the modules that say how, so that kept predictions are made again when they change."""

    predict: Callable[[], Predicted]
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Protocol:
    """One key of the benchmark."""

    key: str
    case: Case
    fingerprint: str  # of the data, and of how it was split
    peers: dict[str, Peer]
    ours: Callable[[], Predicted]
    said: tuple[str, ...] = field(default=())  # what a reader of the figures should know


class PeerFailedError(Exception):
    """A peer that gives no answer, and why; the others are judged without it."""


class SkippedError(Exception):
    """A protocol that cannot be run here, and why."""
