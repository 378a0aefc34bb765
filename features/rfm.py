"""The RFM family: recency, frequency, monetary, rhythm, trend, basket, breadth, refunds, same season last year."""

from __future__ import annotations

import ibis

from features.known import seen, with_days
from features.order_days import order_days

KEY = ["customer_id", "as_of"]
SEASON_DAYS = 365


def rfm(orders: ibis.Table, dates: ibis.Table, *, windows_days: tuple[int, ...], horizon_days: int) -> ibis.Table:
    """The RFM features, one row per (customer_id, as_of) for customers with any order line known before `as_of`.

    `orders` holds contract columns; `dates` has `as_of` and `history_days` (days of data before it). Features of
    columns the company has not mapped are absent. Meanings and units are in `features.catalogue`.
    """
    lines = with_days(orders)
    days = seen(order_days(lines, by=["customer_id"]), dates)
    table = days.group_by([*KEY, "history_days"]).agg(
        **_recency(days),
        **_windows(days, windows_days),
        **_basket(days),
        **_refunds(days),
        **_same_season_last_year(days, horizon_days),
    )
    for part in (_rhythm(days), *_breadth(lines, dates)):
        table = table.left_join(part, KEY).drop("customer_id_right", "as_of_right")
    return _ratios(table, windows_days)


def _recency(days: ibis.Table) -> dict[str, ibis.Value]:
    ordered = days.order_count > 0
    return {
        "days_since_last_order": days.days_ago.min(where=ordered),
        "days_since_first_order": days.days_ago.max(where=ordered),
        "order_count": days.order_count.sum(),
        "spend_sum": days.spend.sum(),
    }


def _windows(days: ibis.Table, windows_days: tuple[int, ...]) -> dict[str, ibis.Value]:
    features: dict[str, ibis.Value] = {}
    for window in windows_days:
        within = days.days_ago <= window
        before = (days.days_ago > window) & (days.days_ago <= 2 * window)
        for name, measure in (("order_count", days.order_count), ("spend_sum", days.spend)):
            now = measure.sum(where=within).fill_null(0)
            features[f"{name}_{window}d"] = now
            features[f"{name}_change_{window}d"] = now - measure.sum(where=before).fill_null(0)
    return features


def _basket(days: ibis.Table) -> dict[str, ibis.Value]:
    features = {"order_spend_max": days.order_spend_max.max(), "line_count_sum": days.line_count.sum()}
    if "quantity" in days.columns:
        features["quantity_sum"] = days.quantity.sum()
    return features


def _refunds(days: ibis.Table) -> dict[str, ibis.Value]:
    return {
        "refund_count": days.refund_count.sum(),
        "refund_sum": days.refund.sum(),
        "refund_sum_365d": days.refund.sum(where=days.days_ago <= 365).fill_null(0),
        "days_since_last_refund": days.days_ago.min(where=days.refund > 0),
    }


def _same_season_last_year(days: ibis.Table, horizon_days: int) -> dict[str, ibis.Value]:
    """What she did in the same stretch of last year; missing where the data does not reach that far back."""
    # e.g. as_of 2011-09-09, horizon 90: orders from 2010-09-09 (365 days ago) to 2010-12-07 (276 days ago)
    season = (days.days_ago <= SEASON_DAYS) & (days.days_ago > SEASON_DAYS - horizon_days)
    covered = days.history_days.max() >= SEASON_DAYS
    return {
        f"order_count_same_{horizon_days}d_last_year": covered.ifelse(days.order_count.sum(where=season).fill_null(0), None),
        f"spend_sum_same_{horizon_days}d_last_year": covered.ifelse(days.spend.sum(where=season).fill_null(0), None),
    }


def _rhythm(days: ibis.Table) -> ibis.Table:
    """Gaps between successive days with an order, one row per (customer_id, as_of)."""
    ordered = days.filter(days.order_count > 0)
    window = ibis.window(group_by=KEY, order_by=ordered.day)
    gaps = ordered.mutate(gap=ordered.day.delta(ordered.day.lag().over(window), unit="day"))
    gaps = gaps.filter(gaps.gap > 0)  # the same day twice is one day whose orders became known on two
    table = gaps.group_by(KEY).agg(
        gap_count=gaps.count(), gap_sum=gaps.gap.sum(), gap_squares=(gaps.gap * gaps.gap).sum(), gap_days_max=gaps.gap.max()
    )
    count, total = table.gap_count.cast("float64"), table.gap_sum.cast("float64")
    # The sample variance from whole-number sums: exact, and the same in any row order.
    variance = (table.gap_squares.cast("float64") - total * total / count) / (count - 1).nullif(0)
    return table.mutate(gap_days_mean=total / count, gap_days_std=variance.clip(lower=0).sqrt()).drop("gap_sum", "gap_squares")


def _breadth(lines: ibis.Table, dates: ibis.Table) -> list[ibis.Table]:
    """How many different products and categories were bought so far: counted by when each became known first."""
    tables = []
    for column, feature in (("product_id", "product_count"), ("category", "category_count")):
        if column in lines.columns:
            bought = lines.filter((lines.amount > 0) & lines[column].notnull())
            first = bought.group_by(["customer_id", column]).agg(day=bought.day.min(), known_day=bought.known_day.min())
            known = seen(first, dates)
            tables.append(known.group_by(KEY).agg(known.count().name(feature)))
    return tables


def _ratios(table: ibis.Table, windows_days: tuple[int, ...]) -> ibis.Table:
    """The features that are quotients of others; the sums that served only for them are left out."""
    orders = table.order_count.cast("float64").nullif(0)
    lines = table.line_count_sum.cast("float64").nullif(0)
    spend = table.spend_sum.cast("float64")
    ratios = {
        "days_first_to_last_order": table.days_since_first_order - table.days_since_last_order,
        "order_day_count": ibis.ifelse(table.order_count == 0, 0, table.gap_count.fill_null(0) + 1),
        "overdue_ratio": table.days_since_last_order / table.gap_days_mean,
        "spend_per_order": spend / orders,
        "spend_per_line": spend / lines,
        "line_count_per_order": lines / orders,
        "refund_share_of_spend": table.refund_sum.cast("float64") / spend.nullif(0),
    }
    if "quantity_sum" in table.columns:
        ratios["quantity_per_order"] = table.quantity_sum.cast("float64") / orders
    for window in windows_days:
        in_window = table[f"order_count_{window}d"].cast("float64").nullif(0)
        ratios[f"spend_per_order_{window}d"] = table[f"spend_sum_{window}d"].cast("float64") / in_window
    sums_only = {"history_days", "quantity_sum", "line_count_sum", "gap_count"} & set(table.columns)
    return table.mutate(**ratios).drop(*sums_only)
