"""How customers and company meet between the orders: visits, contacts, complaints, e-mails, invitations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.simulate.chunk import Chunk, Flags, Numbers, Stream
from features.simulate.columns import SECONDS_PER_DAY, coded, numbers, seconds, timestamps
from features.simulate.leaving import Moods
from features.simulate.market import Market
from features.simulate.orders import Orders
from features.simulate.people import People
from features.simulate.surveys import Invitations
from features.simulate.times import late_days

KINDS = ("visit", "contact", "complaint", "email_open", "email_click", "survey_invite")
VISIT, CONTACT, COMPLAINT, OPEN, CLICK, INVITE = range(6)
CHANNELS = ("web", "app", "email", "phone", "shop")
WEB, APP, EMAIL, PHONE, SHOP = range(5)

VISITED_BEFORE_SHARE = 0.35  # of the orders
IDLE_VISITS_PER_ORDER = 0.3  # visits that lead to nothing
IDLE_VISITS_PER_DAY = 1 / 365
CONTACTS_PER_DAY = 0.3 / 365
CONTACT_AFTER_COMPLAINT_SHARE = 0.7
NEWSLETTER_EVERY_DAYS = 61
OPEN_SHARE = 0.15  # of a customer of usual loyalty who has not left
CLICK_SHARE = 0.2  # of those who open
LATE_SHARE = 0.02


@dataclass(frozen=True)
class Contacts:
    """One entry per interaction, in no sequence; `campaign` is -1, `value` and `duration_s` are NaN for none.

    `resolved_at` (days) is when the complaint was settled, infinite where it never was or there is none.
    """

    customer: NDArray[np.int32]
    at: Numbers
    kind: NDArray[np.int8]
    channel: NDArray[np.int8]
    campaign: NDArray[np.int16]
    value: Numbers
    duration_s: Numbers
    resolved_at: Numbers


def _newsletter_days(market: Market) -> range:
    """The days on which every customer is sent a newsletter."""
    return range(NEWSLETTER_EVERY_DAYS // 2, market.calendar.days, NEWSLETTER_EVERY_DAYS)


def draw_contacts(
    chunk: Chunk, people: People, moods: Moods, orders: Orders, invitations: Invitations, market: Market
) -> Contacts:
    """The interactions of a chunk: nobody visits, calls or opens a mail before being acquired or after leaving."""
    rng = chunk.rng(Stream.CONTACTS)
    visits = _visits(rng, people, moods, orders, market)
    parts = [visits, _complaints(rng, moods), *_contacts(rng, people, moods, market), *_mails(rng, people, moods, market)]
    own = _joined(parts)
    is_there = (own.at >= people.acquired[own.customer]) & (own.at < moods.left[own.customer])
    return _joined([_chosen(own, is_there), _invitations(invitations)])


def _part(customer: NDArray[np.int32], at: Numbers, kind: int, channel: int | NDArray[np.int8], **known: Numbers) -> Contacts:
    """Interactions of one kind, with nothing in the columns that are not given."""
    count = len(at)
    return Contacts(
        customer=customer,
        at=at,
        kind=np.full(count, kind, dtype=np.int8),
        channel=np.broadcast_to(np.asarray(channel, dtype=np.int8), (count,)),
        campaign=known.get("campaign", np.full(count, -1)).astype(np.int16),
        value=known.get("value", np.full(count, np.nan)),
        duration_s=known.get("duration_s", np.full(count, np.nan)),
        resolved_at=known.get("resolved_at", np.full(count, np.inf)),
    )


def _joined(parts: list[Contacts]) -> Contacts:
    return Contacts(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})


def _chosen(contacts: Contacts, which: Flags | NDArray[np.int64]) -> Contacts:
    return Contacts(**{name: column[which] for name, column in vars(contacts).items()})


def _visits(rng: np.random.Generator, people: People, moods: Moods, orders: Orders, market: Market) -> Contacts:
    before: Flags = rng.random(len(orders.at)) < VISITED_BEFORE_SHARE
    idle = _at_random(rng, IDLE_VISITS_PER_ORDER * people.orders_per_day + IDLE_VISITS_PER_DAY, people, moods, market)
    customer = np.concatenate([orders.customer[before], idle[0]])
    at = np.concatenate([orders.at[before] - 3 * rng.random(int(before.sum())), idle[1]])
    pages = rng.geometric(0.2, len(at)).astype(np.float64)
    channel = np.where(rng.random(len(at)) < 0.6, WEB, APP).astype(np.int8)
    seconds_long = np.round(pages * 40 * rng.standard_exponential(len(at)) + 1)
    return _part(customer, at, VISIT, channel, value=pages, duration_s=seconds_long)


def _at_random(
    rng: np.random.Generator, rate: float | Numbers, people: People, moods: Moods, market: Market
) -> tuple[NDArray[np.int32], Numbers]:
    """A Poisson process at a rate per day, from being acquired to leaving."""
    days = np.minimum(moods.left, market.calendar.days) - people.acquired
    customer = np.repeat(np.arange(len(people), dtype=np.int32), rng.poisson(rate * days))
    return customer, people.acquired[customer] + rng.random(len(customer)) * days[customer]


def _complaints(rng: np.random.Generator, moods: Moods) -> Contacts:
    channel = np.where(rng.random(len(moods.since)) < 0.6, EMAIL, PHONE).astype(np.int8)
    resolved_at = np.where(moods.is_resolved, moods.until, np.inf)
    return _part(moods.customer, moods.since, COMPLAINT, channel, resolved_at=resolved_at)


def _contacts(rng: np.random.Generator, people: People, moods: Moods, market: Market) -> Iterator[Contacts]:
    """Calls: some after a complaint, the others at any time."""
    follows: Flags = rng.random(len(moods.since)) < CONTACT_AFTER_COMPLAINT_SHARE
    after = moods.since[follows] + 10 * rng.random(int(follows.sum()))
    for customer, at in ((moods.customer[follows], after), _at_random(rng, CONTACTS_PER_DAY, people, moods, market)):
        channel = np.where(rng.random(len(at)) < 0.8, PHONE, SHOP).astype(np.int8)
        yield _part(customer, at, CONTACT, channel, duration_s=np.round(rng.gamma(2, 150, len(at)) + 5))


def _mails(rng: np.random.Generator, people: People, moods: Moods, market: Market) -> Iterator[Contacts]:
    """Newsletters opened, and clicked some minutes later."""
    share = np.clip(OPEN_SHARE * np.exp(0.4 * people.loyalty), 0, 0.9)
    days = np.array(_newsletter_days(market), dtype=np.float64)
    is_there = (people.acquired[:, None] < days) & (days < moods.left[:, None])
    opens = is_there & (rng.random((len(people), len(days)), dtype=np.float32) < share[:, None])
    customer, campaign = np.nonzero(opens)
    who, which = customer.astype(np.int32), campaign.astype(np.float64)
    at = days[campaign] + 0.4 + rng.standard_exponential(len(who))
    yield _part(who, at, OPEN, EMAIL, campaign=which)
    clicks: Flags = rng.random(len(who)) < CLICK_SHARE
    later = at[clicks] + 0.01 * rng.standard_exponential(int(clicks.sum()))
    yield _part(who[clicks], later, CLICK, EMAIL, campaign=which[clicks])


def _invitations(invitations: Invitations) -> Contacts:
    return _part(invitations.customer, invitations.at, INVITE, EMAIL)


def interactions_table(
    chunk: Chunk, contacts: Contacts, market: Market, *, has_alias: Flags, customer_id: pa.Array
) -> pa.Table:
    """One row per interaction, in time order.

    `resolved_at` is filled in as far as it is known at the calendar's end, also in rows recorded before it: a
    reader who asks what was known earlier must look at the time itself.
    """
    rng, days, starts_at = chunk.rng(Stream.CONTACT_ROWS), market.calendar.days, market.calendar.starts_at
    late = late_days(rng, rng.random(len(contacts.at)) < LATE_SHARE)
    is_under_alias = has_alias[contacts.customer] & (rng.random(len(contacts.at)) < 0.4)
    in_time = np.argsort(contacts.at)
    occurred = seconds(contacts.at[in_time])
    recorded = occurred + seconds(late[in_time])
    is_known = recorded < days * SECONDS_PER_DAY
    rows = _chosen(contacts, in_time[is_known])
    customer = (rows.customer + np.where(is_under_alias[in_time[is_known]], chunk.size, 0)).astype(np.int32)
    campaigns = [f"newsletter {market.calendar.date(day)}" for day in _newsletter_days(market)]
    columns = {
        "customer_id": coded(customer, customer_id),
        "occurred_at": timestamps(occurred[is_known], starts_at),
        "recorded_at": timestamps(recorded[is_known], starts_at),
        "channel": coded(rows.channel, CHANNELS),
        "kind": coded(rows.kind, KINDS),
        "campaign_id": coded(rows.campaign, campaigns),
        "value": numbers(rows.value),
        "duration_s": numbers(rows.duration_s),
        "resolved_at": timestamps(seconds(rows.resolved_at), starts_at, known=rows.resolved_at < days),
    }
    return pa.table(columns)
