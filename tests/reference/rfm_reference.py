"""The RFM family the slow, obvious way: loops over one customer's order lines, one date at a time.

The rules, in words (those for time and sums are in `raw_rows`):

- An order is what one `order_id` of a customer has on one day. It counts if a line of it has a positive amount; only
  those lines are spend, negative amounts are refunds, and lines of 0 are neither.
- A gap is the days from one day with an order to the next one.
- Last year's season is the horizon that began 365 days ago; it is missing while the orders of the company, as far as
  they are known, do not reach back 365 days.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from tests.reference.raw_rows import NAN, Asked, days_before, is_seen, quotient, total, word
from tests.reference.raw_rows import Line as Line


def is_known(line: Line, as_of: date) -> bool:
    return is_seen(line.occurred_at, line.recorded_at, as_of)


def rfm(all_lines: Sequence[Line], as_of: date, asked: Asked, *, history_days: int) -> dict[str, float]:
    """One customer's features from all her order lines, seen or not."""
    lines = [line for line in all_lines if is_known(line, as_of)]
    bought = [line for line in lines if line.amount > 0]
    order_count, spend = len(orders_in(bought)), total(line.amount for line in bought)
    features: dict[str, float] = recency(bought, as_of)
    features["order_count"] = order_count
    features["spend_sum"] = spend
    features["spend_per_order"] = quotient(spend, order_count)
    features["goods_cost_sum"] = total(line.cost for line in lines if line.cost is not None)
    features["order_spend_max"] = largest_order(bought)
    features |= rhythm(bought, as_of)
    for window in asked.windows_days:
        features |= windowed(bought, as_of, window)
    features |= basket(bought)
    features["product_count"] = len({line.product_id for line in bought if line.product_id is not None})
    features["category_count"] = len({line.category for line in bought if line.category is not None})
    features |= refunds(lines, as_of)
    features |= last_year(bought, as_of, asked.horizon_days, is_covered=history_days >= 365)
    for category in asked.categories:
        features |= of_category(bought, as_of, category)
    return features


def days_ago(line: Line, as_of: date) -> int:
    return days_before(as_of, line.occurred_at)


def orders_in(lines: Sequence[Line]) -> set[tuple[str, date]]:
    return {(line.order_id, line.occurred_at.date()) for line in lines}


def recency(bought: Sequence[Line], as_of: date) -> dict[str, float]:
    if not bought:
        return {"days_since_last_order": NAN, "days_since_first_order": NAN, "days_first_to_last_order": NAN}
    last, first = min(days_ago(line, as_of) for line in bought), max(days_ago(line, as_of) for line in bought)
    return {"days_since_last_order": last, "days_since_first_order": first, "days_first_to_last_order": first - last}


def largest_order(bought: Sequence[Line]) -> float:
    spends = []
    for order in orders_in(bought):
        spends.append(total(line.amount for line in bought if (line.order_id, line.occurred_at.date()) == order))
    return max(spends, default=NAN)


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


def basket(bought: Sequence[Line]) -> dict[str, float]:
    order_count, spend = len(orders_in(bought)), total(line.amount for line in bought)
    counted = [line for line in bought if line.quantity is not None]
    return {
        "spend_per_line": quotient(spend, len(bought)),
        "line_count_per_order": quotient(len(bought), order_count),
        "quantity_per_order": quotient(total(line.quantity for line in counted if line.quantity), len(orders_in(counted))),
    }


def refunds(lines: Sequence[Line], as_of: date) -> dict[str, float]:
    bought = [line for line in lines if line.amount > 0]
    given_back = [line for line in lines if line.amount < 0]
    refund_sum = total(-line.amount for line in given_back)
    return {
        "refund_count": len(orders_in(given_back)),
        "refund_sum": refund_sum,
        "refund_sum_365d": total(-line.amount for line in given_back if days_ago(line, as_of) <= 365),
        "refund_share_of_spend": quotient(refund_sum, total(line.amount for line in bought)),
        "refund_count_per_order": quotient(len(orders_in(given_back)), len(orders_in(bought))),
        "days_since_last_refund": min((days_ago(line, as_of) for line in given_back), default=NAN),
    }


def last_year(bought: Sequence[Line], as_of: date, horizon_days: int, *, is_covered: bool) -> dict[str, float]:
    season = [line for line in bought if 365 - horizon_days < days_ago(line, as_of) <= 365]
    return {
        f"order_count_same_{horizon_days}d_last_year": len(orders_in(season)) if is_covered else NAN,
        f"spend_sum_same_{horizon_days}d_last_year": total(line.amount for line in season) if is_covered else NAN,
    }


def of_category(bought: Sequence[Line], as_of: date, category: str) -> dict[str, float]:
    own = [line for line in bought if line.category == category]
    recent = [line for line in own if days_ago(line, as_of) <= 365]
    return {
        f"order_count_365d_of_{word(category)}": len(orders_in(recent)),
        f"spend_sum_365d_of_{word(category)}": total(line.amount for line in recent),
        f"days_since_last_order_of_{word(category)}": min((days_ago(line, as_of) for line in own), default=NAN),
    }
