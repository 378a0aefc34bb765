"""The columns a model reads, one row per customer, as bare numbers: for one customer a frame costs more than the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LARGEST = 1e30  # boosters refuse what float32 cannot hold


class Columns(Protocol):
    """What the parts of a model need of rows: their number, the names of the columns, and a column by its name."""

    @property
    def columns(self) -> Any:
        """The names, in order."""

    def __len__(self) -> int:
        """How many rows."""

    def __getitem__(self, name: str) -> Any:
        """The numbers of one column."""


@dataclass(frozen=True)
class Inputs:
    """Named columns of numbers; NaN is missing."""

    columns: tuple[str, ...]
    numbers: Floats  # rows x columns

    @classmethod
    def of(cls, rows: pd.DataFrame | Self, names: Sequence[str]) -> Inputs:
        """Some columns of rows, in the order of the names."""
        if isinstance(rows, Inputs):
            if rows.columns == tuple(names):
                return rows
            place = rows.place
            return cls(tuple(names), rows.numbers[:, [place[name] for name in names]])
        return cls(tuple(names), rows[list(names)].to_numpy(dtype=np.float64))

    @property
    def place(self) -> dict[str, int]:
        """Where each column is."""
        return _place(self.columns)

    def __len__(self) -> int:
        """How many rows."""
        return len(self.numbers)

    def __getitem__(self, name: str) -> Floats:
        """The numbers of one column."""
        column: Floats = self.numbers[:, self.place[name]]
        return column

    def joined(self, columns: tuple[str, ...], numbers: Floats) -> Inputs:
        """The same with more columns to the right."""
        own = len(self.columns)
        both = np.empty((len(self), own + len(columns)), order="F")  # column by column, as frames are and trees read them
        both[:, :own], both[:, own:] = self.numbers, numbers
        return Inputs(self.columns + columns, both)

    @cached_property
    def for_boosters(self) -> NDArray[np.float32]:
        """The numbers as boosters hold them, in the same shape."""
        return booster_numbers(self.numbers)

    def all_but(self, name: str) -> NDArray[np.intp]:
        """Where all columns are but one, if it is there."""
        return _all_but(self.columns, name)


@lru_cache(maxsize=64)  # the same few models ask again and again
def _place(columns: tuple[str, ...]) -> dict[str, int]:
    return {name: k for k, name in enumerate(columns)}


@lru_cache(maxsize=64)
def _all_but(columns: tuple[str, ...], name: str) -> NDArray[np.intp]:
    return np.array([k for k, own in enumerate(columns) if own != name], dtype=np.intp)


def booster_numbers(read: Floats) -> NDArray[np.float32]:
    """Numbers as boosters hold them: what is larger than these can hold, as rows sent by hand may be, is as large as may be."""
    with np.errstate(over="ignore"):
        numbers = read.astype(np.float32)
    clipped: NDArray[np.float32] = np.clip(numbers, -LARGEST, LARGEST, out=numbers)
    return clipped


def column(rows: Columns, name: str) -> Floats:
    """One column as numbers, of a frame or of inputs."""
    return np.asarray(rows[name], dtype=np.float64)
