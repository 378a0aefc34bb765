"""The customer features of `features.catalogue` as an analyst writes them in pandas, a peer of the feature benchmark."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

UNITS = 10_000  # money and quantities are whole numbers of 1/10000, so that sums are exact
YEAR = 365


def build(
    lines: Path, dates: list[date], out: Path, windows_days: tuple[int, ...] = (30, 90, 180, 365), horizon_days: int = 90
) -> None:
    """One file of features per date in `out`, from the order lines known before that date."""
    out.mkdir(parents=True, exist_ok=True)
    table = read_lines(lines)
    names = table.customer.cat.categories
    table["customer"] = table.customer.cat.codes
    firsts = {feature: first_known(table, column) for feature, column in BREADTH.items()}
    orders = order_parts(table)
    del table
    for as_of in dates:
        features = snapshot(orders, firsts, pd.Timestamp(as_of), windows_days, horizon_days)
        features.insert(0, "customer_id", names.take(features.index).to_numpy())
        features.to_parquet(out / f"{as_of}.parquet", index=False)


BREADTH = {"product_count": "product_id", "category_count": "category"}


def read_lines(path: Path) -> pd.DataFrame:
    """The lines with categoricals for names, whole numbers for money, and the day each was known."""
    names = ["customer_id", "order_id", "product_id", "category"]
    table = pq.read_table(path, read_dictionary=names)
    for name in ("amount", "quantity"):
        units = table[name].cast(pa.float64())
        table = table.set_column(table.column_names.index(name), name, units)
    lines = table.to_pandas()
    return lines
