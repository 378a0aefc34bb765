"""Conditions of the mapping file, SQL expressions on the columns of the scored table, read for every customer."""

from __future__ import annotations

import re

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.problems import BadConfig, nearest

Bools = NDArray[np.bool_]


def holds(condition: str, rows: pa.Table, key: str) -> Bools:
    """For which rows a condition is true; where it is neither true nor false it does not hold.

    Raises BadConfig in the words of `key`, where the condition stands, for unknown columns and for what is no condition.
    """
    with duckdb.connect() as engine:
        engine.execute("SET enable_external_access = false")  # a condition reads the scored table and nothing else
        engine.register("scored", rows)
        try:
            (kind,) = engine.execute(f"DESCRIBE SELECT ({condition}) AS holds FROM scored").fetchone()[1:2]
            if kind != "BOOLEAN":
                raise BadConfig(f"{key} = {condition!r}: expected a condition, true or false, but it is {kind}")
            found = engine.execute(f"SELECT coalesce(({condition}), false) AS holds FROM scored").fetchnumpy()["holds"]
        except duckdb.Error as error:
            raise BadConfig(f"{key} = {condition!r}: {_said(error, rows)}") from None
    if len(found) != len(rows):
        raise BadConfig(f"{key} = {condition!r}: expected one answer for each customer")
    return np.asarray(found, dtype=bool)


def _said(error: duckdb.Error, rows: pa.Table) -> str:
    """The cause in one line: an unknown column with the nearest one, else what the engine says first."""
    if found := re.search(r'column "([^"]+)" not found', str(error)):
        return f"the scored table has no column {found[1]}; {nearest(found[1], rows.column_names)}"
    return str(error).splitlines()[0]
