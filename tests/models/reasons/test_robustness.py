"""How far reasons can be trusted is measured on what is served, and falls where it should."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle
from models.reasons import robustness as measured
from models.reasons.robustness import robustness


def test_every_figure_is_a_share_or_a_correlation(bundle: Bundle, customers: pd.DataFrame) -> None:
    found = robustness(bundle, customers, top=3, seed=1)
    assert len(found) == len(bundle.contract.outputs)
    for one in found:
        assert one.customers == len(customers)
        assert 0 <= one.same_first <= 1
        assert 0 <= one.same_direction <= 1
        assert 0 <= one.covered_by_tenth <= one.covered <= 1
        assert -1 <= one.rank_correlation <= 1
        assert -1 <= one.size_correlation <= 1


def test_the_same_seed_gives_the_same_figures(bundle: Bundle, customers: pd.DataFrame) -> None:
    assert robustness(bundle, customers, top=3, seed=1) == robustness(bundle, customers, top=3, seed=1)


def test_honest_reasons_mostly_agree_with_removing_their_family(bundle: Bundle, customers: pd.DataFrame) -> None:
    for one in robustness(bundle, customers, top=3, seed=1):
        assert one.same_direction > 0.8
        assert one.size_correlation > 0.6


def test_reasons_turned_round_disagree(bundle: Bundle, customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = [one.same_direction for one in robustness(bundle, customers, top=3, seed=1)]
    removed = measured._removed
    monkeypatch.setattr(measured, "_removed", lambda *given: -removed(*given))
    turned = robustness(bundle, customers, top=3, seed=1)
    for one, direction in zip(turned, honest, strict=True):
        assert one.same_direction <= 1 - direction + 1e-9  # some do not move it at all: these agree neither way
        assert one.size_correlation < 0


def test_without_noise_nothing_changes_and_with_much_of_it_the_first_reason_does(
    bundle: Bundle, customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "NOISE_SHARE", 0.0)
    for one in robustness(bundle, customers, top=3, seed=1):
        assert one.same_first == 1
        assert one.rank_correlation == pytest.approx(1)
    monkeypatch.setattr(measured, "NOISE_SHARE", 5.0)
    for one in robustness(bundle, customers, top=3, seed=1):
        assert one.same_first < 0.9


def test_all_families_shown_cover_everything(bundle: Bundle, customers: pd.DataFrame) -> None:
    for one in robustness(bundle, customers, top=100, seed=1):
        assert one.covered == pytest.approx(1)


def test_figures_by_hand() -> None:
    """Two customers, three families: shares, shares under noise, and moves when each is removed."""
    own = np.array([[3.0, -1.0, 0.0], [0.1, 2.0, -7.9]])
    noisy = np.array([[3.0, -4.0, 0.0], [0.1, 2.0, -7.9]])  # another family is the strongest of the first customer
    moved = np.array([[2.0, 1.0, 5.0], [-9.0, 1.0, -4.0]])  # the second family moves the first customer the other way
    assert measured._stability(own, [noisy]) == {"same_first": 0.5, "rank_correlation": pytest.approx(1)}
    agrees = measured._agreement(own, moved, np.array([4.0, 10.0]))
    assert agrees["same_direction"] == 0.75  # four families add at least 5 %, one of them disagrees
    assert agrees["size_correlation"] == pytest.approx(np.corrcoef([3, -1, 2, -7.9], [2, 1, 1, -4])[0, 1])
    assert measured._coverage(own, 1)["covered"] == pytest.approx((3 / 4 + 7.9 / 10) / 2)
    assert measured._coverage(own, 0)["covered"] == 0


def test_where_no_feature_adds_anything_there_is_nothing_to_disagree_with() -> None:
    nothing = np.zeros((4, 3))
    found = measured._stability(nothing, [nothing]) | measured._agreement(nothing, nothing, np.zeros(4))
    found |= measured._coverage(nothing, 3)
    assert set(found.values()) == {1.0}


def test_what_is_the_same_for_all_is_not_asked_of_others(bundle: Bundle, customers: pd.DataFrame) -> None:
    alike = customers.head(1).loc[[0] * 5].reset_index(drop=True)
    for one in robustness(bundle, alike, top=3, seed=1):
        assert (one.same_direction, one.size_correlation) == (1, 1)


@pytest.mark.parametrize("horizon_days", [30, 180])
def test_reasons_agree_with_removal_where_the_horizon_is_not_the_priors(
    make_bundle: Callable[..., Bundle], customers: pd.DataFrame, horizon_days: int
) -> None:
    bundle = make_bundle("churn", horizon_days=horizon_days)
    assert bundle.prior is not None
    assert bundle.prior.horizon_days != horizon_days
    (found,) = robustness(bundle, customers, top=3, seed=1)
    assert found.same_direction > 0.8
    assert found.size_correlation > 0.6


@pytest.mark.parametrize("count", [2, 3, 50])
def test_everybody_gets_the_values_of_somebody_else(count: int) -> None:
    donors = measured._others(count, np.random.default_rng(0))
    assert sorted(donors) == list(range(count))
    assert not (donors == np.arange(count)).any()
