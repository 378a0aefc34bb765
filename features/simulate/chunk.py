"""A run of customers that is simulated at once, and its own random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]

CHUNK_CUSTOMERS = 20_000  # about 400,000 order lines: small enough for any machine, large enough for NumPy


class Stream(IntEnum):
    """What random numbers are for. Each has a stream of its own, so that leaving out a table changes no other."""

    PEOPLE = 1
    CAMPAIGNS = 2
    LEAVING = 3
    ORDERS = 4
    LINES = 5
    RETURNS = 6
    INVITATIONS = 7
    CONTACTS = 8
    SUBSCRIPTIONS = 9
    RETURN_ROWS = 10
    SURVEY_ROWS = 11
    CONTACT_ROWS = 12


@dataclass(frozen=True)
class Chunk:
    """Customers `first` to `first + size - 1` of a company of `company_size`, in chunk `index` of `chunk_count`."""

    seed: int
    index: int
    chunk_count: int
    first: int
    size: int
    company_size: int

    def rng(self, stream: Stream) -> np.random.Generator:
        """The random numbers of this chunk for one purpose, the same in every run."""
        return np.random.default_rng([self.seed, self.index, stream])


def chunks(*, customers: int, seed: int) -> Iterator[Chunk]:
    """The chunks of a company in order."""
    starts = range(0, customers, CHUNK_CUSTOMERS)
    for index, first in enumerate(starts):
        yield Chunk(seed, index, len(starts), first, min(CHUNK_CUSTOMERS, customers - first), customers)
