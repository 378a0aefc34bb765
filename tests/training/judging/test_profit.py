"""The expected maximum profit: by hand where acceptance is uniform, then against every cut at every acceptance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from training.judging.profit import Campaign, expected_maximum_profit

EMPC = expected_maximum_profit(Campaign())
# Any chance of acceptance is as likely as any other; asking is free, and 100 are won or lost.
EVEN = Campaign(value=200, incentive=100, contact=0, alpha=1, beta=1)


def test_the_profit_of_a_rate_by_hand() -> None:
    # All leave: asking pays at any chance g, and wins 100 g: on average 50.
    # 80 % leave: 80 g - 20 pays from g = 0.25 on; the triangle above it is 0.75 x 60 / 2.
    # Half leave: 50 g - 50 never pays.
    assert EVEN.expected_profit(np.array([1.0, 0.8, 0.5, 0.0])) == pytest.approx([50, 22.5, 0, 0])


def test_the_profit_of_a_list_by_hand() -> None:
    predicted = np.repeat([0.9, 0.7, 0.1], [1, 5, 4])
    left = np.array([1.0, 1, 1, 1, 1, 0, 0, 0, 0, 0])
    # One at 50, five at 22.5, four at nothing, of ten.
    assert expected_maximum_profit(EVEN)(left, predicted) == pytest.approx((50 + 5 * 22.5) / 10)


def test_a_perfect_list_earns_what_keeping_all_leavers_is_worth() -> None:
    left = np.array([1.0] * 20 + [0.0] * 80)
    # Of each leaver 30 % of 200 - 10, less 1 for asking, and nobody else is asked.
    assert EMPC(left, left) == pytest.approx(0.2 * (0.3 * 190 - 1), abs=1e-3)


def test_a_list_the_wrong_way_round_earns_what_no_list_earns() -> None:
    left = np.array([1.0] * 40 + [0.0] * 60)
    assert EMPC(left, 1 - left) == pytest.approx(EMPC(left, np.full(100, 0.4)))
    assert EMPC(left, np.full(100, 0.4)) == pytest.approx(float(Campaign().expected_profit(np.array([0.4]))[0]))


def test_what_nobody_accepts_is_offered_to_nobody() -> None:
    hopeless = Campaign(alpha=1, beta=10_000)
    left = np.array([1.0, 0.0] * 10)
    assert expected_maximum_profit(hopeless)(left, left) == pytest.approx(0, abs=1e-6)


def test_the_figure_is_money_and_more_is_better() -> None:
    assert (EMPC.unit, EMPC.greater_is_better, EMPC.name) == ("money", True, "empc")


def slow_profit(left: np.ndarray, predicted: np.ndarray, campaign: Campaign) -> float:
    """At each of many chances of acceptance the best of all cuts, averaged."""
    chances = beta.ppf((np.arange(4_000) + 0.5) / 4_000, campaign.alpha, campaign.beta)
    best = np.zeros(len(chances))
    for cut in np.unique(predicted):
        asked = predicted >= cut
        leavers, others = (left[asked] == 1).sum(), (left[asked] == 0).sum()
        won = leavers * (chances * (campaign.value - campaign.incentive) - campaign.contact)
        best = np.maximum(best, (won - others * (campaign.incentive + campaign.contact)) / len(left))
    return float(best.mean())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_profit_equals_that_of_trying_every_cut(seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    predicted = np.round(rng.beta(1, 2, 50), 1 if ties else 9)
    left = (rng.uniform(size=50) < predicted).astype(float)
    for campaign in (Campaign(), EVEN, Campaign(value=80, incentive=5, contact=3, alpha=2, beta=3)):
        assert expected_maximum_profit(campaign)(left, predicted) == pytest.approx(
            slow_profit(left, predicted, campaign), abs=0.02
        )
