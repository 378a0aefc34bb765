"""The same rows under several ids: an export appended twice, or one outcome made frequent by copying its rows.

A model that is judged on copies of the rows it was fitted on knows their outcomes. Customers with little history are alike
by chance (one order, the same price), so only the half of all rows counts that says most, and says enough.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.frame import Frame

COPIED_ROWS = "copied_rows"  # what it is called in training.waived_features
# Of rows with either outcome. Honest sets have up to 0.10 (benchmarks.leaks): calls of a bank that describe few people well.
COPIED_SHARE_MAX = 0.2
NOTED_FROM = 0.01
COPIES_MAX = 10  # more customers than this with the same row bought the same thing on the same day
ROWS_MIN = 50
# Two rows agree by chance once in 2 ** bits pairs if columns were independent; they are not, so twice the bits are asked.
BITS_TO_SPARE = 10


def copies_said(frame: Frame) -> str | None:
    """What is said where a fifth of the telling rows with an outcome, or without it, are there under another id too."""
    alike, telling = _customers_alike(frame), _telling(frame.rows)
    copied = (alike > 1) & (alike <= COPIES_MAX)
    shares = [_share(copied, telling & side) for occurred in (frame.outcomes > 0).T for side in (occurred, ~occurred)]
    worst = max(shares, default=0.0)
    if worst <= COPIED_SHARE_MAX:
        return None
    return (
        f"{copied.sum():,} of {len(copied):,} rows are there under another customer_id too, with all features equal (of "
        f"the rows that say most {worst:.0%}, above {COPIED_SHARE_MAX:.0%}): a table was probably appended twice or its rows "
        "were multiplied. Keep one row of each customer (identities names the doubles), or, if they are different customers, "
        f'add "{COPIED_ROWS}" to training.waived_features'
    )


def copies_note(frame: Frame) -> str | None:
    """What is said of copies that are too few to stop for."""
    copied = _customers_alike(frame) > 1
    if not len(copied) or copied.mean() < NOTED_FROM:
        return None
    return (
        f"{copied.sum():,} of {len(copied):,} rows equal a row of another customer_id in all features. Customers with little "
        "history are alike by chance; if they are the same people, say so in tables.identities"
    )


def _customers_alike(frame: Frame) -> NDArray[np.int64]:
    """Of how many customers the features of a row are, at any date."""
    if not frame.rows.size:
        return np.ones(len(frame.rows), dtype=np.int64)
    rows = pd.DataFrame({"row": _hashes(frame.rows), "customer": frame.customer_id})
    return rows.groupby("row")["customer"].transform("nunique").to_numpy(dtype=np.int64)


def _telling(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """The half of the rows with the rarest values, and of these the ones that nobody equals by chance."""
    if not rows.size:
        return np.zeros(len(rows), dtype=bool)
    once = ~_hashes(rows).duplicated().to_numpy()  # a copy makes no value frequent
    bits = np.zeros(len(rows))
    for name in rows.columns:
        codes, _ = pd.factorize(rows[name], use_na_sentinel=False)
        bits -= np.log2(np.bincount(codes[once])[codes] / once.sum())
    enough = 2 * (np.log2(once.sum()) + BITS_TO_SPARE)
    telling: NDArray[np.bool_] = (bits >= np.median(bits[once])) & (bits >= enough)
    return telling


def _hashes(rows: pd.DataFrame) -> pd.Series:
    return pd.util.hash_pandas_object(rows, index=False)


def _share(copied: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(copied[among].mean()) if among.sum() >= ROWS_MIN else 0.0
