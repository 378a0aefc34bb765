"""The profile and relationship families: attributes, how they were won, and whom they have brought."""

from __future__ import annotations

import ibis

from features.definitions import DaysSinceFirst, DaysSinceLast, Latest, Sum
from features.feature import Feature, Words, slug
from features.known import ALWAYS, with_days
from features.tables import EXACT

ACQUIRED, COST, REFERRED = "customers.acquired_at", "customers.acquisition_cost", "customers.referred_by"


def profile_features(words: Words) -> list[Feature]:
    """Attributes and acquisition. An attribute is what it is today, at every date: map only what does not change."""
    return [
        Feature("days_since_acquired", "profile", "days", "days since they became a customer", "成为客户的天数", DaysSinceFirst("profile.is_dated"), needs=(ACQUIRED,)),
        Feature("acquisition_cost", "profile", "money", "what winning them cost", "获客成本", Latest("profile.acquisition_cost"), needs=(COST,)),
        *[Feature(name, "profile", "number", name.replace("_", " "), name.replace("_", " "), Latest(f"profile.{name}")) for name in words.numeric],
        *[
            Feature(f"{name}_is_{slug(level)}", "profile", "yes or no", f"{name.replace('_', ' ')} is {level}", f"{name.replace('_', ' ')}为“{level}”", Latest(f"profile.{name}_is_{slug(level)}"))
            for name, levels in words.levels.items()
            for level in levels
        ],
    ]  # fmt: skip


def relationship_features(_: Words) -> list[Feature]:
    """Referrals, received and made."""
    return [
        Feature("was_referred", "relationship", "yes or no", "another customer brought them", "是否由其他客户推荐而来", Latest("profile.was_referred"), 1, needs=(REFERRED,)),
        Feature("referral_count", "relationship", "customers", "customers they have brought so far", "累计推荐客户数", Sum("referrals.referral_count"), 1, needs=(REFERRED, ACQUIRED)),
        Feature("referral_count_365d", "relationship", "customers", "customers they have brought in the last 365 days", "近365天推荐客户数", Sum("referrals.referral_count", 365), 1, needs=(REFERRED, ACQUIRED)),
        Feature("days_since_last_referral", "relationship", "days", "days since they last brought a customer", "距上次推荐客户天数", DaysSinceLast("referrals.referral_count"), -1, needs=(REFERRED, ACQUIRED)),
    ]  # fmt: skip


def profile_facts(customers: ibis.Table, words: Words) -> ibis.Table:
    """One row per customer, on the day they were acquired (or always): attributes, and 0 or 1 for each main level."""
    rows = _acquired(customers)
    measures: dict[str, ibis.Value] = {"is_dated": rows.is_dated}
    if "acquisition_cost" in rows.columns:
        measures["acquisition_cost"] = rows.acquisition_cost
    if "referred_by" in rows.columns:
        measures["was_referred"] = (
            (rows.referred_by != rows.customer_id).fill_null(False).cast("int64")
        )  # nobody brings themselves
    for name in words.numeric:
        measures[name] = rows[name].cast(EXACT)
    for name, levels in words.levels.items():
        for level in levels:
            measures[f"{name}_is_{slug(level)}"] = (rows[name] == level).cast("int64")  # a missing attribute stays missing
    return rows.select("customer_id", "day", "known_day", **measures)


def referral_facts(customers: ibis.Table) -> ibis.Table:
    """One row per customer and day: how many customers they brought then. Without its date a referral is left out."""
    rows = with_days(customers.filter(customers.acquired_at.notnull()), at="acquired_at")
    brought = rows.filter(rows.referred_by.notnull() & (rows.referred_by != rows.customer_id))
    brought = brought.select(customer_id=brought.referred_by, day=brought.day, known_day=brought.known_day)
    return brought.group_by(["customer_id", "day", "known_day"]).agg(referral_count=brought.count())


def _acquired(customers: ibis.Table) -> ibis.Table:
    if "acquired_at" not in customers.columns:
        return customers.mutate(day=ALWAYS, known_day=ALWAYS, is_dated=ibis.literal(0, "int64"))
    rows = with_days(customers, at="acquired_at")
    dated = rows.acquired_at.notnull().cast("int64")
    return rows.mutate(day=rows.day.fill_null(ALWAYS), known_day=rows.known_day.fill_null(ALWAYS), is_dated=dated)
