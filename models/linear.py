"""The linear half of a model: a weight per column on a log scale, for what trees can only draw in steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.contract import Frozen
from models.inputs import Columns, column

Floats = NDArray[np.float64]


def signed_log(values: Floats) -> Floats:
    """log(1 + |x|) with the sign of x: money and counts are skewed, and may be negative."""
    return np.sign(values) * np.log1p(np.abs(values))


class Scales(Frozen):
    """Columns and how weights read them: on a log scale, held within what was seen, standardised. One number per column.

    A missing value counts as the median.
    """

    columns: tuple[str, ...]
    medians: tuple[float, ...]  # this and the next three on the log scale
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    means: tuple[float, ...]
    per_unit: tuple[float, ...]  # one over the standard deviation; 0 where a column is constant

    def standardised(self, values: Columns) -> Floats:
        """The columns as the weights read them: rows x columns, nothing missing."""
        if not self.columns:
            return np.zeros((len(values), 0))
        scales = (self.medians, self.lowest, self.highest, self.means, self.per_unit)
        return _standardise(np.column_stack([column(values, name) for name in self.columns]), *map(np.asarray, scales))


class Linear(Scales):
    """A ridge regression on standardised columns.

    Fitted columns have mean 0, so that a weight times a column is its SHAP value (Lundberg, Lee 2017, for columns taken
    as independent), and the intercept the base.
    """

    weights: tuple[tuple[float, ...], ...]  # per output, one per column
    intercepts: tuple[float, ...]  # per output

    def parts(self, standardised: Floats) -> Floats:
        """What each column adds to each margin: rows x outputs x columns; with the intercepts they sum to `weighed`."""
        parts: Floats = standardised[:, None, :] * np.asarray(self.weights)
        return parts

    def margins(self, values: Columns) -> Floats:
        """The margins: rows x outputs."""
        return self.weighed(self.standardised(values))

    def weighed(self, standardised: Floats) -> Floats:
        """The same from columns as the weights read them."""
        margins: Floats = standardised @ np.asarray(self.weights).T + np.asarray(self.intercepts)
        return margins


def _standardise(values: Floats, medians: Floats, lowest: Floats, highest: Floats, means: Floats, per_unit: Floats) -> Floats:
    """Columns on a log scale, medians for what is missing, within what was seen, with mean 0 and deviation 1 when fitted."""
    logs = signed_log(values)
    return (np.clip(np.where(np.isnan(logs), medians, logs), lowest, highest) - means) * per_unit
