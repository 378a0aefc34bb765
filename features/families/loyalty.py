"""The loyalty family: regular, forgiving and price-minded buying, as the field measures it."""

from __future__ import annotations

import ibis

from features.definitions import AtLeast, Difference, Ratio, Sum
from features.feature import Feature, Words, step
from features.known import FACT_KEY, with_days
from features.tables import COMPLAINT, EXACT

DISCOUNT, QUANTITY, PRODUCT = "orders.discount", "orders.quantity", "orders.product_id"


def loyalty_features(words: Words) -> list[Feature]:
    """What repeat purchases, discounts, price rises and troubles say of loyalty."""
    return [*_repeat(words), *_discounts(), *_price_rises(), *_comebacks(words)]


def _repeat(words: Words) -> list[Feature]:
    first_look = [
        Feature("days_first_contact_to_first_order", "loyalty", "days", "days from the first contact to the first order (negative if she ordered first)", "从首次接触到首次下单的天数（先下单为负）", Difference("days_since_first_interaction", "days_since_first_order"), needs=("interactions",)),
    ]  # fmt: skip
    return [
        Feature("has_reordered", "loyalty", "yes or no", "has ordered on two days or more", "是否复购", AtLeast("order_day_count", 2), 1),
        Feature("gap_days_variation", "loyalty", "ratio", "how irregular the days between orders are (standard deviation over mean)", "下单间隔变异系数（标准差/均值）", Ratio("gap_days_std", "gap_days_mean"), -1),
        *(first_look if words.has("interactions") else []),
    ]  # fmt: skip


def _discounts() -> list[Feature]:
    return [
        step("_discounted_spend_sum", Sum("orders.discounted_spend"), DISCOUNT),
        step("_discounted_spend_sum_365d", Sum("orders.discounted_spend", 365), DISCOUNT),
        step("_spend_sum_365d", Sum("orders.spend", 365)),
        Feature("discounted_spend_share", "loyalty", "share", "price sensitivity: share of spend on lines bought at a discount", "折扣商品消费占比（价格敏感度）", Ratio("_discounted_spend_sum", "spend_sum"), needs=(DISCOUNT,)),
        Feature("discounted_spend_share_365d", "loyalty", "share", "share of spend on lines bought at a discount, last 365 days", "近365天折扣商品消费占比", Ratio("_discounted_spend_sum_365d", "_spend_sum_365d"), needs=(DISCOUNT,)),
        Feature("discount_sum", "loyalty", "money", "discounts taken so far", "累计享受折扣额", Sum("orders.discount"), needs=(DISCOUNT,)),
    ]  # fmt: skip


def _price_rises() -> list[Feature]:
    needs = (QUANTITY, PRODUCT)
    return [
        step("_units_before_price_rise", Sum("price_rises.units_before"), *needs),
        step("_units_after_price_rise", Sum("price_rises.units_after"), *needs),
        Feature("units_after_over_before_price_rise", "loyalty", "ratio", "when she bought a product again at a higher price: units then over units the time before", "同一商品涨价后再次购买的数量与涨价前一次之比", Ratio("_units_after_price_rise", "_units_before_price_rise"), 1, needs),
        Feature("price_rise_count", "loyalty", "orders", "times she bought a product again although its price had risen", "涨价后仍再次购买的次数", Sum("price_rises.rise_count"), 1, needs),
    ]  # fmt: skip


def _comebacks(words: Words) -> list[Feature]:
    what, what_zh = ("a complaint or refund", "投诉或退款") if words.has("interactions") else ("a refund", "退款")
    return [
        step("_trouble_count", Sum("comebacks.trouble_count")),
        Feature("comeback_count", "loyalty", "orders", f"times she ordered again after {what}", f"{what_zh}后再次下单的次数", Sum("comebacks.comeback_count"), 1),
        Feature("comeback_share", "loyalty", "share", f"tolerance: share of the times with {what} after which she ordered again", f"{what_zh}后再次下单的比例（容忍度）", Ratio("comeback_count", "_trouble_count"), 1),
    ]  # fmt: skip


def price_rise_facts(orders: ibis.Table) -> ibis.Table:
    """Purchases of a product at a higher unit price than the customer's purchase before it that was known by then.

    One row per customer, day and known day. Purchases follow one another as they became known, so that a fact never
    depends on what became known after it.
    """
    lines = with_days(orders)
    bought = lines.filter((lines.amount > 0) & (lines.quantity > 0) & lines.product_id.notnull())
    key = ["customer_id", "product_id"]
    days = bought.group_by([*key, "day", "known_day"]).agg(spend=bought.amount.sum(), units=bought.quantity.sum())
    before = ibis.window(group_by=key, order_by=[days.known_day, days.day])
    pairs = days.mutate(spend_before=days.spend.lag().over(before), units_before=days.units.lag().over(before))
    # Prices compared without dividing: spend / units > spend_before / units_before, with 0.1 % for rounding.
    now = pairs.spend.cast("float64") * pairs.units_before.cast("float64")
    then = pairs.spend_before.cast("float64") * pairs.units.cast("float64")
    rises = pairs.filter(now > then * 1.001)
    return rises.group_by(FACT_KEY).agg(
        rise_count=rises.count(), units_before=rises.units_before.sum().cast(EXACT), units_after=rises.units.sum().cast(EXACT)
    )


def comeback_facts(orders: ibis.Table, interactions: ibis.Table | None) -> ibis.Table:
    """Troubles (refunds and complaints) and the orders that followed, one row per customer, day and known day.

    Days follow one another as they became known. Several troubles in a row are one; on a day with both an order and a
    trouble the order came first.
    """
    lines = with_days(orders)
    events = lines.select(*FACT_KEY, ordered=(lines.amount > 0).cast("int64"), trouble=(lines.amount < 0).cast("int64"))
    if interactions is not None:
        contacts = with_days(interactions)
        complaints = contacts.filter(contacts.kind == COMPLAINT)
        zero, one = ibis.literal(0, "int64"), ibis.literal(1, "int64")
        events = events.union(complaints.select(*FACT_KEY, ordered=zero, trouble=one))
    events = events.filter((events.ordered > 0) | (events.trouble > 0))
    days = events.group_by(FACT_KEY).agg(ordered=events.ordered.max(), trouble=events.trouble.max())
    before = ibis.window(group_by="customer_id", order_by=[days.known_day, days.day])
    days = days.mutate(in_trouble=days.trouble.lag().over(before).fill_null(0))
    came_back = (days.ordered > 0) & (days.in_trouble > 0)
    new_trouble = (days.trouble > 0) & ((days.in_trouble == 0) | (days.ordered > 0))
    return days.select(*FACT_KEY, trouble_count=new_trouble.cast("int64"), comeback_count=came_back.cast("int64"))
