"""A company's raw rows as plain records, and what the references share: what was known when, exact sums, quotients.

The rules, in words:

- A row is seen at `as_of` if it happened before that midnight and was recorded before it. A row without a recording
  time, or with one before it happened, was recorded when it happened.
- Days count from the day something happened, whatever the hour: yesterday is 1 day ago. The last `w` days are the `w`
  days before `as_of`.
- The day a row became known is the day it had happened and was recorded: the later of the two.
- Sums are of decimals of four places, exactly. A quotient over 0 is missing, and so is whatever follows from something
  missing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from fractions import Fraction

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
    cost: float | None = None
    discount: float | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Contact:
    """One row of interactions."""

    customer_id: str
    occurred_at: datetime
    channel: str
    kind: str
    recorded_at: datetime | None = None
    value: float | None = None
    duration_s: float | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """One row of surveys."""

    customer_id: str
    occurred_at: datetime
    instrument: str
    score: float
    recorded_at: datetime | None = None
    scale_min: float | None = None
    scale_max: float | None = None


@dataclass(frozen=True)
class Period:
    """One row of subscriptions."""

    customer_id: str
    started_at: datetime
    ended_at: datetime | None = None
    recorded_at: datetime | None = None
    fee: float | None = None


@dataclass(frozen=True)
class Touch:
    """One row of treatments."""

    customer_id: str
    occurred_at: datetime
    action: str
    recorded_at: datetime | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Customer:
    """One row of customers, with the attributes that the company has of them."""

    customer_id: str
    acquired_at: datetime | None = None
    acquisition_cost: float | None = None
    referred_by: str | None = None
    attributes: Mapping[str, float | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Company:
    """All raw rows of a company. None: it does not keep that table."""

    orders: Sequence[Line] | None = None
    interactions: Sequence[Contact] | None = None
    surveys: Sequence[Answer] | None = None
    subscriptions: Sequence[Period] | None = None
    treatments: Sequence[Touch] | None = None
    customers: Sequence[Customer] | None = None


@dataclass(frozen=True)
class Asked:
    """What the features are to be about: windows, the horizon, and the words of the company."""

    windows_days: tuple[int, ...] = (30,)
    horizon_days: int = 90
    categories: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def is_seen(happened_at: datetime, recorded_at: datetime | None, as_of: date) -> bool:
    midnight = datetime.combine(as_of, time())
    return happened_at < midnight and (recorded_at is None or recorded_at < midnight)


def became_known(happened_at: datetime, recorded_at: datetime | None) -> date:
    return happened_at.date() if recorded_at is None else max(happened_at, recorded_at).date()


def days_before(as_of: date, moment: datetime) -> int:
    return (as_of - moment.date()).days


def exact(number: float) -> Fraction:
    return Fraction(str(number))


def total(numbers: Iterable[float]) -> float:
    return float(sum((exact(number) for number in numbers), Fraction(0)))


def quotient(above: float, below: float) -> float:
    return above / below if below else NAN


def word(text: str) -> str:
    """How a word of the company stands in the names of features."""
    return re.sub(r"\W+", "_", text.lower()).strip("_")
