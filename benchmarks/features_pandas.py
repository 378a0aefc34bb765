"""The RFM features of `features.families.rfm` in pandas, as an analyst writes them: a group-by per snapshot date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

NAMES = ["customer_id", "order_id", "product_id", "category"]
ORDER = ["customer_id", "order_id", "day"]
YEAR = 365


def build(
    lines: Path, dates: list[date], out: Path, windows_days: tuple[int, ...] = (30, 90, 180, 365), horizon_days: int = 90
) -> None:
    """One file of features per date in `out`, from the order lines known before that date."""
    out.mkdir(parents=True, exist_ok=True)
    table, customers = read_lines(lines)
    for as_of in dates:
        features = snapshot(table, as_of, windows_days, horizon_days).astype("float64")
        features.insert(0, "customer_id", customers[features.index])
        features.to_parquet(out / f"{as_of}.parquet", index=False)


def read_lines(path: Path) -> tuple[pd.DataFrame, pd.Index]:
    """The lines with codes for names, decimals as floats and times as days, and the customers by code.

    A line is `known` once done and recorded.
    """
    table = pq.read_table(path, read_dictionary=NAMES)
    for name in ("amount", "quantity"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast("float64"))
    lines = table.to_pandas()
    customers = lines["customer_id"].cat.categories
    for name in NAMES:
        lines[name] = lines[name].cat.codes  # -1 is missing
    lines["day"] = lines.pop("occurred_at").dt.normalize()
    recorded = lines.pop("recorded_at").dt.normalize()
    lines["known"] = lines["day"].where(recorded.isna() | (recorded < lines["day"]), recorded)
    return lines, customers


def snapshot(lines: pd.DataFrame, as_of: date, windows_days: tuple[int, ...], horizon_days: int) -> pd.DataFrame:
    """The features of all customers with a line known before `as_of`, by code of the customer."""
    today = pd.Timestamp(as_of)
    known = lines[lines["known"] < today]
    bought = known[known["amount"] > 0]
    grouped = bought.groupby(ORDER)
    orders = grouped.agg(
        spend=("amount", "sum"), lines=("amount", "size"), quantity=("quantity", "sum"), units=("quantity", "count")
    )
    orders = orders.reset_index()
    customers = pd.Index(known["customer_id"].unique())
    parts = [so_far(orders, today), rhythm(orders), breadth(bought), refunds(known, today)]
    parts += [
        last_days(orders, today, days) for days in {*windows_days, *(2 * w for w in windows_days), YEAR, YEAR - horizon_days}
    ]
    table = pd.concat([part.reindex(customers) for part in parts], axis="columns")
    table = table.fillna(dict.fromkeys([name for name in table if name.split("_")[-1].isdigit()], 0))
    table["day_of_year"] = as_of.timetuple().tm_yday
    table = pd.concat([table, windowed(table, windows_days)], axis="columns")
    covered = (today - known["day"].min()).days >= YEAR
    for name in ("order_count", "spend_sum"):
        same_days = table[f"{name}_{YEAR}"] - table[f"{name}_{YEAR - horizon_days}"]
        table[f"{name}_same_{horizon_days}d_last_year"] = same_days if covered else np.nan
    table = finished(table)
    return table.drop(columns=[name for name in table if name.split("_")[-1].isdigit()])


def so_far(orders: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """What each customer's orders come to."""
    customers = orders.assign(with_units=orders["units"] > 0).groupby("customer_id")
    table = customers.agg(
        order_count=("spend", "size"),
        spend_sum=("spend", "sum"),
        order_spend_max=("spend", "max"),
        line_count=("lines", "sum"),
        quantity=("quantity", "sum"),
        with_units=("with_units", "sum"),
        order_day_count=("day", "nunique"),
        first=("day", "min"),
        last=("day", "max"),
    )
    table["days_since_last_order"] = (today - table["last"]).dt.days
    table["days_since_first_order"] = (today - table["first"]).dt.days
    table["days_first_to_last_order"] = (table["last"] - table["first"]).dt.days
    return table.drop(columns=["first", "last"])


def rhythm(orders: pd.DataFrame) -> pd.DataFrame:
    """The days between a customer's days with an order."""
    days = orders[["customer_id", "day"]].drop_duplicates().sort_values(["customer_id", "day"])
    days["gap"] = days.groupby("customer_id")["day"].diff().dt.days
    gaps = days.groupby("customer_id")["gap"]
    return gaps.agg(gap_days_mean="mean", gap_days_std="std", gap_days_max="max")


def breadth(bought: pd.DataFrame) -> pd.DataFrame:
    """How many different products and categories each customer bought."""
    counts = {}
    for feature, column in (("product_count", "product_id"), ("category_count", "category")):
        pairs = bought.loc[bought[column] >= 0, ["customer_id", column]].drop_duplicates()
        counts[feature] = pairs.groupby("customer_id").size()
    return pd.DataFrame(counts)


def refunds(known: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """What each customer was given back."""
    given_back = known[known["amount"] < 0].groupby(ORDER)["amount"].sum().mul(-1).reset_index()
    customers = given_back.groupby("customer_id")
    table = customers.agg(refund_count=("amount", "size"), refund_sum=("amount", "sum"), last=("day", "max"))
    recent = given_back[given_back["day"] >= today - pd.Timedelta(days=YEAR)]
    table["refund_sum_365d"] = recent.groupby("customer_id")["amount"].sum()
    table["days_since_last_refund"] = (today - table.pop("last")).dt.days
    return table


def last_days(orders: pd.DataFrame, today: pd.Timestamp, days: int) -> pd.DataFrame:
    """Orders and spend of each customer in the last days."""
    recent = orders[orders["day"] >= today - pd.Timedelta(days=days)].groupby("customer_id")["spend"]
    return recent.agg(**{f"order_count_{days}": "size", f"spend_sum_{days}": "sum"})


def windowed(table: pd.DataFrame, windows_days: tuple[int, ...]) -> pd.DataFrame:
    """Orders and spend in the last days, and their change from as many days before."""
    columns = {}
    for days in windows_days:
        orders, spend = table[f"order_count_{days}"], table[f"spend_sum_{days}"]
        columns[f"order_count_{days}d"] = orders
        columns[f"spend_sum_{days}d"] = spend
        columns[f"spend_per_order_{days}d"] = spend / orders.where(orders > 0)
        columns[f"order_count_change_{days}d"] = 2 * orders - table[f"order_count_{2 * days}"]
        columns[f"spend_sum_change_{days}d"] = 2 * spend - table[f"spend_sum_{2 * days}"]
    return pd.DataFrame(columns)


def finished(table: pd.DataFrame) -> pd.DataFrame:
    """The quotients, and 0 where nothing was done."""
    zero = [
        "order_count",
        "order_day_count",
        "spend_sum",
        "product_count",
        "category_count",
        "refund_count",
        "refund_sum",
        "refund_sum_365d",
    ]
    table[zero] = table[zero].fillna(0)
    some_orders = table["order_count"].where(table["order_count"] > 0)
    return table.assign(
        spend_per_order=table["spend_sum"] / some_orders,
        overdue_ratio=table["days_since_last_order"] / table["gap_days_mean"],
        spend_per_line=table["spend_sum"] / table["line_count"],
        line_count_per_order=table["line_count"] / some_orders,
        quantity_per_order=table["quantity"] / table["with_units"].where(table["with_units"] > 0),
        refund_share_of_spend=table["refund_sum"] / table["spend_sum"].where(table["spend_sum"] > 0),
        refund_count_per_order=table["refund_count"] / some_orders,
    ).drop(columns=["line_count", "quantity", "with_units"])
