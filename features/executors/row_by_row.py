"""The features that follow from others of the same row, in NumPy."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from features.definitions import AtLeast, DayOfYear, Difference, Ratio, RowByRow, Spread, Step

Floats = NDArray[np.float64]


def follow(definition: RowByRow, columns: dict[str, Floats], as_of: date, rows: int) -> Floats:
    """One value per row, from columns that are there already."""
    match definition:
        case Ratio(above, below):
            return _quotient(columns[above], columns[below])
        case Difference(of, less):
            return columns[of] - columns[less]
        case Spread(count, total, squares):
            return _spread(columns[count], columns[total], columns[squares])
        case Step(of, low, high):
            return np.where(np.isnan(columns[of]), np.nan, (columns[of] >= low) * 1.0 + (columns[of] >= high) - 1.0)
        case AtLeast(of, bound):
            return np.where(np.isnan(columns[of]), np.nan, columns[of] >= bound)
        case DayOfYear():
            return np.full(rows, float(as_of.timetuple().tm_yday))


def _quotient(above: Floats, below: Floats) -> Floats:
    result = np.full(len(above), np.nan)
    np.divide(above, below, out=result, where=below != 0)
    return result


def _spread(count: Floats, total: Floats, squares: Floats) -> Floats:
    result = np.full(len(count), np.nan)
    several = count > 1
    n, s, q = count[several], total[several], squares[several]
    result[several] = np.sqrt(np.maximum((q - s * s / n) / (n - 1), 0))
    return result
