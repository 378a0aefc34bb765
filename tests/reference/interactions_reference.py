"""The interaction, complaint and campaign families the slow, obvious way.

The rules, in words (those for time and sums are in `raw_rows`):

- A contact of any kind counts as a contact; those of the kinds asked for count by kind as well.
- The share of a channel is over all contacts of the last 365 days.
- A contact's length counts where it is recorded.
- The settlement of a complaint is an event of its own: it is seen if the complaint is and if it was settled before
  `as_of`. Until then the complaint is open. It took the days from the day of the complaint to the day of the settlement.
- A treatment with the action none is a withheld control: nothing was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tests.reference.raw_rows import NAN, Asked, Contact, Line, Touch, days_before, is_seen, quotient, total, word
from tests.reference.rfm_reference import orders_in


def interactions(
    all_contacts: Sequence[Contact], all_lines: Sequence[Line] | None, as_of: date, asked: Asked
) -> dict[str, float]:
    """One customer's features from all her contacts and order lines, seen or not."""
    contacts = [each for each in all_contacts if is_seen(each.occurred_at, each.recorded_at, as_of)]
    ago = [days_before(as_of, each.occurred_at) for each in contacts]
    recent = within(contacts, as_of, 365)
    lengths = [each.duration_s for each in contacts if each.duration_s is not None]
    features: dict[str, float] = {
        "interaction_count": len(contacts),
        "days_since_last_interaction": min(ago, default=NAN),
        "days_since_first_interaction": max(ago, default=NAN),
        "interaction_value_sum_365d": total(each.value for each in recent if each.value is not None),
        "interaction_duration_mean_s": quotient(total(lengths), len(lengths)),
    }
    for kind in asked.kinds:
        features |= of_kind([each for each in contacts if each.kind == kind], word(kind), as_of, asked.windows_days)
    for channel in asked.channels:
        by_channel = [each for each in recent if each.channel == channel]
        features[f"interaction_share_365d_by_{word(channel)}"] = quotient(len(by_channel), len(recent))
    if "email_open" in asked.kinds and "email_click" in asked.kinds:
        opens, clicks = ([c for c in contacts if c.kind == kind] for kind in ("email_open", "email_click"))
        features["email_click_share_of_opens"] = quotient(len(clicks), len(opens))
    if "complaint" in asked.kinds:
        features |= complaints(contacts, as_of)
        if all_lines is not None:
            features["complaints_per_order_365d"] = complaint_rate(recent, all_lines, as_of)
    return features


def within(contacts: Sequence[Contact], as_of: date, days: int) -> list[Contact]:
    return [each for each in contacts if days_before(as_of, each.occurred_at) <= days]


def of_kind(own: Sequence[Contact], name: str, as_of: date, windows_days: tuple[int, ...]) -> dict[str, float]:
    first = windows_days[0]
    in_it, in_two = (len(within(own, as_of, days)) for days in (first, 2 * first))
    return {
        f"{name}_count": len(own),
        **{f"{name}_count_{window}d": len(within(own, as_of, window)) for window in windows_days},
        f"days_since_last_{name}": min((days_before(as_of, each.occurred_at) for each in own), default=NAN),
        f"{name}_count_change_{first}d": in_it - (in_two - in_it),
    }


def complaints(contacts: Sequence[Contact], as_of: date) -> dict[str, float]:
    all_of_them = [each for each in contacts if each.kind == "complaint"]
    took = []
    for complaint in all_of_them:
        if complaint.resolved_at is not None and complaint.resolved_at.date() < as_of:
            took.append((complaint.resolved_at.date() - complaint.occurred_at.date()).days)
    return {
        "complaint_open_count": len(all_of_them) - len(took),
        "complaint_days_to_resolve_mean": quotient(sum(took), len(took)),
        "complaint_days_to_resolve_max": max(took, default=NAN),
    }


def complaint_rate(recent: Sequence[Contact], all_lines: Sequence[Line], as_of: date) -> float:
    seen = [line for line in all_lines if is_seen(line.occurred_at, line.recorded_at, as_of)]
    bought = [line for line in seen if line.amount > 0 and days_before(as_of, line.occurred_at) <= 365]
    return quotient(len([each for each in recent if each.kind == "complaint"]), len(orders_in(bought)))


def treatments(all_touches: Sequence[Touch], as_of: date, asked: Asked) -> dict[str, float]:
    """One customer's features from all her treatments, seen or not."""
    seen = [each for each in all_touches if is_seen(each.occurred_at, each.recorded_at, as_of)]
    touches = [each for each in seen if each.action != "none"]
    ago = [days_before(as_of, each.occurred_at) for each in touches]
    return {
        "treatment_count": len(touches),
        **{f"treatment_count_{window}d": len([days for days in ago if days <= window]) for window in asked.windows_days},
        "days_since_last_treatment": min(ago, default=NAN),
        "treatment_cost_sum": total(each.cost for each in touches if each.cost is not None),
    }
