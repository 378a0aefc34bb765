"""Platt scaling on the booster's raw margin: two numbers per output, ranking unchanged, SHAP still additive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from sklearn.linear_model import LogisticRegression

from models.contract import Link

Floats = NDArray[np.float64]


class Calibrator(BaseModel):
    """served = link(slope * margin + intercept), one slope and one intercept per output.

    Slope 1 and intercept 0 leave the booster as it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    link: Link
    slopes: tuple[float, ...]
    intercepts: tuple[float, ...]

    @property
    def changes_anything(self) -> bool:
        """Whether any output is recalibrated."""
        return any(s != 1 for s in self.slopes) or any(i != 0 for i in self.intercepts)

    def linear(self, margins: Floats) -> Floats:
        """Calibrated margins, one row per customer, one column per output."""
        calibrated: Floats = margins * np.asarray(self.slopes) + np.asarray(self.intercepts)
        return calibrated

    def served(self, margins: Floats) -> Floats:
        """The served numbers: probabilities for `sigmoid`, money for `exp`."""
        return inverse_link(self.linear(margins), self.link)


def inverse_link(linear: Floats, link: Link) -> Floats:
    """From the scale on which shares add up to the served scale."""
    if link == "exp":
        return np.exp(linear)
    return 1.0 / (1.0 + np.exp(-linear))


def uncalibrated(link: Link, outputs: int) -> Calibrator:
    """The calibrator that changes nothing."""
    return Calibrator(link=link, slopes=(1.0,) * outputs, intercepts=(0.0,) * outputs)


def fit_platt(margins: Floats, outcomes: Floats) -> Calibrator:
    """The slopes and intercepts with the smallest log-loss on `outcomes` (0 or 1), one column per output.

    Platt (1999), on margins instead of probabilities. A negative slope would turn the ranking round; such an
    output, and one with a single class, is left as it is.
    """
    pairs = [_platt(margins[:, k], outcomes[:, k]) for k in range(margins.shape[1])]
    return Calibrator(link="sigmoid", slopes=tuple(s for s, _ in pairs), intercepts=tuple(i for _, i in pairs))


def _platt(margin: Floats, outcome: Floats) -> tuple[float, float]:
    if len(np.unique(outcome)) < 2:
        return 1.0, 0.0
    fitted = LogisticRegression(C=1e6, max_iter=1000).fit(margin.reshape(-1, 1), outcome)
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return (slope, intercept) if slope > 0 else (1.0, 0.0)
