"""Was it by chance? Arms that chance drew are taken, arms that somebody chose are refused with a sentence that says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.campaigns.test_uplift import trial
from training.campaigns.balance import balance_table, is_off, why_not


def test_arms_drawn_by_chance_are_taken_also_where_some_were_drawn_more_often() -> None:
    for seed in range(8):
        assert why_not(trial(seed, count=3_000), "voucher") is None
        assert why_not(trial(seed, count=3_000, uneven=True), "voucher") is None


def test_arms_that_somebody_chose_are_refused_naming_in_what_they_differ() -> None:
    made = trial(1, count=3_000)
    chosen = np.where(made.rows["visits"] > 0.4, "voucher", "none")
    said = why_not(replace(made, action=chosen), "voucher")
    assert said is not None
    assert said.startswith("the arms are not alike, so it was not by chance (those who got voucher differ in visits by +")
    assert "age" not in said


def test_a_propensity_that_is_not_the_one_of_the_draw_is_refused() -> None:
    made = trial(2, count=3_000)
    said = why_not(replace(made, propensity=np.where(made.action == "voucher", 0.9, 0.5)), "voucher")
    assert said is not None
    assert said.startswith("propensity does not say how voucher was drawn (by it there were 1,")


def test_too_few_customers_and_arms_in_which_all_did_the_same_are_refused() -> None:
    assert "only " in (why_not(trial(3, count=150), "voucher") or "")
    made = trial(3, count=2_000)
    said = why_not(replace(made, event=np.zeros(2_000)), "voucher")
    assert said == (
        "of the customers who were withheld by chance while others got voucher nearly all did the same (at least 10 of each are needed)"
    )


def test_an_action_nobody_was_withheld_from_is_refused() -> None:
    made = trial(4, count=2_000)
    said = why_not(replace(made, action=np.full(2_000, "voucher")), "voucher")
    assert said == "only 0 customers were withheld by chance while others got voucher (at least 100 are needed)"


def test_the_balance_of_a_feature_done_by_hand() -> None:
    made = trial(5, count=8)
    treated = np.array([True] * 4 + [False] * 4)
    rows = made.rows.head(8).assign(visits=np.expm1([1.0, 1.0, 3.0, 3.0, 0.0, 0.0, 2.0, 2.0]))[["visits"]]
    own = replace(made, action=np.where(treated, "voucher", "none"), propensity=np.full(8, 0.5), rows=rows, value=None)
    (found,) = balance_table(own, treated)
    assert (found.feature, found.treated, found.withheld) == ("visits", pytest.approx(2), pytest.approx(1))
    assert found.apart == pytest.approx(1.0)  # both arms have deviation 1
    assert found.error == pytest.approx(np.sqrt(2 / 4))
    assert not is_off(found)


def test_the_feature_furthest_apart_comes_first_and_those_nobody_has_are_left_out() -> None:
    made = trial(6, count=2_000)
    rows = made.rows.assign(unknown=np.nan, constant=1.0)
    own, treated = replace(made, rows=rows).against_controls("voucher")
    found = balance_table(own, treated)
    assert {each.feature for each in found} == {"age", "visits", "noise"}
    assert [abs(each.apart) for each in found] == sorted((abs(each.apart) for each in found), reverse=True)
