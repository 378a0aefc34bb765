"""Who is known on a date, who of them is eligible, and why the others are not. Training and scoring ask this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import ibis

from features.definitions import DaysSinceLast, Definition, Difference, Sum
from features.feature import Feature, Words, step
from features.known import ALWAYS, KNOWN_DAY, with_days
from features.project import CohortSection
from features.tables import EVENTS_OF_CUSTOMERS

RuleCode = Literal["too_few_orders", "no_recent_order", "no_running_subscription"]


@dataclass(frozen=True)
class Rule:
    """A customer whose column is missing, below `at_least` or above `at_most` is not eligible, for this reason.

    `code` is the same for programs: it has no number of the settings in it.
    """

    column: str
    reason: str
    code: RuleCode
    at_least: float | None = None
    at_most: float | None = None


def rules(settings: CohortSection, words: Words) -> tuple[Rule, ...]:
    """The rules of a project, the first that is broken is the reason."""
    found = []
    if words.has("orders"):
        orders_min, within = settings.orders_min, settings.ordered_within_days
        too_few = "no order before the date" if orders_min == 1 else f"fewer than {orders_min} orders before the date"
        found.append(Rule("_orders_known", too_few, "too_few_orders", at_least=orders_min))
        if within is not None:
            too_long_ago = f"no order in the {within} days before the date"
            found.append(Rule("_days_since_order", too_long_ago, "no_recent_order", at_most=within))
    elif words.has("subscriptions"):
        none_runs = "no subscription runs on the date"
        found.append(Rule("_subscriptions_running", none_runs, "no_running_subscription", at_least=1))
    return tuple(found)


def rule_steps(words: Words) -> tuple[Feature, ...]:
    """What the rules ask about."""
    steps: dict[str, Definition] = {}
    if words.has("orders"):
        steps = {"_orders_known": Sum("orders.order_count"), "_days_since_order": DaysSinceLast("orders.order_count")}
    elif words.has("subscriptions"):
        steps = {
            "_starts_known": Sum("subscriptions.started_count"),
            "_ends_known": Sum("subscriptions.ended_count"),
            "_subscriptions_running": Difference("_starts_known", "_ends_known"),
        }
    return tuple(step(name, definition) for name, definition in steps.items())


def known_customers(tables: Mapping[str, ibis.Table]) -> ibis.Table:
    """Everybody there is, with the day they became known: one row per customer_id and `known_day`.

    Somebody is known from their first order line, subscription, or day they were acquired; a customer of the
    customers table without a date at any time. Where labels are all that tells who is a customer, one is known on the
    dates with a label, and only then: `known_customers` gives these dates as `as_of`.
    """
    rows = []
    for name, at in EVENTS_OF_CUSTOMERS.items():
        if name in tables:
            lines = with_days(tables[name], at=at)
            rows.append(lines.group_by("customer_id").agg(known_day=lines[KNOWN_DAY].min()))
    if not rows:
        labels = tables["labels"]
        return labels.select("customer_id", as_of=labels.as_of.date()).distinct()
    if "customers" in tables:
        customers = tables["customers"]
        if "acquired_at" in customers.columns:
            rows.append(customers.select("customer_id", known_day=customers.acquired_at.date().fill_null(ALWAYS)))
        else:
            rows.append(customers.select("customer_id", known_day=ALWAYS))
    everybody = rows[0].union(*rows[1:]) if len(rows) > 1 else rows[0]
    return everybody.group_by("customer_id").agg(known_day=everybody.known_day.min())
