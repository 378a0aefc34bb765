"""A whole snapshot the slow, obvious way: every feature of every family for everybody who is known, one after the other.

The rules, in words (those for time and sums are in `raw_rows`, those of the families in their files):

- Somebody is known from their first order line, their first subscription or the day they were acquired, each once it is
  seen; a customer of the customers table without that day always.
- A family is there if its table is; the day of the year always.
- The company's history goes back to its first order line that is seen; without an orders table, to the first start of a
  subscription.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from tests.reference.interactions_reference import interactions, treatments
from tests.reference.loyalty_reference import loyalty
from tests.reference.profile_reference import profile, referrals
from tests.reference.raw_rows import Answer, Asked, Company, Contact, Customer, Line, Period, Touch, days_before, is_seen
from tests.reference.rfm_reference import rfm
from tests.reference.satisfaction_reference import satisfaction
from tests.reference.subscriptions_reference import subscriptions

Row = TypeVar("Row", Line, Contact, Answer, Period, Touch)


def reference_snapshot(company: Company, as_of: date, asked: Asked) -> list[dict[str, Any]]:
    """The rows of a date by customer: customer_id, as_of and every feature, by name."""
    history = history_days(company, as_of)
    rows = []
    for customer_id in sorted(known_customers(company, as_of)):
        features = features_of(customer_id, company, as_of, asked, history)
        rows.append({"customer_id": customer_id, "as_of": as_of} | features)
    return rows


def known_customers(company: Company, as_of: date) -> set[str]:
    known = {line.customer_id for line in company.orders or () if is_seen(line.occurred_at, line.recorded_at, as_of)}
    known |= {each.customer_id for each in company.subscriptions or () if is_seen(each.started_at, each.recorded_at, as_of)}
    for customer in company.customers or ():
        if customer.acquired_at is None or is_seen(customer.acquired_at, None, as_of):
            known.add(customer.customer_id)
    return known


def history_days(company: Company, as_of: date) -> int:
    if company.orders is not None:
        seen = [line.occurred_at for line in company.orders if is_seen(line.occurred_at, line.recorded_at, as_of)]
    else:
        seen = [p.started_at for p in company.subscriptions or () if is_seen(p.started_at, p.recorded_at, as_of)]
    return max((days_before(as_of, moment) for moment in seen), default=0)


def features_of(customer_id: str, company: Company, as_of: date, asked: Asked, history: int) -> dict[str, float]:
    lines, contacts = own(customer_id, company.orders), own(customer_id, company.interactions)
    features: dict[str, float] = {"day_of_year": (as_of - date(as_of.year, 1, 1)).days + 1}
    if lines is not None:
        features |= rfm(lines, as_of, asked, history_days=history) | loyalty(lines, contacts, as_of)
    if (periods := own(customer_id, company.subscriptions)) is not None:
        features |= subscriptions(periods, as_of, asked)
    if contacts is not None:
        features |= interactions(contacts, lines, as_of, asked)
    if (touches := own(customer_id, company.treatments)) is not None:
        features |= treatments(touches, as_of, asked)
    if (answers := own(customer_id, company.surveys)) is not None:
        features |= satisfaction(answers, contacts, as_of, asked)
    if company.customers is not None:
        features |= profile(row_of(customer_id, company.customers), as_of, asked)
        features |= referrals(customer_id, company.customers, as_of)
    return features


def own(customer_id: str, rows: Sequence[Row] | None) -> list[Row] | None:
    return None if rows is None else [row for row in rows if row.customer_id == customer_id]


def row_of(customer_id: str, customers: Iterable[Customer]) -> Customer | None:
    return next((each for each in customers if each.customer_id == customer_id), None)
