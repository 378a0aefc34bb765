"""SHAP shares of the served number: they add up to it, exactly, for every row and on every scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.families.calendar import DAY_OF_YEAR
from models.bundle import Bundle, Parts, Reading
from models.calibration import inverse_link
from models.inputs import Inputs

Floats = NDArray[np.float64]
TOLERANCE = 1e-4
STILL = 1e-9  # a move of the log-odds too small to divide by
Scale = Literal["log_odds", "money"]


@dataclass(frozen=True)
class OnScale:
    """How shares read on another scale: base + `rate` times each share = total. All are customers x outputs."""

    base: Floats
    rate: Floats
    total: Floats

    def of(self, k: int) -> OnScale:
        """Of one output: one entry per customer."""
        return OnScale(self.base[:, k], self.rate[:, k], self.total[:, k])

    def of_stake(self, stake: Floats) -> OnScale:
        """Of one output, from percentage points to the money at stake: points of probability times `stake`, one amount each.

        With the expected value of the customer as stake the shares of the risk of leaving add up to the value at risk.
        """
        per_point = stake / 100
        return OnScale(self.base * per_point, self.rate * per_point, self.total * per_point)


@dataclass(frozen=True)
class Shares:
    """What each feature adds to each answer: `base` + sum of `values` over features = `total`.

    On the scale `log_odds` the total is the log-odds of the served probability, on `money` the served amount. The base of a
    model is the same for all customers, but for rounding.
    """

    scale: Scale
    read: Inputs  # the values the shares belong to: one row per customer, one column per feature
    base: Floats  # customers x outputs
    values: Floats  # customers x outputs x features
    total: Floats  # customers x outputs
    missed: Floats  # customers x outputs: by how much base and shares miss, on the margin's scale or on this one

    def of_margin(self) -> Floats:
        """The same on the scale on which the model adds up: log-odds of a probability, the logarithm of an amount."""
        if self.scale == "log_odds":
            return self.values
        moved = self.total - self.base
        is_still = np.abs(moved) < STILL * np.abs(self.total)
        rate = np.where(is_still, 1 / self.total, np.log(self.total / self.base) / np.where(is_still, 1, moved))
        found: Floats = self.values * rate[:, :, None]
        return found

    def points(self) -> OnScale:
        """Shares of a probability in percentage points, from those in log-odds.

        Each times (probability - base probability) / (log-odds - base log-odds), the rescale rule through the logistic curve
        (Shrikumar et al. 2017; Chen, Lundberg, Lee 2022): they add up to the change in points.
        """
        moved = self.values.sum(axis=2)
        chance, base = inverse_link(self.total, "sigmoid"), inverse_link(self.total - moved, "sigmoid")
        still = np.abs(moved) < STILL
        rate = np.where(still, chance * (1 - chance), (chance - base) / np.where(still, 1, moved))
        return OnScale(100 * base, 100 * rate, 100 * chance)


def shares(bundle: Bundle, rows: pd.DataFrame | Inputs | Reading) -> Shares:
    """The shares of every output for every row: in log-odds for probabilities, in money for amounts.

    Margins: SHAP values of the trees (Lundberg et al. 2020, path-dependent) and weight times column of the linear half, each
    by its share in the correction; what the prior lets expect beyond what it does of somebody unknown, credited to its own
    column; what the level of the date is above the usual one, credited to the day of the year; all times the slope of
    calibration. Money: those shares times (amount - base amount) / (margin - base margin), the rescale rule through the
    exponential (Chen, Lundberg, Lee 2022).

    What does not add up is in `Shares.missed`: the served number is worked out by the booster itself, not from the shares.
    """
    reading = bundle.reading(rows)
    read, parts = reading.inputs, reading.parts
    values, base = _of_correction(bundle, read, parts)
    base = base + _with_prior(bundle, read, parts, values)
    base = base + _with_season(bundle, read, parts, values)
    slopes, intercepts = np.asarray(bundle.calibrator.slopes), np.asarray(bundle.calibrator.intercepts)
    values *= slopes[:, None]
    linear = bundle.calibrator.linear(parts.margins(bundle))
    base = np.repeat((base * slopes + intercepts)[None], len(read), axis=0)
    found = Shares("log_odds", read, base, values, linear, np.abs(base + values.sum(axis=2) - linear))
    return found if bundle.contract.link == "sigmoid" else _in_amounts(found)


def _of_correction(bundle: Bundle, read: Inputs, parts: Parts) -> tuple[Floats, Floats]:
    """What trees and linear half give to each feature, and what they say where no feature says anything, per output."""
    values = bundle.tree_shares.values(read.for_boosters).astype(np.float64)
    if bundle.linear is None or parts.standardised is None:
        return values, bundle.tree_bias
    share = bundle.contract.linear_share
    values *= 1 - share
    values[:, :, [read.place[name] for name in bundle.linear.columns]] += share * bundle.linear.parts(parts.standardised)
    return values, share * np.asarray(bundle.linear.intercepts) + (1 - share) * bundle.tree_bias


def _with_prior(bundle: Bundle, read: Inputs, parts: Parts, values: Floats) -> float:
    """Credit the prior's column, in place; what is left for the base."""
    contract = bundle.contract
    if bundle.prior is None or parts.offset is None:
        return 0.0
    usual = bundle.prior.usual_offset(contract.link, contract.horizon_days)
    values[:, :, read.place[bundle.prior.offset_column(contract.link)]] += (parts.offset - usual)[:, None]
    return usual


def _with_season(bundle: Bundle, read: Inputs, parts: Parts, values: Floats) -> Floats:
    """Credit the day of the year, in place, where the level depends on it; what is left for the base, per output."""
    if bundle.season is None:
        return np.zeros(len(bundle.contract.outputs))
    usual = np.asarray(bundle.season.usual)
    if DAY_OF_YEAR in read.place:
        values[:, :, read.place[DAY_OF_YEAR]] += parts.level - usual
    return usual


def _in_amounts(found: Shares) -> Shares:
    """From shares of the log of an amount to shares of the amount.

    The base is what the shares leave of the total: their rounding, as float32 numbers, would grow with the amount.
    """
    moved = found.values.sum(axis=2)
    amount, base = inverse_link(found.total, "exp"), inverse_link(found.total - moved, "exp")
    # (amount - base) / moved, which tends to the base where little moves the margin.
    rate = base * np.where(moved == 0, 1, np.expm1(moved) / np.where(moved == 0, 1, moved))
    values = found.values * rate[:, :, None]
    missed = np.maximum(found.missed, np.abs(base + values.sum(axis=2) - amount))
    return replace(found, scale="money", base=base, values=values, total=amount, missed=missed)
