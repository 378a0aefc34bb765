"""What happened to a customer before the scored date, newest first, and her spend by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from features.changes import HAPPENED, was_known
from features.tables import NO_ACTION
from serving.desk.language import Texts, text
from serving.desk.scored_table import Scored
from serving.scoring.by_customer import events_by_customer

Event = dict[str, Any]
FIRST = 50
MONTHS = 24
HEIGHT = 40.0  # of the sparkline, in units of its own
ENDS = ("resolved_at", "ended_at")
SPENT_ON = 4  # kinds of goods named of an order
INSTRUMENTS = {"nps": text("NPS"), "csat": text("CSAT"), "ces": text("CES"), "rating": text("rating")}
KINDS = {
    "order": text("order"),
    "refund": text("refund"),
    "contact": text("contact"),
    "survey": text("survey"),
    "subscription": text("subscription"),
    "campaign": text("campaign"),
    "customer": text("customer"),
}


@dataclass(frozen=True)
class Happened:
    """One thing: when, what kind of thing, and in words what."""

    at: date
    kind: str
    said: str
    amount: str = ""


@dataclass(frozen=True)
class Month:
    """One column of the sparkline."""

    x: int
    y: float
    height: float
    said: str


@dataclass(frozen=True)
class History:
    """What happened, and the spend of the last months where there are orders."""

    happened: list[Happened]
    months: list[Month]


def history_of(scored: Scored, customer_id: str, say: Texts) -> History | None:
    """As it was known on the scored date; None where it was not written then."""
    if scored.manifest is None:
        return None
    try:
        tables = events_by_customer(scored.project, scored.manifest, customer_id)
    except (OSError, pa.ArrowException):
        return None
    known = {name: [_then(row, scored.as_of) for row in rows if _is_known(row, scored.as_of)] for name, rows in tables.items()}
    happened = [one for name, tell in TELLERS.items() for one in tell(known.get(name, []), say)]
    newest_first = sorted(happened, key=lambda one: one.at, reverse=True)
    return History(newest_first, _months(known.get("orders", []), scored.as_of, say))


def _is_known(row: Event, as_of: date) -> bool:
    return any(row.get(name) is not None for name in HAPPENED) and was_known(row, as_of)


def _then(row: Event, as_of: date) -> Event:
    """Without ends that were still to come."""
    return {name: None if name in ENDS and value is not None and _day(value) >= as_of else value for name, value in row.items()}


def _orders(rows: list[Event], say: Texts) -> Iterator[Happened]:
    orders: dict[tuple[str, date], list[Event]] = defaultdict(list)
    for row in rows:
        orders[str(row["order_id"]), _day(row["occurred_at"])].append(row)
    for (order_id, at), lines in orders.items():
        amount = float(sum(line["amount"] for line in lines))
        goods = list(dict.fromkeys(str(line["category"]) for line in lines if line.get("category")))
        named = ", ".join(goods[:SPENT_ON]) + (", ..." if len(goods) > SPENT_ON else "")
        channel = lines[0].get("channel")
        parts = [order_id, named, str(channel) if channel else ""]
        yield Happened(at, "order" if amount >= 0 else "refund", " · ".join(filter(None, parts)), say.money(amount))


def _contacts(rows: list[Event], say: Texts) -> Iterator[Happened]:
    for row in rows:
        parts = [str(row["kind"]).replace("_", " "), str(row["channel"])]
        if row.get("campaign_id"):
            parts.append(say("campaign {name}", name=row["campaign_id"]))
        if row.get("resolved_at"):
            parts.append(say("settled {day}", day=say.day(_day(row["resolved_at"]))))
        yield Happened(_day(row["occurred_at"]), "contact", " · ".join(parts))


def _surveys(rows: list[Event], say: Texts) -> Iterator[Happened]:
    for row in rows:
        score = say.number(float(row["score"]), 0 if float(row["score"]).is_integer() else 1)
        highest = row.get("scale_max")
        of = say("{score} of {highest}", score=score, highest=say.number(float(highest))) if highest is not None else score
        yield Happened(
            _day(row["occurred_at"]), "survey", f"{say(INSTRUMENTS.get(str(row['instrument']), str(row['instrument'])))} · {of}"
        )


def _subscriptions(rows: list[Event], say: Texts) -> Iterator[Happened]:
    for row in rows:
        until = say("until {day}", day=say.day(_day(row["ended_at"]))) if row.get("ended_at") else say("running")
        fee = say("{amount} a month", amount=say.money(float(row["fee"]))) if row.get("fee") is not None else ""
        yield Happened(
            _day(row["started_at"]), "subscription", " · ".join(filter(None, [str(row.get("plan") or ""), until])), fee
        )


def _treatments(rows: list[Event], say: Texts) -> Iterator[Happened]:
    for row in rows:
        what = say("withheld, to compare with") if row["action"] == NO_ACTION else str(row["action"])
        cost = say("cost {amount}", amount=say.money(float(row["cost"]))) if row.get("cost") else ""
        yield Happened(_day(row["occurred_at"]), "campaign", what, cost)


def _customers(rows: list[Event], say: Texts) -> Iterator[Happened]:
    for row in rows:
        yield Happened(_day(row["acquired_at"]), "customer", say("became a customer"))


TELLERS = {
    "orders": _orders,
    "interactions": _contacts,
    "surveys": _surveys,
    "subscriptions": _subscriptions,
    "treatments": _treatments,
    "customers": _customers,
}


def _months(orders: list[Event], as_of: date, say: Texts) -> list[Month]:
    """Spend less refunds of the last months; below zero stands as zero, and is said."""
    if not orders:
        return []
    last = as_of.year * 12 + as_of.month - 1 - (as_of.day == 1)  # a month of which nothing has passed is none
    sums = dict.fromkeys(range(last - MONTHS + 1, last + 1), 0.0)
    for row in orders:
        day = _day(row["occurred_at"])
        if (month := day.year * 12 + day.month - 1) in sums:
            sums[month] += float(row["amount"])
    highest = max(sums.values())
    found = []
    for x, (month, amount) in enumerate(sums.items()):
        height = round(max(amount, 0.0) / highest * HEIGHT, 2) if highest > 0 else 0.0
        said = f"{say.month(date(month // 12, month % 12 + 1, 1))}: {say.money(amount)}"
        found.append(Month(x, round(HEIGHT - height, 2), height, said))
    return found


def _day(at: datetime | date) -> date:
    return at.date() if isinstance(at, datetime) else at
