"""What is tried on the customers: randomised touches at a few dates, with some customers withheld as controls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulate.calendar import Calendar
from features.simulate.chunk import Chunk, Flags, Integers, Numbers, Stream
from features.simulate.people import People
from features.tables import NO_ACTION

ACTIONS = (NO_ACTION, "voucher", "call")
CONTROL, VOUCHER, CALL = range(3)
NOT_IN_IT = -1  # not part of the campaign, neither treated nor withheld

VOUCHER_DAYS = 30  # how long a voucher raises the order rate
CALL_DAYS = 90  # how long a call changes the leave hazard
EFFECT_AFTER_DAYS = 1  # the effect begins at the midnight after the campaign's day

ELIGIBLE_SHARE = 0.6
PROPENSITIES = np.array([[0.4, 0.4, 0.2], [0.3, 0.3, 0.4], [0.5, 0.4, 0.1]])  # segment x action
COSTS = np.array([0.0, 5.0, 3.0])


@dataclass(frozen=True)
class Campaigns:
    """One row per customer of the chunk, one column per campaign: the action, its probability, and when (days)."""

    days: tuple[int, ...]
    action: NDArray[np.int8]
    propensity: Numbers
    at: Numbers

    def call_factor(self, people: People, customer: Integers, at: Numbers) -> Numbers:
        """The factor on each customer's leave hazard at a time. Campaigns are further apart than a call lasts."""
        starts = np.array(self.days, dtype=np.float64) + EFFECT_AFTER_DAYS
        campaign = np.searchsorted(starts, at, side="right") - 1
        if not len(starts):
            return np.ones(len(at))
        is_called = self.action[customer, campaign] == CALL
        is_running = (campaign >= 0) & (at < starts[campaign] + CALL_DAYS)
        return np.where(is_called & is_running, people.call_factor[customer], 1.0)

    def is_ever_called(self) -> Flags:
        """Whether each customer gets a call in any campaign."""
        is_called: Flags = (self.action == CALL).any(axis=1)
        return is_called


def draw_campaigns(chunk: Chunk, people: People, calendar: Calendar) -> Campaigns:
    """Who gets what: among those acquired before the campaign's day, at random with the propensities of the segment.

    The company does not know who has left; they are treated too, to no effect.
    """
    rng, days = chunk.rng(Stream.CAMPAIGNS), calendar.campaign_days
    shape = (len(people), len(days))
    limits = np.cumsum(PROPENSITIES, axis=1)[people.segment]
    draw = rng.random(shape)
    drawn = (draw >= limits[:, :1]).astype(np.int8) + (draw >= limits[:, 1:2])
    is_in_it = (rng.random(shape) < ELIGIBLE_SHARE) & (people.acquired[:, None] < np.array(days))
    at = np.array(days) + rng.uniform(9 / 24, 18 / 24, shape)
    return Campaigns(
        days=days,
        action=np.where(is_in_it, drawn, NOT_IN_IT).astype(np.int8),
        propensity=PROPENSITIES[people.segment[:, None], drawn],
        at=at,
    )
