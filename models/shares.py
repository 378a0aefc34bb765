"""SHAP shares of the served number: they add up to it, exactly, for every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.calendar import DAY_OF_YEAR
from features.problems import ContractMismatch
from models.bundle import Bundle, blend, matrix
from models.calibration import inverse_link

Floats = NDArray[np.float64]
TOLERANCE = 1e-4
Scale = Literal["log_odds", "money"]


class ExplanationUnavailable(ContractMismatch):
    """The shares do not add up to the served number; the answer must say so instead of guessing."""


@dataclass(frozen=True)
class Shares:
    """What each feature adds to each answer: `base` + sum of `values` over features = `total`.

    On the scale `log_odds` the total is the log-odds of the served probability; on `money` it is the served amount.
    """

    scale: Scale
    read: pd.DataFrame  # the values the shares belong to: one row per customer, one column per feature
    base: Floats  # one row per customer, one column per output
    values: Floats  # customers x outputs x features
    total: Floats  # customers x outputs

    @property
    def features(self) -> list[str]:
        """The columns that have a share, in order."""
        return list(self.read.columns)


def shares(bundle: Bundle, rows: pd.DataFrame) -> Shares:
    """The shares of every output for every row. Raises ExplanationUnavailable if any row does not add up.

    Margins: SHAP values of the trees (Lundberg et al. 2020, path-dependent) and weight times column of the linear half, each
    by its share in the correction, times the calibrator's slope. Money: those shares times
    (amount - base amount) / (margin - base margin), the rescale rule through the exponential (Chen, Lundberg, Lee 2022).
    """
    values_read = bundle.values(rows)
    slopes, intercepts = np.asarray(bundle.calibrator.slopes), np.asarray(bundle.calibrator.intercepts)
    own, bias = _with_season(bundle, values_read, *_of_correction(bundle, values_read))
    values, base = own * slopes[:, None], bias * slopes + intercepts
    linear = bundle.calibrator.linear(bundle.margins(values_read))
    _assert_adds_up(base + values.sum(axis=2), linear)
    if bundle.contract.link == "sigmoid":
        return Shares("log_odds", values_read, base, values, linear)
    return _in_money(values_read, values, linear)


def _of_correction(bundle: Bundle, values_read: pd.DataFrame) -> tuple[Floats, Floats]:
    """SHAP values and biases of trees and linear half together, on top of where the customers start from."""
    raw = np.asarray(bundle.booster.predict(matrix(values_read), pred_contribs=True), dtype=np.float64)
    raw = raw.reshape(len(values_read), len(bundle.contract.outputs), -1)
    own, bias, linear = raw[:, :, :-1], raw[:, :, -1], bundle.linear
    if linear is not None:
        share = bundle.contract.linear_share
        own = blend(share, own, linear.parts(values_read))
        bias = blend(share, bias, np.broadcast_to(np.asarray(linear.intercepts), bias.shape))
    return own, bundle.start(values_read) + bias


def _with_season(bundle: Bundle, values_read: pd.DataFrame, own: Floats, bias: Floats) -> tuple[Floats, Floats]:
    """SHAP values and biases, with the day of the year credited for what its level is above or below the usual one."""
    if DAY_OF_YEAR not in values_read.columns:
        return own, bias
    usual = 0 if bundle.season is None else np.asarray(bundle.season.usual)
    above_usual = bundle.level(values_read) - usual
    return np.insert(own, values_read.columns.get_loc(DAY_OF_YEAR), above_usual, axis=2), bias - above_usual


def _in_money(read: pd.DataFrame, values: Floats, linear: Floats) -> Shares:
    distance = values.sum(axis=2)
    # From the base that the shares leave: their rounding, as float32 numbers, would grow with the amount.
    amount, base_amount = inverse_link(linear, "exp"), inverse_link(linear - distance, "exp")
    # (amount - base amount) / distance, which tends to the base amount where little moves the margin.
    rate = base_amount * np.where(distance == 0, 1, np.expm1(distance) / np.where(distance == 0, 1, distance))
    money = values * rate[:, :, None]
    _assert_adds_up(base_amount + money.sum(axis=2), amount)
    return Shares("money", read, base_amount, money, amount)


def _assert_adds_up(found: Floats, served: Floats) -> None:
    off = np.abs(found - served)
    if not np.all(off <= TOLERANCE):
        raise ExplanationUnavailable(
            f"the reasons miss the served number by up to {np.nanmax(off):.2g} (allowed {TOLERANCE:g})"
        )
