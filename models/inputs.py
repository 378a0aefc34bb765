"""The columns a model reads, one row per customer, as bare numbers: for one customer a frame costs more than the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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

    def numbers_without(self, name: str) -> Floats:
        """The numbers of all columns but one, if it is there."""
        if name not in self.place:
            return self.numbers
        return np.delete(self.numbers, self.place[name], axis=1)


@lru_cache(maxsize=64)  # the same few models ask again and again
def _place(columns: tuple[str, ...]) -> dict[str, int]:
    return {name: k for k, name in enumerate(columns)}


def column(rows: Columns, name: str) -> Floats:
    """One column as numbers, of a frame or of inputs."""
    return np.asarray(rows[name], dtype=np.float64)
