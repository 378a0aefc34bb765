"""The category features: how often, how lately and how much of each main category a customer buys."""

from __future__ import annotations

import re

import ibis

from features.known import seen, with_days
from features.order_days import order_days
from features.rfm import KEY

WINDOW_DAYS = 365


def slug(category: str) -> str:
    """A category's name as it stands in column names.

    >>> slug("Tea & Baking")
    'tea_baking'
    """
    return re.sub(r"\W+", "_", category.lower()).strip("_")


def most_bought_categories(orders: ibis.Table, before: ibis.Value, count: int) -> tuple[str, ...]:
    """The `count` categories with the most buyers known before the first snapshot: no later row can change them."""
    lines = with_days(orders)
    bought = lines.filter((lines.amount > 0) & lines.category.notnull() & (lines.known_day < before))
    buyers = bought.group_by("category").agg(buyers=bought.customer_id.nunique())
    ranked = buyers.order_by(ibis.desc("buyers"), "category").limit(count).execute()
    return tuple(ranked["category"])


def category_features(orders: ibis.Table, dates: ibis.Table, categories: tuple[str, ...]) -> ibis.Table:
    """Three features per category, one row per (customer_id, as_of) for customers who bought in any of them."""
    lines = with_days(orders)
    lines = lines.filter((lines.amount > 0) & lines.category.isin(categories))
    visible = seen(order_days(lines, by=["customer_id", "category"]), dates)
    features: dict[str, ibis.Value] = {}
    for category in categories:
        own = visible.category == category
        recent = own & (visible.days_ago <= WINDOW_DAYS)
        features[f"order_count_{WINDOW_DAYS}d_of_{slug(category)}"] = visible.order_count.sum(where=recent).fill_null(0)
        features[f"spend_sum_{WINDOW_DAYS}d_of_{slug(category)}"] = visible.spend.sum(where=recent).fill_null(0)
        features[f"days_since_last_order_of_{slug(category)}"] = visible.days_ago.min(where=own)
    return visible.group_by(KEY).agg(**features)
