"""Who is eligible on a date, and why the others are not. Training and scoring ask this one function."""

from __future__ import annotations

import ibis

from features.project import CohortSection


def not_eligible_because(snapshot: ibis.Table, settings: CohortSection) -> ibis.Value:
    """The reason why a customer of the snapshot is not eligible; null for those who are."""
    orders_min, within = settings.orders_min, settings.ordered_within_days
    rules = [(snapshot.order_count < orders_min, f"fewer than {orders_min} orders before the date")]
    if orders_min == 1:
        rules = [(snapshot.order_count < 1, "no order before the date")]
    if within is not None:
        rules.append((snapshot.days_since_last_order > within, f"no order in the {within} days before the date"))
    return ibis.cases(*rules)
