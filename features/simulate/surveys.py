"""Who is asked, who answers, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.simulate.chunk import Chunk, Flags, Numbers, Stream
from features.simulate.columns import SECONDS_PER_DAY, coded, seconds, timestamps
from features.simulate.leaving import Moods
from features.simulate.market import Market
from features.simulate.orders import Orders
from features.simulate.people import People
from features.simulate.times import late_days
from features.tables import SCALES

INSTRUMENTS = ("nps", "csat", "ces", "rating")
NPS, CSAT, CES, RATING = range(4)
SCALE_MIN, SCALE_MAX = (np.array([float(SCALES[name][end]) for name in INSTRUMENTS]) for end in (0, 1))
SCORE_MIDDLE = np.array([7.2, 3.7, 4.8, 3.9])  # of a customer of usual satisfaction
SCORE_SPREAD = np.array([2.0, 0.9, 1.2, 0.9])  # per unit of satisfaction

INVITATIONS_PER_DAY = 1.5 / 365  # nps and ces, whatever the customer does
STILL_ASKED_DAYS = 120  # after leaving: the company does not know
RATED_SHARE = 0.06  # of the orders lead to an invitation to rate
ASKED_AFTER_RESOLUTION_SHARE = 0.6  # of the settled complaints
ANSWER_SHARE = 0.35  # of a customer of usual loyalty who has not left
UPSET_LOWERS_BY = 1.5  # units of satisfaction
LATE_SHARE = 0.03


@dataclass(frozen=True)
class Invitations:
    """One entry per survey invitation, in no sequence: who, when (days), which instrument, and the answer.

    `answered_at` is infinite where there is none.
    """

    customer: NDArray[np.int32]
    at: Numbers
    instrument: NDArray[np.int8]
    answered_at: Numbers
    score: Numbers


def draw_invitations(chunk: Chunk, people: People, moods: Moods, orders: Orders, market: Market) -> Invitations:
    """The invitations of a chunk and their answers.

    Satisfaction felt = satisfaction - 1.5 while upset + noise; score = middle + spread * felt, rounded to the scale.
    """
    rng = chunk.rng(Stream.INVITATIONS)
    parts = [_routine(rng, people, moods, market), _after_orders(rng, orders), _after_complaints(rng, moods)]
    customer, at, instrument = (np.concatenate(column) for column in zip(*parts, strict=True))
    happens = at < market.calendar.days
    customer, at, instrument = customer[happens], at[happens], instrument[happens]
    answered_at = at + 1.5 * rng.standard_exponential(len(at))
    share = np.clip(ANSWER_SHARE * np.exp(0.3 * people.loyalty[customer]), 0, 0.9)
    answers = (rng.random(len(at)) < share) & (answered_at < moods.left[customer])
    felt = people.satisfaction[customer] - UPSET_LOWERS_BY * moods.is_upset(customer, answered_at)
    felt += 0.7 * rng.standard_normal(len(at))
    score = np.round(SCORE_MIDDLE[instrument] + SCORE_SPREAD[instrument] * felt)
    return Invitations(
        customer=customer,
        at=at,
        instrument=instrument,
        answered_at=np.where(answers, answered_at, np.inf),
        score=np.clip(score, SCALE_MIN[instrument], SCALE_MAX[instrument]),
    )


_Part = tuple[NDArray[np.int32], Numbers, NDArray[np.int8]]


def _routine(rng: np.random.Generator, people: People, moods: Moods, market: Market) -> _Part:
    days = np.minimum(moods.left + STILL_ASKED_DAYS, market.calendar.days) - people.acquired
    customer = np.repeat(np.arange(len(people), dtype=np.int32), rng.poisson(INVITATIONS_PER_DAY * days))
    at = people.acquired[customer] + rng.random(len(customer)) * days[customer]
    return customer, at, np.where(rng.random(len(at)) < 0.7, NPS, CES).astype(np.int8)


def _after_orders(rng: np.random.Generator, orders: Orders) -> _Part:
    chosen: Flags = rng.random(len(orders.at)) < RATED_SHARE
    at = orders.at[chosen]
    return orders.customer[chosen], at + rng.uniform(3, 8, len(at)), np.full(len(at), RATING, dtype=np.int8)


def _after_complaints(rng: np.random.Generator, moods: Moods) -> _Part:
    chosen: Flags = moods.is_resolved & (rng.random(len(moods.until)) < ASKED_AFTER_RESOLUTION_SHARE)
    at = moods.until[chosen]
    return moods.customer[chosen], at + rng.uniform(0.5, 2, len(at)), np.full(len(at), CSAT, dtype=np.int8)


def surveys_table(chunk: Chunk, invitations: Invitations, market: Market, *, customer_id: pa.Array) -> pa.Table:
    """One row per answer, in time order."""
    rng, days = chunk.rng(Stream.SURVEY_ROWS), market.calendar.days
    late = late_days(rng, rng.random(len(invitations.at)) < LATE_SHARE)
    in_time = np.argsort(invitations.answered_at)
    occurred = seconds(invitations.answered_at[in_time])
    recorded = occurred + seconds(late[in_time])
    is_known = (invitations.answered_at[in_time] < days) & (recorded < days * SECONDS_PER_DAY)
    chosen, starts_at = in_time[is_known], market.calendar.starts_at
    instrument = invitations.instrument[chosen]
    columns = {
        "customer_id": coded(invitations.customer[chosen], customer_id),
        "occurred_at": timestamps(occurred[is_known], starts_at),
        "recorded_at": timestamps(recorded[is_known], starts_at),
        "instrument": coded(instrument, INSTRUMENTS),
        "score": invitations.score[chosen],
        "scale_min": SCALE_MIN[instrument],
        "scale_max": SCALE_MAX[instrument],
    }
    return pa.table(columns)
