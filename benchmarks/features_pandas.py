"""The RFM features of `features.rfm` as an experienced analyst writes them in pandas, a peer of the feature benchmark."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

UNITS = 10_000  # money and quantities are whole numbers of 1/10000, so that sums are exact
YEAR = 365
DAY_ZERO = date(1970, 1, 1).toordinal()  # days are whole numbers as in date.toordinal()
NAMES = ["customer_id", "order_id", "product_id", "category"]
ORDER = ["customer_id", "day", "order_id"]
SUMS = ["parts", "orders", "spend", "bought", "quantity", "with_quantity", "refund", "refunds"]


def build(
    lines: Path, dates: list[date], out: Path, windows_days: tuple[int, ...] = (30, 90, 180, 365), horizon_days: int = 90
) -> None:
    """One file of features per date in `out`, from the order lines known before that date."""
    out.mkdir(parents=True, exist_ok=True)
    table, customers = read_lines(lines)
    firsts = first_known(table)
    parts = order_parts(table)
    del table
    for as_of in dates:
        features = snapshot(parts, firsts, as_of, windows_days, horizon_days)
        features.insert(0, "customer_id", customers[features.index])
        features.to_parquet(out / f"{as_of}.parquet", index=False)


def read_lines(path: Path) -> tuple[pd.DataFrame, pd.Index]:
    """The lines with codes for names, and whole numbers for money and days; and the customers by code."""
    table = pq.read_table(path, read_dictionary=NAMES)
    names = table.select(NAMES).to_pandas()
    lines = pd.DataFrame({name: names[name].cat.codes for name in NAMES})
    lines["day"], recorded = days(table["occurred_at"]), days(table["recorded_at"])
    lines["known"] = lines["day"].where(recorded.isna(), np.fmax(lines["day"], recorded)).astype("int32")
    for name in ("amount", "quantity"):
        lines[name] = (table[name].cast("float64").to_pandas() * UNITS).round()
    lines["amount"] = lines["amount"].astype("int64")
    return lines, names["customer_id"].cat.categories


def days(times: pa.ChunkedArray) -> pd.Series:
    """The days of times as whole numbers."""
    return times.cast("timestamp[s]", safe=False).cast("date32").cast("int32").to_pandas() + DAY_ZERO


def first_known(lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The day each different product and category a customer bought became known first."""
    bought = lines.loc[lines["amount"] > 0, ["customer_id", "product_id", "category", "known"]]
    bought = bought.sort_values(["customer_id", "known"])
    firsts = {}
    for feature, column in (("product_count", "product_id"), ("category_count", "category")):
        named = bought[bought[column] >= 0]  # the code of missing is -1
        firsts[feature] = named.drop_duplicates(["customer_id", column])[["customer_id", "known"]]
    return firsts


def order_parts(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per customer, day, order and day known, sorted by them; an order and a refund count on their first part."""
    bought = lines["amount"] > 0
    measures = lines[[*ORDER, "known"]].assign(
        spend=lines["amount"].clip(lower=0),
        refund=-lines["amount"].clip(upper=0),
        bought=bought.astype("int64"),
        quantity=lines["quantity"].where(bought, 0).fillna(0).astype("int64"),
        quantities=(bought & lines["quantity"].notna()).astype("int64"),
    )
    parts = measures.groupby([*ORDER, "known"], as_index=False).sum()
    for count, measure in (("orders", "spend"), ("refunds", "refund"), ("with_quantity", "quantities")):
        counted = parts.loc[parts[measure] > 0, ORDER]
        parts[count] = (~counted.duplicated()).astype("int64").reindex(parts.index, fill_value=0)
    parts["order_spend"] = parts.groupby(ORDER)["spend"].cumsum()  # all that was known of the order by then
    return parts.drop(columns="order_id").assign(parts=1)


def snapshot(
    parts: pd.DataFrame, firsts: dict[str, pd.DataFrame], as_of: date, windows_days: tuple[int, ...], horizon_days: int
) -> pd.DataFrame:
    """The features of all customers with a line known before `as_of`, by code of the customer."""
    today = as_of.toordinal()
    known = parts[parts["known"] < today]
    known = known.assign(days_ago=today - known["day"])
    tables = [so_far(known), rhythm(known)]
    for feature, first in firsts.items():
        tables.append(first.loc[first["known"] < today].groupby("customer_id").size().rename(feature))
    lengths = {*windows_days, *(2 * window for window in windows_days), YEAR, max(YEAR - horizon_days, 0)}
    for length in lengths:
        recent = known.loc[known["days_ago"] <= length, ["customer_id", "orders", "spend", "refund"]]
        sums = recent.groupby("customer_id").sum().reindex(tables[0].index, fill_value=0)
        tables.append(sums.add_suffix(f"_{length}"))
    table = pd.concat(tables, axis="columns")
    covered = bool(known["days_ago"].max() >= YEAR)
    columns = features(table) | windowed(table, windows_days) | last_year(table, horizon_days, covered)
    columns["day_of_year"] = pd.Series(as_of.timetuple().tm_yday, index=table.index)
    return pd.DataFrame(columns).astype("float64")


def so_far(known: pd.DataFrame) -> pd.DataFrame:
    """Sums, extremes and days of each customer over all that is known."""
    table = known.groupby("customer_id")[SUMS].sum()
    orders = known.loc[known["spend"] > 0, ["customer_id", "days_ago", "order_spend"]].groupby("customer_id")
    table["last_order"], table["first_order"] = orders["days_ago"].min(), orders["days_ago"].max()
    table["order_spend_max"] = orders["order_spend"].max()
    table["last_refund"] = known.loc[known["refund"] > 0, ["customer_id", "days_ago"]].groupby("customer_id").min()
    return table


def rhythm(known: pd.DataFrame) -> pd.DataFrame:
    """The days between a customer's days with an order, which are sorted."""
    orders = known.loc[known["spend"] > 0, ["customer_id", "day"]]
    between = orders.assign(gap=orders["day"].diff())[(orders["customer_id"].diff() == 0) & (orders["day"].diff() > 0)]
    return between.groupby("customer_id")["gap"].agg(gaps="count", gap_mean="mean", gap_std="std", gap_max="max")


def features(table: pd.DataFrame) -> dict[str, pd.Series]:
    """The features over all that is known, from the sums."""
    orders, spend, refund = table["orders"], table["spend"] / UNITS, table["refund"] / UNITS
    some_orders = orders.where(orders > 0)
    return {
        "days_since_last_order": table["last_order"],
        "days_since_first_order": table["first_order"],
        "days_first_to_last_order": table["first_order"] - table["last_order"],
        "order_count": orders,
        "order_day_count": (table["gaps"].fillna(0) + 1).where(orders > 0, 0),
        "spend_sum": spend,
        "spend_per_order": spend / some_orders,
        "order_spend_max": table["order_spend_max"] / UNITS,
        "gap_days_mean": table["gap_mean"],
        "gap_days_std": table["gap_std"],
        "gap_days_max": table["gap_max"],
        "overdue_ratio": table["last_order"] / table["gap_mean"],
        "spend_per_line": spend / table["bought"].where(orders > 0),
        "line_count_per_order": table["bought"] / some_orders,
        "quantity_per_order": table["quantity"] / UNITS / table["with_quantity"].where(table["with_quantity"] > 0),
        "product_count": table["product_count"].fillna(0),
        "category_count": table["category_count"].fillna(0),
        "refund_count": table["refunds"],
        "refund_sum": refund,
        "refund_sum_365d": table[f"refund_{YEAR}"] / UNITS,
        "refund_share_of_spend": refund / spend.where(orders > 0),
        "refund_count_per_order": table["refunds"] / some_orders,
        "days_since_last_refund": table["last_refund"],
    }


def windowed(table: pd.DataFrame, windows_days: tuple[int, ...]) -> dict[str, pd.Series]:
    """Orders and spend in the last days, and their change from as many days before."""
    columns = {}
    for window in windows_days:
        orders, spend = table[f"orders_{window}"], table[f"spend_{window}"]
        columns[f"order_count_{window}d"] = orders
        columns[f"spend_sum_{window}d"] = spend / UNITS
        columns[f"spend_per_order_{window}d"] = spend / UNITS / orders.where(orders > 0)
        columns[f"order_count_change_{window}d"] = 2 * orders - table[f"orders_{2 * window}"]
        columns[f"spend_sum_change_{window}d"] = (2 * spend - table[f"spend_{2 * window}"]) / UNITS
    return columns


def last_year(table: pd.DataFrame, horizon_days: int, covered: bool) -> dict[str, pd.Series]:
    """Orders and spend in the same days a year ago, missing where the data does not reach that far back."""
    end = max(YEAR - horizon_days, 0)
    orders = table[f"orders_{YEAR}"] - table[f"orders_{end}"]
    spend = (table[f"spend_{YEAR}"] - table[f"spend_{end}"]) / UNITS
    season = {f"order_count_same_{horizon_days}d_last_year": orders, f"spend_sum_same_{horizon_days}d_last_year": spend}
    return season if covered else {name: values * np.nan for name, values in season.items()}
