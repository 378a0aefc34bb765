"""The profile and relationship families the slow, obvious way.

The rules, in words (those for time and sums are in `raw_rows`):

- The attributes of a customer hold from the day they were acquired; before it they are missing. Without that day they
  hold always.
- A level is 1 for those who have it, 0 for those who have another, missing for those of whom none is recorded.
- A referral happens on the day the referred customer was acquired; without that day it is left out. Nobody refers
  themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tests.reference.raw_rows import NAN, Asked, Customer, days_before, is_seen, word


def profile(customer: Customer | None, as_of: date, asked: Asked) -> dict[str, float]:
    """One customer's attributes; all are missing for somebody without a row."""
    if customer is not None and customer.acquired_at is not None and not is_seen(customer.acquired_at, None, as_of):
        customer = None
    is_dated = customer is not None and customer.acquired_at is not None
    features: dict[str, float] = {
        "days_since_acquired": days_before(as_of, customer.acquired_at) if is_dated else NAN,  # type: ignore[union-attr, arg-type]
        "acquisition_cost": number(customer.acquisition_cost if customer else None),
        "was_referred": was_referred(customer) if customer else NAN,
    }
    for name in asked.numeric:
        features[name] = number(customer.attributes.get(name) if customer else None)
    for name, levels in asked.levels.items():
        own = customer.attributes.get(name) if customer else None
        for level in levels:
            features[f"{name}_is_{word(level)}"] = NAN if own is None else float(own == level)
    return features


def number(value: float | str | None) -> float:
    return NAN if value is None else float(value)


def was_referred(customer: Customer) -> float:
    return float(customer.referred_by is not None and customer.referred_by != customer.customer_id)


def referrals(customer_id: str, all_customers: Sequence[Customer], as_of: date) -> dict[str, float]:
    """Whom one customer brought, from the rows of all customers."""
    ago = []
    for other in all_customers:
        is_brought = other.referred_by == customer_id and other.customer_id != customer_id
        if is_brought and other.acquired_at is not None and is_seen(other.acquired_at, None, as_of):
            ago.append(days_before(as_of, other.acquired_at))
    return {
        "referral_count": len(ago),
        "referral_count_365d": len([days for days in ago if days <= 365]),
        "days_since_last_referral": min(ago, default=NAN),
    }
