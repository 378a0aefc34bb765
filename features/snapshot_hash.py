"""A hash over the rows of one date: the same past gives the same hash, whatever the order of the rows."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa


class SnapshotHash:
    """Built up from tables of rows that are in the order of customer_id, one after the other."""

    def __init__(self) -> None:
        self._columns: dict[str, Any] = {}

    def update(self, rows: pa.Table) -> None:
        """Add the next rows."""
        for name in rows.column_names:
            column = self._columns.setdefault(name, hashlib.sha256())
            column.update(_bytes(rows[name]))

    def hexdigest(self) -> str:
        """Sixteen hex digits."""
        parts = [f"{name} {column.hexdigest()}" for name, column in self._columns.items()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def snapshot_hash(rows: pd.DataFrame) -> str:
    """The hash of one date's rows, as they are loaded."""
    ordered = rows.sort_values("customer_id", ignore_index=True)
    digest = SnapshotHash()
    digest.update(pa.Table.from_pandas(ordered.astype({"as_of": str}), preserve_index=False))
    return digest.hexdigest()


def _bytes(column: pa.ChunkedArray) -> bytes | memoryview:
    if pa.types.is_floating(column.type):
        return np.ascontiguousarray(column.to_numpy(), dtype=np.float64).data
    return "\n".join("" if value is None else str(value) for value in column.to_pylist()).encode() + b"\n"
