"""The interaction family: contacts of each kind, campaign touches, and complaints with how long they stayed open."""

from __future__ import annotations

import ibis

from features.definitions import DaysSinceFirst, DaysSinceLast, Difference, Largest, Ratio, Sum
from features.feature import Family, Feature, Usual, Words, slug, step
from features.known import FACT_KEY, with_days
from features.tables import COMPLAINT, EXACT, NO_ACTION

OPEN, CLICK = "email_open", "email_click"
CHANNEL_DAYS = 365
VALUE, DURATION, RESOLVED = "interactions.value", "interactions.duration_s", "interactions.resolved_at"


def interaction_features(words: Words) -> list[Feature]:
    """What contacts tell, in column order."""
    features = [*_all_kinds(), *(feature for kind in words.kinds for feature in _kind(kind, words))]
    features += [feature for channel in words.channels for feature in _channel(channel)]
    if {OPEN, CLICK} <= set(words.kinds):
        features.append(Feature("email_click_share_of_opens", "campaign", "share", "clicks per opened e-mail so far", "邮件点击率（点击/打开）", Ratio("email_click_count", "email_open_count"), 1))  # fmt: skip
    return features + (_complaints(words) if COMPLAINT in words.kinds else [])


def _all_kinds() -> list[Feature]:
    w = CHANNEL_DAYS
    return [
        Feature("interaction_count", "interaction", "contacts", "contacts so far", "累计互动次数", Sum("interactions.interaction_count")),
        step(f"_interaction_count_{w}d", Sum("interactions.interaction_count", w)),
        Feature("days_since_last_interaction", "interaction", "days", "days since the last contact", "距上次互动天数", DaysSinceLast("interactions.interaction_count"), -1),
        Feature("days_since_first_interaction", "interaction", "days", "days since the first contact", "距首次互动天数", DaysSinceFirst("interactions.interaction_count")),
        Feature("interaction_value_sum_365d", "interaction", "number", "sum of the value of contacts in the last 365 days", "近365天互动数值合计", Sum("interactions.value", 365), needs=(VALUE,)),
        step("_duration_known_count", Sum("interactions.duration_known"), DURATION),
        step("_duration_sum", Sum("interactions.duration_s"), DURATION),
        Feature("interaction_duration_mean_s", "interaction", "seconds", "average length of a contact", "平均互动时长（秒）", Ratio("_duration_sum", "_duration_known_count"), needs=(DURATION,)),
    ]  # fmt: skip


def _kind(kind: str, words: Words) -> list[Feature]:
    name, measure = slug(kind), f"interactions.count_of_{slug(kind)}"
    said = kind.replace("_", " ")
    family: Family = "campaign" if kind in (OPEN, CLICK) else "complaint" if kind == COMPLAINT else "interaction"
    windows = [Feature(f"{name}_count_{w}d", family, "contacts", f"contacts of kind {said} in the last {w} days", f"近{w}天“{said}”次数", Sum(measure, w), usual=Usual(feature=f"{name}_count", since="days_since_first_interaction", days=w)) for w in words.windows_days]  # fmt: skip
    w = words.windows_days[0]
    return [
        Feature(f"{name}_count", family, "contacts", f"contacts of kind {said} so far", f"累计“{said}”次数", Sum(measure)),
        *windows,
        Feature(f"days_since_last_{name}", family, "days", f"days since the last contact of kind {said}", f"距上次“{said}”天数", DaysSinceLast(measure)),
        step(f"_{name}_count_before_{w}d", Sum(measure, since_days=2 * w, until_days=w)),
        Feature(f"{name}_count_change_{w}d", family, "contacts", f"contacts of kind {said} in the last {w} days less those in the {w} days before", f"近{w}天“{said}”次数较前{w}天的变化", Difference(f"{name}_count_{w}d", f"_{name}_count_before_{w}d")),
    ]  # fmt: skip


def _channel(channel: str) -> list[Feature]:
    w, name = CHANNEL_DAYS, slug(channel)
    return [
        step(f"_count_{w}d_by_{name}", Sum(f"interactions.count_by_{name}", w)),
        Feature(f"interaction_share_{w}d_by_{name}", "interaction", "share", f"share of contacts by {channel} in the last {w} days", f"近{w}天经“{channel}”互动占比", Ratio(f"_count_{w}d_by_{name}", f"_interaction_count_{w}d")),
    ]  # fmt: skip


def _complaints(words: Words) -> list[Feature]:
    per_order = [
        step("_complaint_count_365d", Sum("interactions.count_of_complaint", 365)),
        step("_order_count_365d", Sum("orders.order_count", 365)),
        Feature("complaints_per_order_365d", "complaint", "ratio", "complaint rate: complaints over orders, last 365 days", "投诉率（近365天投诉数/订单数）", Ratio("_complaint_count_365d", "_order_count_365d"), -1),
    ]  # fmt: skip
    return [
        step("_resolved_complaint_count", Sum("resolutions.resolved_count"), RESOLVED),
        step("_resolve_days_sum", Sum("resolutions.resolve_days"), RESOLVED),
        Feature("complaint_open_count", "complaint", "complaints", "complaints that are not settled yet", "未解决投诉数", Difference("complaint_count", "_resolved_complaint_count"), -1, needs=(RESOLVED,)),
        Feature("complaint_days_to_resolve_mean", "complaint", "days", "average days until a complaint was settled", "投诉平均解决天数", Ratio("_resolve_days_sum", "_resolved_complaint_count"), -1, needs=(RESOLVED,)),
        Feature("complaint_days_to_resolve_max", "complaint", "days", "longest time until a complaint was settled, in days", "投诉最长解决天数", Largest("resolutions.resolve_days"), -1, needs=(RESOLVED,)),
        *(per_order if words.has("orders") else []),
    ]  # fmt: skip


def treatment_features(words: Words) -> list[Feature]:
    """How often, how lately and at what cost a customer was touched by campaigns."""
    return [
        Feature("treatment_count", "campaign", "treatments", "campaign touches so far", "累计营销触达次数", Sum("treatments.treatment_count")),
        *[Feature(f"treatment_count_{w}d", "campaign", "treatments", f"campaign touches in the last {w} days", f"近{w}天营销触达次数", Sum("treatments.treatment_count", w)) for w in words.windows_days],
        Feature("days_since_last_treatment", "campaign", "days", "days since the last campaign touch", "距上次营销触达天数", DaysSinceLast("treatments.treatment_count")),
        Feature("treatment_cost_sum", "campaign", "money", "what campaign touches have cost so far", "累计营销触达成本", Sum("treatments.cost"), needs=("treatments.cost",)),
    ]  # fmt: skip


def interaction_facts(interactions: ibis.Table, words: Words) -> ibis.Table:
    """One row per customer, day and known day: how many contacts, of each kind, by each channel."""
    contacts = with_days(interactions)
    sums: dict[str, ibis.Value] = {"interaction_count": contacts.count()}
    for kind in words.kinds:
        sums[f"count_of_{slug(kind)}"] = (contacts.kind == kind).fill_null(False).sum().cast("int64")
    for channel in words.channels:
        sums[f"count_by_{slug(channel)}"] = (contacts.channel == channel).fill_null(False).sum().cast("int64")
    if "value" in contacts.columns:
        sums["value"] = contacts["value"].sum().fill_null(0).cast(EXACT)
    if "duration_s" in contacts.columns:
        sums["duration_s"] = contacts.duration_s.sum().fill_null(0).cast(EXACT)
        sums["duration_known"] = contacts.duration_s.notnull().sum().cast("int64")
    return contacts.group_by(FACT_KEY).agg(**sums)


def resolution_facts(interactions: ibis.Table) -> ibis.Table:
    """One row per customer and day complaints were settled: how many, and the days it took. Known from that day on."""
    contacts = with_days(interactions)
    settled = contacts.filter((contacts.kind == COMPLAINT) & contacts.resolved_at.notnull())
    resolved_day = settled.resolved_at.date()
    # A settlement is an event of its own: it is not known before it happened, nor before the complaint was.
    facts = settled.select(
        "customer_id",
        day=resolved_day,
        known_day=ibis.greatest(resolved_day, settled.known_day),
        resolve_days=resolved_day.delta(settled.day, unit="day").cast("int64"),
    )
    return facts.mutate(resolved_count=ibis.literal(1, "int64"))


def treatment_facts(treatments: ibis.Table) -> ibis.Table:
    """One row per customer, day and known day: campaign touches and their cost. Withheld controls are none."""
    touches = with_days(treatments.filter(treatments.action != NO_ACTION))
    sums: dict[str, ibis.Value] = {"treatment_count": touches.count()}
    if "cost" in touches.columns:
        sums["cost"] = touches.cost.sum().fill_null(0).cast(EXACT)
    return touches.group_by(FACT_KEY).agg(**sums)
