"""How far reasons can be trusted: do they hold under small noise, does the answer move as they say, how much do they cover?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from models.bundle import Bundle
from models.contract import Frozen
from models.inputs import Inputs
from models.reasons.shares import shares

Floats = NDArray[np.float64]
Members = tuple[int, ...]  # the places of the columns of a family
Places = NDArray[np.intp]  # of rows
NOISE_SHARE = 0.02  # of the spread of a column: between its 10th and 90th percentile
NOISE_DRAWS, DONORS = 5, 10
STRONG_SHARE = 0.05  # of all that moves an answer: a family that adds less is no reason worth checking


class Robustness(Frozen):
    """Shares between 0 and 1 over some customers, for one output.

    Stability: every number moved by normal noise of 2 % of the spread (10th to 90th percentile) of its column, drawn five
    times; what is yes or no, or a day, is left alone. Agreement: the columns of one family replaced by those of ten other
    customers drawn at random, the answer averaged (Fisher, Rudin, Dominici 2019); a family agrees where the answer moves
    away from the way its share went. Coverage: what the reasons shown add, of what all families add, without signs.
    """

    customers: int
    same_first: float  # how often the strongest family stays the strongest under noise
    rank_correlation: float  # of the families' shares with and without noise, per customer (Spearman), averaged
    same_direction: float  # of the families that add at least 5 %: how often removing one moves the answer as its share says
    size_correlation: float  # over these: of the share with the move when the family is removed (Pearson)
    covered: float  # by the reasons shown, averaged
    covered_by_tenth: float  # nine of ten customers have at least this


def robustness(bundle: Bundle, rows: pd.DataFrame | Inputs, *, top: int, seed: int) -> tuple[Robustness, ...]:
    """One for each output, from the customers in `rows`; all on the scale on which shares add up before any rescaling."""
    read = bundle.inputs(rows)
    rng = np.random.default_rng(seed)
    families = list(bundle.contract.families.values())
    own = _of_families(bundle, read, families)
    noisy = [_of_families(bundle, _with_noise(bundle, read, rng), families) for _ in range(NOISE_DRAWS)]
    varies = _varies(read.numbers)  # what is the same for all, as the day is, nobody else has otherwise
    others = [some for members in families if (some := tuple(k for k in members if varies[k]))]
    asked = _of_families(bundle, read, others)
    moved = np.stack([_removed(bundle, read, members, rng) for members in others], axis=2) if others else asked
    return tuple(
        Robustness(
            customers=len(read),
            **_stability(own[:, k], [one[:, k] for one in noisy]),
            **_agreement(asked[:, k], moved[:, k], np.abs(own[:, k]).sum(axis=1)),
            **_coverage(own[:, k], top),
        )
        for k in range(own.shape[1])
    )


def _stability(own: Floats, noisy: list[Floats]) -> dict[str, float]:
    """From customers x families; where two families are as strong, either may come first."""
    first = np.abs(own).argmax(axis=1)
    return {
        "same_first": float(np.mean([np.abs(one).argmax(axis=1) == first for one in noisy])),
        "rank_correlation": float(np.mean([_correlation(rankdata(own, axis=1), rankdata(one, axis=1)) for one in noisy])),
    }


def _agreement(own: Floats, moved: Floats, total: Floats) -> dict[str, float]:
    """From customers x families, and what all families of each customer add without signs."""
    strong = np.abs(own) >= STRONG_SHARE * np.where(total > 0, total, np.inf)[:, None]
    if not strong.any():
        return {"same_direction": 1.0, "size_correlation": 1.0}
    return {
        "same_direction": float(np.mean(np.sign(moved[strong]) == np.sign(own[strong]))),
        "size_correlation": _correlation(own[strong][None], moved[strong][None]),
    }


def _coverage(own: Floats, top: int) -> dict[str, float]:
    size = np.sort(np.abs(own), axis=1)[:, ::-1]
    total = size.sum(axis=1)
    covered = size[total > 0][:, :top].sum(axis=1) / total[total > 0]
    if not len(covered):
        return {"covered": 1.0, "covered_by_tenth": 1.0}
    return {"covered": float(covered.mean()), "covered_by_tenth": float(np.quantile(covered, 0.1))}


def _varies(numbers: Floats) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = ((numbers == numbers[:1]) | (np.isnan(numbers) & np.isnan(numbers[:1]))).all(axis=0)
    return ~same


def _of_families(bundle: Bundle, rows: Inputs, families: Sequence[Members]) -> Floats:
    """Shares of log-odds, or of the logarithm of an amount: customers x outputs x families."""
    values = shares(bundle, rows).of_margin()
    if not families:
        return np.zeros((*values.shape[:2], 1))
    return np.stack([values[:, :, list(members)].sum(axis=2) for members in families], axis=2)


def _with_noise(bundle: Bundle, read: Inputs, rng: np.random.Generator) -> Inputs:
    """The columns of the snapshot moved a little; those of the prior follow from them."""
    columns = bundle.contract.inputs
    numbers = Inputs.of(read, [column.name for column in columns]).numbers
    known = np.where(np.isnan(numbers).all(axis=0), 0.0, numbers)  # an empty column has no spread
    spread = np.subtract(*np.nanquantile(known, [0.9, 0.1], axis=0))
    moves = np.array([column.unit not in ("yes or no", "day") for column in columns])
    noise = rng.normal(size=numbers.shape) * (NOISE_SHARE * spread * moves)
    return Inputs(tuple(column.name for column in columns), numbers + noise)


def _removed(bundle: Bundle, read: Inputs, members: Members, rng: np.random.Generator) -> Floats:
    """By how much the margin lies above that without a family: customers x outputs."""
    own = bundle.parts(read)
    start = None if bundle.prior is None or own.offset is None else bundle.prior.offset_column(bundle.contract.link)
    without = np.zeros_like(own.level)
    for _ in range(DONORS):
        donors = _others(len(read), rng)
        numbers = read.numbers.copy()
        numbers[:, list(members)] = read.numbers[donors][:, list(members)]
        parts = bundle.parts(Inputs(read.columns, numbers))
        # Margins start from what the prior expects, which is credited to its own column: it goes and stays with that.
        offset = own.offset if start is None or read.place[start] not in members else own.offset[donors]  # type: ignore[index]
        without += bundle.calibrator.linear(replace(parts, offset=offset).margins(bundle)) / DONORS
    moved: Floats = bundle.calibrator.linear(own.margins(bundle)) - without
    return moved


def _others(count: int, rng: np.random.Generator) -> Places:
    """For each of some customers another one, drawn at random: everybody is drawn once, and nobody for herself."""
    order, found = rng.permutation(count), np.empty(count, dtype=np.intp)
    found[order] = np.roll(order, 1)
    return found


def _correlation(one: Floats, other: Floats) -> float:
    """Pearson's, row by row, averaged over the rows where both vary."""
    centred, others = (values - values.mean(axis=1, keepdims=True) for values in (one, other))
    scale = np.sqrt((centred**2).sum(axis=1) * (others**2).sum(axis=1))
    varies = scale > 0
    return float(((centred * others).sum(axis=1)[varies] / scale[varies]).mean()) if varies.any() else 1.0
