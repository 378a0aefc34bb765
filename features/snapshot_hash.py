"""A hash over the rows of one date: the same past gives the same hash, whatever the order of the rows."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


class SnapshotHash:
    """Built up from tables of rows that are in the order of customer_id, one after the other."""

    def __init__(self) -> None:
        self._columns: dict[str, Any] = {}

    def update(self, rows: pa.Table) -> None:
        """Add the next rows."""
        for name in rows.column_names:
            for part, content in _contents(rows[name]).items():
                self._columns.setdefault(f"{name} {part}", hashlib.sha256()).update(content)

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


def _contents(column: pa.ChunkedArray) -> dict[str, Any]:
    """What is in a column, as bytes that are the same however the column is cut into pieces."""
    if pa.types.is_floating(column.type):
        return {"numbers": np.ascontiguousarray(column.to_numpy(), dtype=np.float64).data}
    text = column.cast(pa.string()).combine_chunks()
    text = pa.concat_arrays(text.chunks) if isinstance(text, pa.ChunkedArray) else text
    lengths = pc.fill_null(pc.binary_length(text), -1).to_numpy(zero_copy_only=False)
    ends = np.frombuffer(text.buffers()[1], dtype=np.int32)[text.offset : text.offset + len(text) + 1] if len(text) else [0, 0]
    letters = memoryview(text.buffers()[2] or b"")[ends[0] : ends[-1]]
    return {"lengths": np.ascontiguousarray(lengths, dtype=np.int32).data, "letters": letters}
