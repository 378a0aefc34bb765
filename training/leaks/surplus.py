"""Columns that know more than all others together: honest ones repeat and refine each other, a leak brings news.

A small booster is fitted on half of the customers and judged on the other half, with and without a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from training.leaks.ranks import Floats, aucs_alone

Bools = NDArray[np.bool_]

ROWS_MAX = 10_000  # customers are drawn by a hash of their id
COLUMNS_MAX = 30  # "all others" are those that a booster on all columns uses most
ROUNDS = 40
SMALL_BOOSTER = {"objective": "binary:logistic", "max_depth": 4, "learning_rate": 0.15, "max_bin": 64, "nthread": 1}

# The share of the log loss of all others that a column takes away. Honest columns: below 0.03 on the sets of
# benchmarks.leaks, but for one of 3,150 rows (0.12).
SURPLUS_MAX = 0.2
SURPLUS_MAX_LATER = 0.35  # once other columns have been taken out, an honest one may have nobody left to repeat it
STEPS = 3
STANDARD_ERRORS = 4
TWINS_FROM = 0.95  # columns correlated like this are one: yes and no of the same attribute

# A value settles an outcome: next to no exceptions among the customers who have it, where many were expected.
EXCEPTIONS_EXPECTED_MIN = 20
EXCEPTIONS_SHARE_MAX = 0.1
OPEN_MIN = 0.2  # of the rows; honest gaps (a subscription that ended) settle what the others leave open for 7 %
BROKEN = "is no whole number"
VALUES_MAX = 20  # columns with more distinct values are not asked value by value
ASKED_MAX = 5


@dataclass
class Halves:
    """Rows of an output on two sides: a booster is fitted on one, judged on the other; no customer is on both."""

    values: Floats
    occurred: Bools
    judged: Bools
    standardised: Floats  # the values with mean 0 and standard deviation 1
    telling: list[int] = field(default_factory=list)  # the columns that a booster on all of them uses most
    _known: dict[tuple[int, ...], tuple[Floats, list[int]]] = field(default_factory=dict)

    def fitted(self, columns: Sequence[int], *more: Floats) -> tuple[Floats, list[int]]:
        """The chances that a small booster gives to the judged side, and its columns by how much their splits gain."""
        key = tuple(columns)
        if more or key not in self._known:
            fitted = self._fitted(key, *more)
            if more:
                return fitted
            self._known[key] = fitted
        return self._known[key]

    def _fitted(self, columns: tuple[int, ...], *more: Floats) -> tuple[Floats, list[int]]:
        rows = np.column_stack([self.values[:, columns], *more]).astype(np.float32)
        if not rows.shape[1]:
            return np.full(self.judged.sum(), self.occurred[~self.judged].mean()), []
        binned = xgb.QuantileDMatrix(rows[~self.judged], self.occurred[~self.judged], max_bin=SMALL_BOOSTER["max_bin"])
        booster = xgb.train(SMALL_BOOSTER, binned, num_boost_round=ROUNDS)
        chances = booster.predict(xgb.DMatrix(rows[self.judged])).astype(np.float64)
        gains = {int(name[1:]): float(gain) for name, gain in booster.get_score(importance_type="total_gain").items()}
        used = [columns[k] for k in sorted(gains, key=lambda k: -gains[k]) if k < len(columns)]
        return np.clip(chances, 1e-6, 1 - 1e-6), used

    def losses(self, columns: Sequence[int], *more: Floats) -> Floats:
        """The log loss of each judged row under a booster on some columns."""
        chances, _ = self.fitted(columns, *more)
        return -np.log(np.where(self.occurred[self.judged], chances, 1 - chances))

    def auc(self, columns: Sequence[int]) -> float:
        """The AUC of a booster on some columns, on the judged side."""
        return float(roc_auc_score(self.occurred[self.judged], self.fitted(columns)[0]))


def halves(values: Floats, occurred: Bools, customer_id: NDArray[np.str_]) -> Halves | None:
    """The rows of about 10,000 customers' dates on two sides; None where a side lacks an outcome or there is no column."""
    code = np.array([crc32(customer.encode()) for customer in customer_id])
    drawn = (code // 2) % 1_000 < 1_000 * ROWS_MAX / len(code)
    rows = Halves(values[drawn], occurred[drawn], code[drawn] % 2 == 0, _standardised(values[drawn]))
    sides = (rows.occurred[rows.judged], rows.occurred[~rows.judged])
    if values.shape[1] == 0 or any(len(side) == 0 or side.all() or not side.any() for side in sides):
        return None
    rows.telling = rows.fitted(range(values.shape[1]))[1][:COLUMNS_MAX]
    return rows


def surpluses(rows: Halves, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The columns that take away more than a fifth of what all others leave open, each with what is said of it."""
    left, found = rows.telling, set()
    for nth in range(STEPS):
        if not (used := rows.fitted(left)[1]):
            break
        others = [column for column in left if column not in _twins(rows, used[0])]
        share = surplus(rows, others, left)
        if share > (SURPLUS_MAX_LATER if nth else SURPLUS_MAX):
            found.add(used[0])
            yield used[0], _said(names[used[0]], share)
        left = others
    hidden = _most_told_by_rest(rows)
    if hidden is None or hidden[0] in found:
        return
    column, rest = hidden
    others = [other for other in rows.telling if other not in found | _twins(rows, column)]
    share = surplus(rows, others, [*others, column], rest)
    if share > SURPLUS_MAX:
        yield column, _said(names[column], share)


def _said(name: str, share: float) -> str:
    said = f"feature {name} takes away {share:.0%} of what a model of all others leaves open about the outcome"
    return f"{said} (above {SURPLUS_MAX:.0%}), on customers it has not seen: it probably holds something from after the date"


def surplus(rows: Halves, others: Sequence[int], all_of_them: Sequence[int], *more: Floats) -> float:
    """The share of the loss of the others that all of them take away; 0 where it may be chance."""
    without = rows.losses(others)
    taken = without - rows.losses(all_of_them, *more)
    if taken.mean() < STANDARD_ERRORS * taken.std() / np.sqrt(len(taken)):
        return 0.0
    return float(taken.mean() / without.mean())


def _twins(rows: Halves, column: int) -> set[int]:
    """A column and those that say the same in other units."""
    alike = np.abs(rows.standardised.T @ rows.standardised[:, column]) / len(rows.values)
    return {column, *map(int, np.flatnonzero(alike >= TWINS_FROM))}


def _most_told_by_rest(rows: Halves) -> tuple[int, Floats] | None:
    """The column whose part that no other column explains tells the outcome best, with that part.

    A sum of past and future less the past that other columns hold is the future: it shows in what a straight line through
    all others leaves of it, even where the sum itself is dull.
    """
    used = np.flatnonzero(rows.standardised.any(axis=0))
    if len(used) < 2 or len(rows.values) <= 2 * len(used):
        return None
    scaled = rows.standardised[:, used]
    # What least squares on all others leaves of each column, all at once: rows times the inverse of their covariance.
    inverse = np.linalg.pinv(scaled.T @ scaled / len(scaled), rcond=1e-9, hermitian=True)
    rest = scaled @ inverse
    best = int(np.argmax(aucs_alone(rest, rows.occurred[:, None])))
    return int(used[best]), rest[:, best]


def _standardised(values: Floats) -> Floats:
    """Mean 0 and standard deviation 1; 0 where missing, constant columns are 0 everywhere."""
    filled = np.full(values.shape, 0.0)
    for k in range(values.shape[1]):
        known = ~np.isnan(values[:, k])
        own = values[known, k]
        own = own - own.mean() if known.any() else own
        if known.any() and (spread := np.sqrt((own**2).sum() / len(values))) > 1e-12 * max(1.0, np.abs(values[known, k]).max()):
            filled[known, k] = own / spread
    return filled


def settled(rows: Halves, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The columns of which one value, or the gap, comes with one outcome only, each with what is said of it.

    Such a column says little where few customers have the value, and all there is to know of these.
    """
    asked = sorted(_pure(rows), key=lambda pure: pure.surprise)[:ASKED_MAX]
    for pure in asked:
        others = [column for column in rows.telling if column not in pure.columns]
        chances, _ = rows.fitted(others)
        has, happened = pure.has[rows.judged], rows.occurred[rows.judged]
        expected = float((1 - chances[has] if pure.happens else chances[has]).sum())
        exceptions = int((happened[has] != pure.happens).sum())
        if pure.which != BROKEN and expected < OPEN_MIN * has.sum():
            continue  # the others know it nearly as well
        if expected >= EXCEPTIONS_EXPECTED_MIN and exceptions <= EXCEPTIONS_SHARE_MAX * expected:
            for column in pure.columns:
                outcome = "the outcome" if pure.happens else "no outcome"
                yield (
                    column,
                    f"feature {names[column]} {pure.which}: of {has.sum():,} such rows all but {exceptions:,} have {outcome}, "
                    f"where a model of all others expects {expected:,.0f} exceptions; it was probably filled in afterwards",
                )


@dataclass(frozen=True)
class _Pure:
    """Rows that nearly all have the same outcome, and the columns that mark them."""

    has: Bools
    happens: bool
    columns: list[int]
    which: str
    surprise: float  # exceptions less those expected without knowing anything


def _pure(rows: Halves) -> list[_Pure]:
    """Values and gaps with a tenth or less of the exceptions that everybody's share of the outcome lets expect."""
    share = rows.occurred.mean()
    found: dict[bytes, _Pure] = {}
    for column in range(rows.values.shape[1]):
        for which, has in _marks(rows.values[:, column]):
            for happens in (True, False):
                exceptions = float((rows.occurred[has] != happens).sum())
                expected = has.sum() * (1 - share if happens else share)
                if expected < 2 * EXCEPTIONS_EXPECTED_MIN or exceptions > EXCEPTIONS_SHARE_MAX * expected:
                    continue
                pure = found.setdefault(has.tobytes(), _Pure(has, happens, [], which, exceptions - expected))
                pure.columns.append(column)
    return list(found.values())


def _marks(values: Floats) -> Iterator[tuple[str, Bools]]:
    """Rows that a column marks: where it is missing or filled, has one of few values, or no whole number among many."""
    missing = np.isnan(values)
    if missing.any() and not missing.all():
        yield "is missing", missing
        yield "is filled in", ~missing
    known = values[~missing]
    # Most whole numbers do not repeat: a look at the first rows spares sorting columns of amounts.
    if len(known) and len(np.unique(known[:1_000])) <= VALUES_MAX and 1 < len(levels := np.unique(known)) <= VALUES_MAX:
        yield from ((f"is {level:g}", values == level) for level in levels)
    broken = ~missing & (values != np.round(values))
    if broken.any() and broken.sum() < 0.5 * len(known):
        yield BROKEN, broken
