"""The loyalty family the slow, obvious way.

The rules, in words (those for time and sums are in `raw_rows`):

- She has reordered if she has ordered on two days or more.
- A line is bought at a discount if it has a positive amount and a discount above 0.
- A purchase of a product is what she bought of it on one day with a positive quantity (the part of it that became
  known on another day is another purchase). Purchases follow one another as they became known, then by their day. A
  price rise is a purchase whose price per unit is more than 0.1 % above that of the purchase before it.
- A trouble is a refund or a complaint. Days with an order or a trouble follow one another as they became known, then
  by their day; on a day with both the order came first. Troubles in a row, with no order between them, are one. She
  came back if the next day that is not free of both has an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from tests.reference.raw_rows import Contact, Line, became_known, days_before, exact, is_seen, quotient, total
from tests.reference.rfm_reference import rhythm


def loyalty(all_lines: Sequence[Line], all_contacts: Sequence[Contact] | None, as_of: date) -> dict[str, float]:
    """One customer's features from all her order lines and contacts, seen or not; without contacts where none are kept."""
    lines = [line for line in all_lines if is_seen(line.occurred_at, line.recorded_at, as_of)]
    contacts = [each for each in all_contacts or () if is_seen(each.occurred_at, each.recorded_at, as_of)]
    bought = [line for line in lines if line.amount > 0]
    gaps = rhythm(bought, as_of)
    features: dict[str, float] = {
        "has_reordered": float(gaps["order_day_count"] >= 2),
        "gap_days_variation": quotient(gaps["gap_days_std"], gaps["gap_days_mean"]),
    }
    if all_contacts is not None:
        features["days_first_contact_to_first_order"] = first_contact_to_first_order(contacts, bought)
    return features | discounts(bought, as_of) | price_rises(bought) | comebacks(lines, contacts)


def first_contact_to_first_order(contacts: Sequence[Contact], bought: Sequence[Line]) -> float:
    if not contacts or not bought:
        return float("nan")
    first_contact = min(contact.occurred_at.date() for contact in contacts)
    return (min(line.occurred_at.date() for line in bought) - first_contact).days


def discounts(bought: Sequence[Line], as_of: date) -> dict[str, float]:
    recent = [line for line in bought if days_before(as_of, line.occurred_at) <= 365]
    return {
        "discounted_spend_share": discounted_share(bought),
        "discounted_spend_share_365d": discounted_share(recent),
        "discount_sum": total(line.discount for line in bought if line.discount),
    }


def discounted_share(bought: Sequence[Line]) -> float:
    discounted = [line for line in bought if line.discount is not None and line.discount > 0]
    return quotient(total(line.amount for line in discounted), total(line.amount for line in bought))


def price_rises(bought: Sequence[Line]) -> dict[str, float]:
    rises = []
    for product in {line.product_id for line in bought if line.product_id is not None}:
        own = [line for line in bought if line.product_id == product and line.quantity is not None and line.quantity > 0]
        purchases = []
        for when in sorted({became_known_and_day(line) for line in own}):
            of_day = [line for line in own if became_known_and_day(line) == when]
            spend, units = (sum(exact(number) for number in numbers) for numbers in spend_and_units(of_day))
            purchases.append((spend, units))
        for (spend_before, units_before), (spend, units) in pairwise(purchases):
            if spend / units > spend_before / units_before * exact(1.001):
                rises.append((units_before, units))
    before, after = (float(sum(units)) for units in zip(*rises, strict=True)) if rises else (0.0, 0.0)
    return {"price_rise_count": len(rises), "units_after_over_before_price_rise": quotient(after, before)}


def spend_and_units(lines: Sequence[Line]) -> tuple[list[float], list[float]]:
    return [line.amount for line in lines], [line.quantity for line in lines if line.quantity is not None]


def became_known_and_day(row: Line | Contact) -> tuple[date, date]:
    return became_known(row.occurred_at, row.recorded_at), row.occurred_at.date()


def comebacks(lines: Sequence[Line], contacts: Sequence[Contact]) -> dict[str, float]:
    ordered_on = {became_known_and_day(line) for line in lines if line.amount > 0}
    in_trouble_on = {became_known_and_day(line) for line in lines if line.amount < 0}
    in_trouble_on |= {became_known_and_day(contact) for contact in contacts if contact.kind == "complaint"}
    troubles = came_back = 0
    is_in_trouble = False
    for when in sorted(ordered_on | in_trouble_on):
        if when in ordered_on:
            came_back += is_in_trouble
            is_in_trouble = False
        if when in in_trouble_on:
            troubles += not is_in_trouble
            is_in_trouble = True
    return {"comeback_count": came_back, "comeback_share": quotient(came_back, troubles)}
