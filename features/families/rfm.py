"""The RFM family: recency, frequency, monetary, rhythm, trend, basket, breadth, refunds, same season last year."""

from __future__ import annotations

from features.definitions import (
    DaysSinceFirst,
    DaysSinceLast,
    Difference,
    Gaps,
    Largest,
    Ratio,
    Spread,
    Sum,
)
from features.feature import Feature, Unit, Usual, Words, slug, step

SINCE = "days_since_first_order"
SEASON_DAYS = 365
CATEGORY_DAYS = 365
PRODUCT, CATEGORY, QUANTITY, COST = "orders.product_id", "orders.category", "orders.quantity", "orders.cost"


def rfm_features(words: Words) -> list[Feature]:
    """What orders tell, in column order."""
    return [
        *_recency(), *_frequency(words), *_monetary(words), *_rhythm(), *_trend(words), *_basket(), *_breadth(), *_refunds(),
        *_season(words.horizon_days), *(feature for category in words.categories for feature in _category(category)),
    ]  # fmt: skip


def _recency() -> list[Feature]:
    return [
        Feature("days_since_last_order", "recency", "days", "days since the last order", "距上次下单天数", DaysSinceLast("orders.order_count"), -1, usual=Usual(feature="gap_days_mean")),
        Feature("days_since_first_order", "recency", "days", "days since the first order", "距首次下单天数", DaysSinceFirst("orders.order_count")),
        Feature("days_first_to_last_order", "recency", "days", "days from the first to the last order", "首末次下单间隔天数", Difference("days_since_first_order", "days_since_last_order"), 1),
    ]  # fmt: skip


def _frequency(words: Words) -> list[Feature]:
    return [
        Feature("order_count", "frequency", "orders", "orders so far", "累计订单数", Sum("orders.order_count"), 1),
        Feature("order_day_count", "frequency", "days", "days with an order so far", "累计下单天数", Gaps("orders.order_count", "days"), 1),
        *[Feature(f"order_count_{w}d", "frequency", "orders", f"orders in the last {w} days", f"近{w}天订单数", Sum("orders.order_count", w), 1, usual=Usual(feature="order_count", since=SINCE, days=w)) for w in words.windows_days],
    ]  # fmt: skip


def _monetary(words: Words) -> list[Feature]:
    return [
        Feature("spend_sum", "monetary", "money", "spend so far, before refunds", "累计消费额（未扣退款）", Sum("orders.spend"), 1),
        *[Feature(f"spend_sum_{w}d", "monetary", "money", f"spend in the last {w} days, before refunds", f"近{w}天消费额（未扣退款）", Sum("orders.spend", w), 1, usual=Usual(feature="spend_sum", since=SINCE, days=w)) for w in words.windows_days],
        Feature("spend_per_order", "monetary", "money", "average order value so far", "累计客单价", Ratio("spend_sum", "order_count")),
        *[Feature(f"spend_per_order_{w}d", "monetary", "money", f"average order value in the last {w} days", f"近{w}天客单价", Ratio(f"spend_sum_{w}d", f"order_count_{w}d"), usual=Usual(feature="spend_per_order")) for w in words.windows_days],
        Feature("goods_cost_sum", "monetary", "money", "what the goods bought so far cost the company, less those given back", "累计商品成本（扣除退货）", Sum("orders.cost"), needs=(COST,)),
        Feature("order_spend_max", "monetary", "money", "largest order so far", "最大单笔订单额", Largest("orders.order_spend")),
    ]  # fmt: skip


def _rhythm() -> list[Feature]:
    count, total, squares = (f"_gap_days_{statistic}" for statistic in ("count", "sum", "squares"))
    return [
        step(count, Gaps("orders.order_count", "count")),
        step(total, Gaps("orders.order_count", "sum")),
        step(squares, Gaps("orders.order_count", "squares")),
        Feature("gap_days_mean", "rhythm", "days", "usual days between orders", "平均下单间隔天数", Ratio(total, count)),
        Feature("gap_days_std", "rhythm", "days", "how much the days between orders vary (standard deviation)", "下单间隔标准差（天）", Spread(count, total, squares)),
        Feature("gap_days_max", "rhythm", "days", "longest pause between orders", "最长下单间隔天数", Gaps("orders.order_count", "largest")),
        Feature("overdue_ratio", "rhythm", "ratio", "days since the last order over the usual days between orders", "距上次下单天数与平均间隔之比", Ratio("days_since_last_order", "gap_days_mean"), -1),
    ]  # fmt: skip


def _trend(words: Words) -> list[Feature]:
    trends: tuple[tuple[str, Unit, str, str, str, str], ...] = (
        ("order_count", "orders", "orders.order_count", "orders", "those", "订单数"),
        ("spend_sum", "money", "orders.spend", "spend", "that", "消费额"),
    )
    features = []
    for name, unit, measure, said, less, said_zh in trends:
        for w in words.windows_days:
            before = f"_{name}_before_{w}d"
            meaning = f"{said} in the last {w} days less {less} in the {w} days before"
            features += [
                step(before, Sum(measure, since_days=2 * w, until_days=w)),
                Feature(f"{name}_change_{w}d", "trend", unit, meaning, f"近{w}天{said_zh}较前{w}天的变化", Difference(f"{name}_{w}d", before)),
            ]  # fmt: skip
    return features


def _basket() -> list[Feature]:
    return [
        step("_line_count_sum", Sum("orders.line_count")),
        Feature("spend_per_line", "basket", "money", "average value of an order line", "平均每行金额", Ratio("spend_sum", "_line_count_sum")),
        Feature("line_count_per_order", "basket", "lines", "order lines per order", "平均每单行数", Ratio("_line_count_sum", "order_count")),
        step("_quantity_sum", Sum("orders.quantity"), QUANTITY),
        step("_quantity_order_count", Sum("orders.quantity_order_count"), QUANTITY),
        Feature("quantity_per_order", "basket", "units", "units per order, of those that say how many", "平均每单件数（仅计有数量记录的订单）", Ratio("_quantity_sum", "_quantity_order_count"), needs=(QUANTITY,)),
    ]  # fmt: skip


def _breadth() -> list[Feature]:
    return [
        Feature("product_count", "breadth", "products", "different products bought so far", "累计购买商品种数", Sum("firsts.new_product_id"), 1, needs=(PRODUCT,)),
        Feature("category_count", "breadth", "categories", "different categories bought so far", "累计购买品类数", Sum("firsts.new_category"), 1, needs=(CATEGORY,)),
    ]  # fmt: skip


def _refunds() -> list[Feature]:
    return [
        Feature("refund_count", "refunds", "refunds", "orders with money given back so far", "累计退款订单数", Sum("orders.refund_count")),
        Feature("refund_sum", "refunds", "money", "money given back so far", "累计退款额", Sum("orders.refund")),
        Feature("refund_sum_365d", "refunds", "money", "money given back in the last 365 days", "近365天退款额", Sum("orders.refund", 365)),
        Feature("refund_share_of_spend", "refunds", "share", "money given back over spend so far", "退款占消费比例", Ratio("refund_sum", "spend_sum")),
        Feature("refund_count_per_order", "refunds", "ratio", "orders with money given back over orders so far", "退款订单占比（退款订单数/订单数）", Ratio("refund_count", "order_count")),
        Feature("days_since_last_refund", "refunds", "days", "days since money was last given back", "距上次退款天数", DaysSinceLast("orders.refund")),
    ]  # fmt: skip


def _season(h: int) -> list[Feature]:
    """What she did in the same stretch of last year; missing where the data does not reach that far back."""
    if h > SEASON_DAYS:
        return []  # the same stretch of last year is not over yet
    # e.g. as_of 2011-09-09, horizon 90: orders from 2010-09-09 (365 days ago) to 2010-12-07 (276 days ago)
    last_year = {"since_days": SEASON_DAYS, "until_days": SEASON_DAYS - h, "history_days": SEASON_DAYS}
    return [
        Feature(f"order_count_same_{h}d_last_year", "season", "orders", f"orders in the same {h} days a year ago", f"去年同期{h}天订单数", Sum("orders.order_count", **last_year), 1),
        Feature(f"spend_sum_same_{h}d_last_year", "season", "money", f"spend in the same {h} days a year ago", f"去年同期{h}天消费额", Sum("orders.spend", **last_year), 1),
    ]  # fmt: skip


def _category(category: str) -> list[Feature]:
    w, name = CATEGORY_DAYS, slug(category)
    return [
        Feature(f"order_count_{w}d_of_{name}", "category", "orders", f"orders with {category} in the last {w} days", f"近{w}天含“{category}”的订单数", Sum(f"orders.order_count_of_{name}", w), 1, needs=(CATEGORY,)),
        Feature(f"spend_sum_{w}d_of_{name}", "category", "money", f"spend on {category} in the last {w} days", f"近{w}天“{category}”消费额", Sum(f"orders.spend_of_{name}", w), 1, needs=(CATEGORY,)),
        Feature(f"days_since_last_order_of_{name}", "category", "days", f"days since the last order with {category}", f"距上次购买“{category}”天数", DaysSinceLast(f"orders.spend_of_{name}"), -1, needs=(CATEGORY,)),
    ]  # fmt: skip
