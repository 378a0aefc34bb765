"""Order lines added up once to days, so that every snapshot date reuses the sums instead of the lines."""

from __future__ import annotations

import ibis


def order_days(lines: ibis.Table, by: list[str]) -> ibis.Table:
    """One row per `by` and `day` (and per `known_day` on which lines of that day became known).

    `lines` come from `features.known.with_days`. An order counts where it has a line with a positive amount; what
    is given back is `refund`, a positive number. An order whose lines fall on several days counts on each of them,
    as a standing order does.
    """
    orders = _orders(lines, by)
    measures = {
        "order_count": orders.is_order.sum(),
        "spend": orders.spend.sum(),
        "order_spend_max": orders.spend_known.max(),
        "line_count": orders.line_count.sum(),
        "refund": orders.refund.sum(),
        "refund_count": orders.is_refund.sum(),
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
        measures["quantity"] = lines.quantity.sum(where=bought)
    orders = lines.group_by([*by, "order_id", "day", "known_day"]).agg(**measures)
    order = [*by, "order_id", "day"]

    def is_first(counts: ibis.Value) -> ibis.Value:
        first_day = ibis.ifelse(counts, orders.known_day, None).min().over(group_by=order)
        return counts & (orders.known_day == first_day)

    # Parts of an order that became known on several days are one order: it counts on the first of them only, and
    # on each of them it is as large as all that was known of it by then.
    known = orders.spend.sum().over(ibis.cumulative_window(group_by=order, order_by=orders.known_day))
    return orders.mutate(
        is_order=is_first(orders.spend > 0), is_refund=is_first(orders.refund > 0), spend_known=known.nullif(0)
    )
