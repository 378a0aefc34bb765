"""Conditions of the mapping file, SQL expressions on the columns of the scored table, read for every customer."""

from __future__ import annotations

import re

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.problems import BadConfig, nearest

Bools = NDArray[np.bool_]
PLACE = "_place"  # of a customer in the scored table


def holds(condition: str, rows: pa.Table, key: str) -> Bools:
    """For which rows a condition is true; where it is neither true nor false it does not hold.

    Raises BadConfig in the words of `key`, where the condition stands, for unknown columns and for what is no condition.
    """
    with duckdb.connect() as engine:
        engine.execute("SET enable_external_access = false")  # a condition reads the scored table and nothing else
        engine.execute("SET threads = 1")  # ties of a window are broken the same way every time
        engine.register("scored", rows.append_column(PLACE, pa.array(range(len(rows)), pa.int64())))
        try:
            (kind,) = engine.execute(f"DESCRIBE SELECT ({condition}\n) AS holds FROM scored").fetchone()[1:2]
            if kind != "BOOLEAN":
                raise BadConfig(f"{key} = {condition!r}: expected a condition, true or false, but it is {kind}")
            # A window, such as ntile(10) OVER (ORDER BY clv), gives its rows back in its own order.
            asked = f'SELECT coalesce(({condition}\n), false) AS holds FROM scored ORDER BY scored."{PLACE}"'
            return np.asarray(engine.execute(asked).fetchnumpy()["holds"], dtype=bool)
        except duckdb.Error as error:
            if PLACE in str(error):  # it must be grouped by: the condition is one answer for all
                raise BadConfig(f"{key} = {condition!r}: expected one answer for each customer") from None
            raise BadConfig(f"{key} = {condition!r}: {_said(error, rows)}") from None


def _said(error: duckdb.Error, rows: pa.Table) -> str:
    """The cause in one line: an unknown column with the nearest one, else what the engine says first."""
    if found := re.search(r'column "([^"]+)" not found', str(error)):
        return f"the scored table has no column {found[1]}; {nearest(found[1], rows.column_names)}"
    return str(error).splitlines()[0]
