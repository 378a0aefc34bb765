"""Expectations are those of the process, whatever changes on the way."""

from __future__ import annotations

import numpy as np

from features.simulate.campaigns import draw_campaigns
from features.simulate.chain import Pair
from features.simulate.chunk import chunks
from features.simulate.market import draw_market
from features.simulate.orders import returned_share
from features.simulate.outlook import order_value_and_cost, outlook, spells_of
from features.simulate.people import draw_people
from tests.features.simulate.on_disk import CALENDAR, CAMPAIGN_DAY


def test_the_outlook_equals_a_sum_over_short_steps() -> None:
    market = draw_market(CALENDAR, seed=5)
    chunk = next(chunks(customers=200, seed=5))
    people = draw_people(chunk, CALENDAR)
    campaigns = draw_campaigns(chunk, people, CALENDAR)
    since, until, step = CALENDAR.day(CAMPAIGN_DAY) - 20, CALENDAR.day(CAMPAIGN_DAY) + 70, 1 / 16
    upset = (np.arange(200) % 2).astype(float)
    found = outlook(
        people, Pair(1 - upset, upset), spells_of(people, campaigns, before=10**6), market, since=since, until=until
    )

    alive = waiting = np.stack([1 - upset, upset])
    left_waiting, orders, spend, margin = np.zeros((4, 200))
    for t in np.arange(since, until, step) + step / 2:
        voucher, call = (
            np.prod(
                [
                    np.where((campaigns.action[:, c] == code) & (day + 1 <= t < day + 1 + length), factor, 1)
                    for c, day in enumerate(campaigns.days)
                ],
                axis=0,
            )
            for code, length, factor in ((1, 30, people.voucher_factor), (2, 90, people.call_factor))
        )
        buy = people.orders_per_day * market.demand.at(t) * voucher * np.array([[1], [0.5]])
        leave = people.leave_per_day * call * np.array([[1], [6]])

        def moved(moods: np.ndarray, loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            """The midpoint rule: the probabilities half a step on, and a whole step on."""

            def slope(x: np.ndarray) -> np.ndarray:
                net = people.complaints_per_day * x[0] - people.recoveries_per_day * x[1]
                return np.stack([-net, net]) - loss * x

            middle = moods + step / 2 * slope(moods)
            return middle, moods + step * slope(middle)

        middle, waiting = moved(waiting, leave + buy)
        left_waiting += step * (leave * middle).sum(axis=0)
        middle, alive = moved(alive, leave)
        bought = step * (buy * middle).sum(axis=0)
        kept = bought * (1 - people.return_probability * returned_share(np.array(until - t)))
        value, cost = order_value_and_cost(people, market, int(t))
        orders, spend, margin = orders + bought, spend + kept * value, margin + kept * (value - cost)
    np.testing.assert_allclose(found.no_order, waiting.sum(axis=0) + left_waiting, rtol=1e-4)
    np.testing.assert_allclose(found.leave, 1 - alive.sum(axis=0), rtol=1e-4)
    for one, sum_over_steps in ((found.orders, orders), (found.spend, spend), (found.margin, margin)):
        np.testing.assert_allclose(one, sum_over_steps, rtol=1e-4)
