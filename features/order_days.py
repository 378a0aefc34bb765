"""Order lines added up once to days, so that every snapshot date reuses the sums instead of the lines."""

from __future__ import annotations

import ibis


def order_days(lines: ibis.Table, by: list[str]) -> ibis.Table:
    """One row per `by` and `day` (and per `known_day` on which lines of that day became known).

    `lines` come from `features.known.with_days`. An order counts where it has a line with a positive amount; what
    is given back is `refund`, a positive number.
    """
    orders = _orders(lines, by)
    measures = {
        "order_count": orders.is_order.sum(),
        "spend": orders.spend.sum(),
        "order_spend_max": orders.spend.max(),
        "line_count": orders.line_count.sum(),
        "refund": orders.refund.sum(),
        "refund_count": (orders.refund > 0).sum(),
    }
    if "quantity" in orders.columns:
        measures["quantity"] = orders.quantity.sum()
    return orders.group_by([*by, "day", "known_day"]).agg(**measures)


def _orders(lines: ibis.Table, by: list[str]) -> ibis.Table:
    """One row per `by`, order and day (and per day it became known): what was bought and what was given back."""
    bought = lines.amount > 0
    measures = {
        "spend": lines.amount.sum(where=bought).fill_null(0),
        "refund": -lines.amount.sum(where=lines.amount < 0).fill_null(0),
        "line_count": bought.sum(),
    }
    if "quantity" in lines.columns:
        measures["quantity"] = lines.quantity.sum(where=bought).fill_null(0)
    orders = lines.group_by([*by, "order_id", "day", "known_day"]).agg(**measures)
    # An order whose lines became known on several days is counted on the first of them only.
    nth = ibis.row_number().over(group_by=[*by, "order_id", "day"], order_by=[(orders.spend > 0).desc(), orders.known_day])
    return orders.mutate(is_order=(orders.spend > 0) & (nth == 0))
