"""Every feature: what it means (en, zh), its unit, its family, and which way it is known to push.

The names here are the columns of a snapshot, in order; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from features.categories import WINDOW_DAYS, slug

Family = Literal["recency", "frequency", "monetary", "rhythm", "trend", "basket", "breadth", "refunds", "season", "category"]
Unit = Literal["days", "orders", "money", "lines", "units", "products", "categories", "refunds", "ratio", "day"]
DAY_OF_YEAR = "day_of_year"  # of as_of: the same for all customers of a date
FAMILY_ZH: dict[Family, str] = {
    "recency": "最近购买", "frequency": "购买频次", "monetary": "消费金额", "rhythm": "购买节奏", "trend": "变化趋势",
    "basket": "订单构成", "breadth": "购买广度", "refunds": "退货退款", "season": "去年同期", "category": "品类偏好",
}  # fmt: skip


@dataclass(frozen=True)
class Feature:
    """One column of a snapshot. `needs` names the optional order columns it is computed from."""

    name: str
    family: Family
    unit: Unit
    meaning: str
    meaning_zh: str
    needs: tuple[str, ...] = ()


def catalogue(
    *, windows_days: tuple[int, ...], horizon_days: int, categories: tuple[str, ...], mapped: Iterable[str]
) -> tuple[Feature, ...]:
    """The features of a project, in column order: those whose order columns are `mapped`."""
    has = set(mapped)
    features = [*_customer_features(windows_days, horizon_days), *_category_features(categories)]
    return tuple(feature for feature in features if set(feature.needs) <= has)


def _customer_features(windows_days: tuple[int, ...], horizon_days: int) -> list[Feature]:
    h = horizon_days
    return [
        Feature("days_since_last_order", "recency", "days", "days since the last order", "距上次下单天数"),
        Feature("days_since_first_order", "recency", "days", "days since the first order", "距首次下单天数"),
        Feature("days_first_to_last_order", "recency", "days", "days from the first to the last order", "首末次下单间隔天数"),
        Feature("order_count", "frequency", "orders", "orders so far", "累计订单数"),
        Feature("order_day_count", "frequency", "days", "days with an order so far", "累计下单天数"),
        *[Feature(f"order_count_{w}d", "frequency", "orders", f"orders in the last {w} days", f"近{w}天订单数") for w in windows_days],
        Feature("spend_sum", "monetary", "money", "spend so far, before refunds", "累计消费额（未扣退款）"),
        *[Feature(f"spend_sum_{w}d", "monetary", "money", f"spend in the last {w} days, before refunds", f"近{w}天消费额（未扣退款）") for w in windows_days],
        Feature("spend_per_order", "monetary", "money", "average order value so far", "累计客单价"),
        *[Feature(f"spend_per_order_{w}d", "monetary", "money", f"average order value in the last {w} days", f"近{w}天客单价") for w in windows_days],
        Feature("order_spend_max", "monetary", "money", "largest order so far", "最大单笔订单额"),
        Feature("gap_days_mean", "rhythm", "days", "usual days between orders", "平均下单间隔天数"),
        Feature("gap_days_std", "rhythm", "days", "how much the days between orders vary (standard deviation)", "下单间隔标准差（天）"),
        Feature("gap_days_max", "rhythm", "days", "longest pause between orders", "最长下单间隔天数"),
        Feature("overdue_ratio", "rhythm", "ratio", "days since the last order over the usual days between orders", "距上次下单天数与平均间隔之比"),
        *[Feature(f"order_count_change_{w}d", "trend", "orders", f"orders in the last {w} days less those in the {w} days before", f"近{w}天订单数较前{w}天的变化") for w in windows_days],
        *[Feature(f"spend_sum_change_{w}d", "trend", "money", f"spend in the last {w} days less that in the {w} days before", f"近{w}天消费额较前{w}天的变化") for w in windows_days],
        Feature("spend_per_line", "basket", "money", "average value of an order line", "平均每行金额"),
        Feature("line_count_per_order", "basket", "lines", "order lines per order", "平均每单行数"),
        Feature("quantity_per_order", "basket", "units", "units per order", "平均每单件数", ("quantity",)),
        Feature("product_count", "breadth", "products", "different products bought so far", "累计购买商品种数", ("product_id",)),
        Feature("category_count", "breadth", "categories", "different categories bought so far", "累计购买品类数", ("category",)),
        Feature("refund_count", "refunds", "refunds", "orders with money given back so far", "累计退款订单数"),
        Feature("refund_sum", "refunds", "money", "money given back so far", "累计退款额"),
        Feature("refund_sum_365d", "refunds", "money", "money given back in the last 365 days", "近365天退款额"),
        Feature("refund_share_of_spend", "refunds", "ratio", "money given back over spend so far", "退款占消费比例"),
        Feature("days_since_last_refund", "refunds", "days", "days since money was last given back", "距上次退款天数"),
        Feature(f"order_count_same_{h}d_last_year", "season", "orders", f"orders in the same {h} days a year ago", f"去年同期{h}天订单数"),
        Feature(f"spend_sum_same_{h}d_last_year", "season", "money", f"spend in the same {h} days a year ago", f"去年同期{h}天消费额"),
        Feature(DAY_OF_YEAR, "season", "day", "day of the year", "一年中的第几天"),
    ]  # fmt: skip


def _category_features(categories: tuple[str, ...]) -> list[Feature]:
    w, needs = WINDOW_DAYS, ("category",)
    return [
        feature
        for c in categories
        for feature in (
            Feature(f"order_count_{w}d_of_{slug(c)}", "category", "orders", f"orders with {c} in the last {w} days", f"近{w}天含“{c}”的订单数", needs),
            Feature(f"spend_sum_{w}d_of_{slug(c)}", "category", "money", f"spend on {c} in the last {w} days", f"近{w}天“{c}”消费额", needs),
            Feature(f"days_since_last_order_of_{slug(c)}", "category", "days", f"days since the last order with {c}", f"距上次购买“{c}”天数", needs),
        )
    ]  # fmt: skip
