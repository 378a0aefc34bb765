"""Who is fitted on and who is asked: nobody is asked about by a model that was fitted on her own rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.contract import Roles
from training.dates import assign_roles
from training.folds import GROUPS, folds, judged_fold, together
from training.frame import Frame

JANUARY, FEBRUARY, MARCH = date(2021, 1, 1), date(2021, 2, 1), date(2021, 3, 1)


def frame(*dates: date, customers: int = 50, absent: int = 0) -> Frame:
    """A row per customer and date, whose feature is its number; on later dates there are more customers."""
    who = [
        (f"c{number}", as_of) for k, as_of in enumerate(dates) for number in range(customers - absent * (len(dates) - 1 - k))
    ]
    return Frame(
        customer_id=np.array([customer for customer, _ in who]),
        as_of=np.array([as_of for _, as_of in who], dtype=object),
        rows=pd.DataFrame({"row": np.arange(len(who), dtype=float)}),
        outcomes=np.arange(len(who), dtype=float)[:, None] % 2,
        horizon_days=30,
    )


def test_a_later_date_is_one_fold_with_everybody() -> None:
    found = frame(JANUARY, FEBRUARY, MARCH)
    (fold,) = folds(found, (JANUARY, FEBRUARY), MARCH)
    assert set(fold.fit.as_of) == {JANUARY, FEBRUARY}
    assert set(fold.asked.as_of) == {MARCH}
    assert len(fold.fit.rows) == 100
    assert list(fold.asked.customer_id) == [f"c{number}" for number in range(50)]


def test_who_is_asked_may_stand_in_another_frame_with_outcomes_of_another_horizon() -> None:
    found = frame(JANUARY, FEBRUARY, MARCH)
    longer = replace(found, outcomes=found.outcomes + 5, horizon_days=60)
    for fitted_on, asked in (((JANUARY, FEBRUARY), MARCH), ((JANUARY, FEBRUARY), FEBRUARY)):
        for fold in folds(found, fitted_on, asked, asked_in=longer):
            assert (fold.fit.horizon_days, fold.asked.horizon_days) == (30, 60)
            assert fold.fit.outcomes.max() < 5 <= fold.asked.outcomes.min()
            assert set(fold.asked.as_of) == {asked}
            if asked in fitted_on:
                assert not set(fold.fit.customer_id) & set(fold.asked.customer_id)


numbers = {"customers": st.integers(1, 120), "absent": st.integers(0, 40), "dates": st.integers(1, 3)}


@settings(max_examples=50)
@given(**numbers)
def test_nobody_is_asked_about_what_was_learned_from_her_own_rows_and_everybody_is_asked_once(
    customers: int, absent: int, dates: int
) -> None:
    fitted_on = (JANUARY, FEBRUARY, MARCH)[:dates]
    found = frame(*fitted_on, customers=customers, absent=min(absent, customers // 3))
    split = folds(found, fitted_on, fitted_on[-1])
    asked = [row for fold in split for row in fold.asked.rows["row"]]
    for fold in split:
        assert not set(fold.fit.customer_id) & set(fold.asked.customer_id)  # at no date
        assert set(fold.asked.as_of) == {fitted_on[-1]}
        # Everybody else is fitted on, at all dates.
        others = found.where(~np.isin(found.customer_id, fold.asked.customer_id))
        assert set(fold.fit.rows["row"]) <= set(others.rows["row"])
        assert len(fold.fit.rows) > 0
    if split:
        assert len(asked) == len(set(asked))
    if customers >= 30:
        assert len(split) == GROUPS
        assert sorted(asked) == sorted(found.at(fitted_on[-1]).rows["row"])
        for fold in split:  # about a fifth
            assert len(fold.asked.rows) < customers / 2


def groups(found: Frame, asked: date) -> list[list[str]]:
    return [sorted(fold.asked.customer_id) for fold in folds(found, (asked,), asked)]


def test_the_split_is_the_same_on_every_run_and_another_one_for_another_date() -> None:
    both = frame(JANUARY, FEBRUARY)
    assert groups(both, JANUARY) == groups(frame(JANUARY, FEBRUARY), JANUARY)
    assert groups(both, JANUARY) != groups(both, FEBRUARY)
    # Nor does it depend on the order of the rows or on who else is there.
    turned = replace(
        both,
        customer_id=both.customer_id[::-1],
        as_of=both.as_of[::-1],
        rows=both.rows.iloc[::-1],
        outcomes=both.outcomes[::-1],
    )
    assert groups(turned, JANUARY) == groups(both, JANUARY)
    fewer = frame(JANUARY, customers=40)
    assert all(set(few) <= set(more) for few, more in zip(groups(fewer, JANUARY), groups(both, JANUARY), strict=True))
    # Literally: the fifth of c0 ... c9 that is asked first in January.
    assert groups(frame(JANUARY, customers=10), JANUARY)[0] == ["c3", "c8", "c9"]


def test_where_only_one_date_has_outcomes_a_fifth_is_judged_and_in_no_other_role() -> None:
    found = frame(MARCH, customers=100)
    roles = assign_roles((MARCH,), judged_at=MARCH, horizon_days=30)
    fold = judged_fold(found, roles)
    assert not set(fold.fit.customer_id) & set(fold.asked.customer_id)
    assert len(fold.fit.rows) + len(fold.asked.rows) == 100
    assert 10 <= len(fold.asked.rows) <= 30
    inner = folds(fold.fit, roles.rehearsed_on, roles.calibrate)
    assert not set(fold.asked.customer_id) & {
        who for each in inner for part in (each.fit, each.asked) for who in part.customer_id
    }


@pytest.mark.parametrize("closed", [3, 2, 1, 0])
def test_with_every_history_the_judged_are_never_fitted_on_and_later_dates_have_no_say(closed: int) -> None:
    judged_at = MARCH
    grid = tuple(judged_at - timedelta(days=30 * back) for back in range(closed, -1, -1))
    found = frame(*grid)
    roles = assign_roles(grid, judged_at=judged_at, horizon_days=30)
    fold = judged_fold(found, roles)
    judged = set(zip(fold.asked.customer_id, fold.asked.as_of, strict=True))
    assert set(fold.asked.as_of) == {judged_at}
    for fitted_on, asked in ((roles.tuned_on, roles.tune), (roles.rehearsed_on, roles.calibrate)):
        for inner in folds(fold.fit, fitted_on, asked):
            for part in (inner.fit, inner.asked):
                assert not judged & set(zip(part.customer_id, part.as_of, strict=True))
                assert all(as_of <= asked for as_of in part.as_of)


def test_folds_put_together_are_the_asked_date_again(make_frame: Any, roles: Roles) -> None:
    date_asked = roles.calibrate
    found = make_frame("propensity")
    found = replace(found, start=np.arange(len(found.rows) * 2, dtype=float).reshape(-1, 2))
    asked = together([fold.asked for fold in folds(found, (*roles.rehearsed_on, date_asked), date_asked)])
    here = found.at(date_asked)
    order, own = np.argsort(asked.customer_id), np.argsort(here.customer_id)
    assert np.array_equal(asked.customer_id[order], here.customer_id[own])
    assert np.array_equal(asked.outcomes[order], here.outcomes[own])
    assert np.array_equal(asked.starts()[order], here.starts()[own])
    pd.testing.assert_frame_equal(asked.rows.iloc[order], here.rows.iloc[own])
    assert together([here]) is here
    assert together([replace(here, start=None)] * 2).start is None
