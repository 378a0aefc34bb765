"""Every feature of the catalogue the slow, obvious way: loops over one customer's raw lines, one date at a time.

The rules, in words:

- A line is seen at `as_of` if it happened and was recorded before that midnight; without a recording time it was
  recorded when it happened.
- An order is what one `order_id` of a customer has on one day. It counts if a line of it has a positive amount; only
  those lines are spend, negative amounts are refunds, and lines of 0 are neither.
- The last `w` days are the `w` days before `as_of`; yesterday is 1 day ago.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction
from itertools import pairwise

NAN = math.nan


@dataclass(frozen=True)
class Line:
    """One order line as a company records it."""

    customer_id: str
    order_id: str
    occurred_at: datetime
    amount: float
    recorded_at: datetime | None = None
    product_id: str | None = None
    category: str | None = None
    quantity: float | None = None


def reference_features(
    lines: Sequence[Line], as_of: date, *, windows_days: tuple[int, ...], horizon_days: int, categories: tuple[str, ...] = ()
) -> dict[str, dict[str, float]]:
    """Feature values by name, by customer: everybody with a line known before `as_of`."""
    known = [line for line in lines if is_known(line, as_of)]
    if not known:
        return {}
    history_days = max(days_ago(line, as_of) for line in known)
    result = {}
    for customer_id in sorted({line.customer_id for line in known}):
        own = [line for line in known if line.customer_id == customer_id]
        features = customer_features(own, as_of, windows_days)
        features |= last_year(own, as_of, horizon_days, is_covered=history_days >= 365)
        for category in categories:
            features |= category_features(own, as_of, category)
        result[customer_id] = features
    return result


def is_known(line: Line, as_of: date) -> bool:
    midnight = datetime.combine(as_of, time())
    recorded_at = line.occurred_at if line.recorded_at is None else line.recorded_at
    return line.occurred_at < midnight and recorded_at < midnight


def days_ago(line: Line, as_of: date) -> int:
    return (as_of - line.occurred_at.date()).days


def exact(number: float) -> Fraction:
    return Fraction(str(number))


def total(amounts: Iterable[float]) -> float:
    return float(sum((exact(amount) for amount in amounts), Fraction(0)))


def quotient(above: float, below: float) -> float:
    return above / below if below else NAN


def orders_in(lines: Sequence[Line]) -> set[tuple[str, date]]:
    return {(line.order_id, line.occurred_at.date()) for line in lines}


def customer_features(lines: Sequence[Line], as_of: date, windows_days: tuple[int, ...]) -> dict[str, float]:
    bought = [line for line in lines if line.amount > 0]
    refunds = [line for line in lines if line.amount < 0]
    order_count, spend = len(orders_in(bought)), total(line.amount for line in bought)
    features: dict[str, float] = recency(bought, as_of)
    features["order_count"] = order_count
    features["spend_sum"] = spend
    features["spend_per_order"] = quotient(spend, order_count)
    features["order_spend_max"] = largest_order(bought)
    features |= rhythm(bought, as_of)
    for window in windows_days:
        features |= windowed(bought, as_of, window)
    features["spend_per_line"] = quotient(spend, len(bought))
    features["line_count_per_order"] = quotient(len(bought), order_count)
    with_quantity = [line for line in bought if line.quantity is not None]
    features["quantity_per_order"] = quotient(total(line.quantity for line in with_quantity), len(orders_in(with_quantity)))
    features["product_count"] = len({line.product_id for line in bought if line.product_id is not None})
    features["category_count"] = len({line.category for line in bought if line.category is not None})
    refunded = -total(line.amount for line in refunds)
    features["refund_count"] = len(orders_in(refunds))
    features["refund_sum"] = refunded
    features["refund_sum_365d"] = -total(line.amount for line in refunds if days_ago(line, as_of) <= 365)
    features["refund_count_per_order"] = quotient(len(orders_in(refunds)), order_count)
    features["refund_share_of_spend"] = quotient(refunded, spend)
    features["days_since_last_refund"] = min((days_ago(line, as_of) for line in refunds), default=NAN)
    return features


def recency(bought: Sequence[Line], as_of: date) -> dict[str, float]:
    if not bought:
        return {"days_since_last_order": NAN, "days_since_first_order": NAN, "days_first_to_last_order": NAN}
    last, first = min(days_ago(line, as_of) for line in bought), max(days_ago(line, as_of) for line in bought)
    return {"days_since_last_order": last, "days_since_first_order": first, "days_first_to_last_order": first - last}


def largest_order(bought: Sequence[Line]) -> float:
    largest = NAN
    for order in orders_in(bought):
        spend = total(line.amount for line in bought if (line.order_id, line.occurred_at.date()) == order)
        if math.isnan(largest) or spend > largest:
            largest = spend
    return largest


def rhythm(bought: Sequence[Line], as_of: date) -> dict[str, float]:
    days = sorted({line.occurred_at.date() for line in bought})
    gaps = [(after - before).days for before, after in pairwise(days)]
    mean = statistics.mean(gaps) if gaps else NAN
    return {
        "order_day_count": len(days),
        "gap_days_mean": mean,
        "gap_days_std": statistics.stdev(gaps) if len(gaps) > 1 else NAN,
        "gap_days_max": max(gaps, default=NAN),
        "overdue_ratio": (as_of - days[-1]).days / mean if gaps else NAN,
    }


def windowed(bought: Sequence[Line], as_of: date, window: int) -> dict[str, float]:
    now = [line for line in bought if days_ago(line, as_of) <= window]
    before = [line for line in bought if window < days_ago(line, as_of) <= 2 * window]
    order_count, spend = len(orders_in(now)), total(line.amount for line in now)
    return {
        f"order_count_{window}d": order_count,
        f"spend_sum_{window}d": spend,
        f"spend_per_order_{window}d": quotient(spend, order_count),
        f"order_count_change_{window}d": order_count - len(orders_in(before)),
        f"spend_sum_change_{window}d": spend - total(line.amount for line in before),
    }


def last_year(lines: Sequence[Line], as_of: date, horizon_days: int, *, is_covered: bool) -> dict[str, float]:
    new_year = date(as_of.year, 1, 1)
    season = [line for line in lines if line.amount > 0 and 365 - horizon_days < days_ago(line, as_of) <= 365]
    return {
        f"order_count_same_{horizon_days}d_last_year": len(orders_in(season)) if is_covered else NAN,
        f"spend_sum_same_{horizon_days}d_last_year": total(line.amount for line in season) if is_covered else NAN,
        "day_of_year": (as_of - new_year).days + 1,
    }


def category_features(lines: Sequence[Line], as_of: date, category: str) -> dict[str, float]:
    own = [line for line in lines if line.amount > 0 and line.category == category]
    recent = [line for line in own if days_ago(line, as_of) <= 365]
    name = re.sub(r"\W+", "_", category.lower()).strip("_")
    return {
        f"order_count_365d_of_{name}": len(orders_in(recent)),
        f"spend_sum_365d_of_{name}": total(line.amount for line in recent),
        f"days_since_last_order_of_{name}": min((days_ago(line, as_of) for line in own), default=NAN),
    }
