"""When customers are upset, and when they leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulate.calendar import Calendar
from features.simulate.campaigns import Campaigns
from features.simulate.chunk import Chunk, Flags, Integers, Numbers, Stream
from features.simulate.people import LEAVE_FACTOR_UPSET, People


@dataclass(frozen=True)
class Moods:
    """When each customer left (days; infinite if not before the end), and the times in which one was upset.

    The upset times are sorted by customer and start; `until` is infinite where one is upset at the end, and
    `is_resolved` says whether it ended in content rather than in leaving.
    """

    left: Numbers
    customer: NDArray[np.int32]
    since: Numbers
    until: Numbers
    is_resolved: Flags

    def is_upset(self, customer: Integers, at: Numbers) -> Flags:
        """Whether each customer is upset at a time."""
        if not len(self.customer):
            return np.zeros(len(at), dtype=np.bool_)
        span = 1e6  # days; more than any company lives
        place = np.searchsorted(self.customer * span + self.since, customer * span + at, side="right") - 1
        is_upset: Flags = (place >= 0) & (self.customer[place] == customer) & (at < self.until[place])
        return is_upset


def draw_moods(chunk: Chunk, people: People, campaigns: Campaigns, calendar: Calendar) -> Moods:
    """Run every customer through content and upset until they leave or the days are over.

    One turn of the loop is the next event of every customer still running: a change of mood or, thinned by what
    calls do to the hazard, leaving.
    """
    rng = chunk.rng(Stream.LEAVING)
    most = np.where(campaigns.is_ever_called(), np.maximum(people.call_factor, 1.0), 1.0)
    left = np.full(len(people), np.inf)
    who, at, is_upset = np.arange(len(people), dtype=np.int32), people.acquired.copy(), np.zeros(len(people), dtype=np.bool_)
    starts, ends = _Times(), _Times()
    while len(who):
        leave = people.leave_per_day[who] * np.where(is_upset, LEAVE_FACTOR_UPSET, 1.0) * most[who]
        change = np.where(is_upset, people.recoveries_per_day[who], people.complaints_per_day[who])
        at = at + rng.standard_exponential(len(who)) / (leave + change)
        is_over = at >= calendar.days
        ends.add(who, np.full(len(who), np.inf), is_over & is_upset)
        may_leave = rng.random(len(who)) * (leave + change) < leave
        leaves = may_leave & (rng.random(len(who)) * most[who] < campaigns.call_factor(people, who, at)) & ~is_over
        changes = ~may_leave & ~is_over
        left[who[leaves]] = at[leaves]
        starts.add(who, at, changes & ~is_upset)
        ends.add(who, at, (changes | leaves) & is_upset)
        is_upset = is_upset ^ changes
        stays = ~(is_over | leaves)
        who, at, is_upset = who[stays], at[stays], is_upset[stays]
    customer, since = starts.sorted()
    _, until = ends.sorted()
    return Moods(left, customer, since, until, is_resolved=until < left[customer])


class _Times:
    """Times of customers, collected turn by turn."""

    def __init__(self) -> None:
        self._customers = [np.empty(0, dtype=np.int32)]
        self._at = [np.empty(0)]

    def add(self, customer: NDArray[np.int32], at: Numbers, chosen: Flags) -> None:
        self._customers.append(customer[chosen])
        self._at.append(at[chosen])

    def sorted(self) -> tuple[NDArray[np.int32], Numbers]:
        """Customers and times, by customer and then time."""
        customer, at = np.concatenate(self._customers), np.concatenate(self._at)
        order = np.lexsort((at, customer))
        return customer[order], at[order]
