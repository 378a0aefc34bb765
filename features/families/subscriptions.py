"""The subscription family: what runs, since when, for how much, and how often something ended."""

from __future__ import annotations

import ibis

from features.definitions import DaysSinceFirst, DaysSinceLast, Difference, Sum
from features.feature import Feature, Words, step
from features.known import FACT_KEY, with_days
from features.tables import EXACT

FEE = "subscriptions.fee"


def subscription_features(words: Words) -> list[Feature]:
    """What contract periods tell, in column order."""
    return [
        Feature("subscription_count", "subscription", "subscriptions", "subscriptions started so far", "累计订阅数", Sum("subscriptions.started_count"), 1),
        step("_ended_count", Sum("subscriptions.ended_count")),
        Feature("running_subscription_count", "subscription", "subscriptions", "subscriptions that run", "当前有效订阅数", Difference("subscription_count", "_ended_count"), 1),
        *[Feature(f"started_count_{w}d", "subscription", "subscriptions", f"subscriptions started in the last {w} days", f"近{w}天新增订阅数", Sum("subscriptions.started_count", w), 1) for w in words.windows_days],
        *[Feature(f"ended_count_{w}d", "subscription", "subscriptions", f"subscriptions ended in the last {w} days", f"近{w}天终止订阅数", Sum("subscriptions.ended_count", w), -1) for w in words.windows_days],
        Feature("days_since_first_start", "subscription", "days", "days since the first subscription started", "距首次订阅天数", DaysSinceFirst("subscriptions.started_count")),
        Feature("days_since_last_start", "subscription", "days", "days since the last subscription started", "距最近一次订阅天数", DaysSinceLast("subscriptions.started_count")),
        Feature("days_since_last_end", "subscription", "days", "days since the last subscription ended", "距最近一次订阅终止天数", DaysSinceLast("subscriptions.ended_count")),
        step("_fee_started_sum", Sum("subscriptions.fee_started"), FEE),
        step("_fee_ended_sum", Sum("subscriptions.fee_ended"), FEE),
        Feature("running_fee", "subscription", "money", "monthly fee of the subscriptions that run", "当前有效订阅月费合计", Difference("_fee_started_sum", "_fee_ended_sum"), 1, (FEE,)),
        Feature("fee_started_365d", "subscription", "money", "monthly fee of subscriptions started in the last 365 days", "近365天新增订阅月费合计", Sum("subscriptions.fee_started", 365), 1, (FEE,)),
        Feature("fee_ended_365d", "subscription", "money", "monthly fee of subscriptions ended in the last 365 days", "近365天终止订阅月费合计", Sum("subscriptions.fee_ended", 365), -1, (FEE,)),
    ]  # fmt: skip


def subscription_facts(subscriptions: ibis.Table) -> ibis.Table:
    """Starts and ends, one row per customer, day and known day. An end is an event of its own: nobody knows it before."""
    starts = with_days(subscriptions, at="started_at")
    ended = subscriptions.filter(subscriptions.ended_at.notnull())
    # An end is known when it happened and the row was recorded.
    ends = with_days(ended, at="ended_at")
    events = _events(starts, "started").union(_events(ends, "ended"))
    sums = {name: events[name].sum().cast("int64") for name in ("started_count", "ended_count")}
    if "fee" in subscriptions.columns:
        sums |= {name: events[name].sum().cast(EXACT) for name in ("fee_started", "fee_ended")}
    return events.group_by(FACT_KEY).agg(**sums)


def _events(rows: ibis.Table, what: str) -> ibis.Table:
    counts = {f"{other}_count": ibis.literal(int(other == what), "int64") for other in ("started", "ended")}
    if "fee" in rows.columns:
        fee = rows.fee.fill_null(0).cast(EXACT)
        counts |= {f"fee_{other}": fee if other == what else ibis.literal(0).cast(EXACT) for other in ("started", "ended")}
    return rows.select(*FACT_KEY, **counts)
