"""Arrow columns, made fast: texts from numbers, words from codes, timestamps from days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import gcd

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.simulate.chunk import Chunk, Flags, Integers, Numbers

SECONDS_PER_DAY = 86_400
ID_DIGITS = 7
ORDER_DIGITS = 8


def numbered(prefix: str, numbers: Integers, digits: int) -> pa.StringArray:
    """Texts such as C0000123: one letter, then the number with leading zeros (more digits where it needs them).

    >>> numbered("C", np.array([123, 7]), 4).to_pylist()
    ['C0123', 'C0007']
    """
    width = max(digits, len(str(numbers.max(initial=0))))
    letters = np.empty((len(numbers), width + 1), dtype=np.uint8)
    letters[:, 0] = ord(prefix)
    rest = numbers.astype(np.uint64 if width > 9 else np.uint32)
    for place in range(width, 0, -1):
        rest, digit = np.divmod(rest, 10)
        letters[:, place] = digit + ord("0")
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * (width + 1)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(letters))


def coded(codes: Integers, words: pa.Array | Sequence[str]) -> pa.Array:
    """The word behind each code; missing where the code is negative."""
    words = words if isinstance(words, pa.Array) else pa.array(words, pa.string())
    missing = codes < 0
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=missing if missing.any() else None), words)


def seconds(days: Numbers) -> NDArray[np.int64]:
    """Whole seconds from days; the lowest possible number where the days are infinite (it never happens)."""
    never = np.iinfo(np.int64).min
    return np.where(np.isfinite(days), np.floor(np.where(np.isfinite(days), days, 0.0) * SECONDS_PER_DAY), never).astype(
        np.int64
    )


def timestamps(since_start: NDArray[np.int64], starts_at: date, *, known: Flags | None = None) -> pa.Array:
    """Timestamps from seconds since `starts_at`; missing where not `known`."""
    start = np.datetime64(starts_at, "us")
    at = start + (since_start * 1_000_000).view("timedelta64[us]")
    return pa.array(at, mask=None if known is None else ~known)


def numbers(values: Numbers) -> pa.Array:
    """Numbers; missing where NaN."""
    return pa.array(values, pa.float64(), from_pandas=True)


def customer_ids(chunk: Chunk) -> pa.StringArray:
    """The ids of a chunk's customers: first themselves, then, in the same sequence, their other names (aliases).

    Customer j of N is number (j * step) modulo N, so the ids of every chunk are spread over the whole range and a
    file's row groups cannot be told apart by them. Other names are numbers from N on, and look the same.
    """
    size = chunk.company_size
    step = max(1, round(size * 0.618))
    while gcd(step, size) != 1:
        step += 1
    own = (np.arange(chunk.first, chunk.first + chunk.size) * step) % size
    return numbered("C", np.concatenate([own, own + size]), max(ID_DIGITS, len(str(2 * size - 1))))


def order_ids(chunk: Chunk, count: int) -> pa.StringArray:
    """The ids of a chunk's orders: it has every chunk_count-th number, so no chunk need know how many others have."""
    return numbered("O", np.arange(count) * chunk.chunk_count + chunk.index, ORDER_DIGITS)
