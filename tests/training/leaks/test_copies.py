"""Rows under several ids are told from customers who are alike by chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.problems import BadData
from training.frame import Frame
from training.leaks.check import find_leaks, refuse_leaks
from training.leaks.copies import COPIED_ROWS, copies_note, copies_said


def customers(count: int = 1_000) -> Frame:
    """Customers who differ in ten amounts, half of them with the outcome, whatever their amounts."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({f"amount_{k}": rng.gamma(2, 50, count) for k in range(10)})
    ids = np.array([f"c{number}" for number in range(count)])
    outcomes = (np.arange(count) % 2).astype(float)[:, None]
    return Frame(ids, np.array([None] * count, dtype=object), rows, outcomes, horizon_days=90)


def with_copies(frame: Frame, chosen: np.ndarray, prefix: str = "new ") -> Frame:
    return replace(
        frame,
        customer_id=np.concatenate([frame.customer_id, np.char.add(prefix, frame.customer_id[chosen])]),
        as_of=np.concatenate([frame.as_of, frame.as_of[chosen]]),
        rows=pd.concat([frame.rows, frame.rows.iloc[chosen]], ignore_index=True),
        outcomes=np.concatenate([frame.outcomes, frame.outcomes[chosen]]),
    )


def test_customers_who_differ_are_no_copies() -> None:
    assert copies_said(customers()) is None
    assert copies_note(customers()) is None


def test_a_table_appended_twice_under_new_ids_is_refused_until_waived() -> None:
    doubled = with_copies(customers(), np.arange(1_000))
    with pytest.raises(BadData) as refused:
        refuse_leaks(doubled, ())
    assert refused.value.problems == (
        "2,000 of 2,000 rows are there under another customer_id too, with all features equal (of the rows that say most 100%, "
        "above 20%): a table was probably appended twice or its rows were multiplied. Keep one row of each customer "
        '(identities names the doubles), or, if they are different customers, add "copied_rows" to training.waived_features',
    )
    refuse_leaks(doubled, (COPIED_ROWS,))


def test_a_fifth_of_the_customers_appended_again_is_enough() -> None:
    assert set(find_leaks(with_copies(customers(), np.arange(200)))) == {COPIED_ROWS}


def test_one_outcome_made_frequent_by_copying_its_rows_is_found_although_few_rows_are_copies() -> None:
    frame = customers()
    rare = replace(frame, outcomes=(np.arange(1_000) % 10 == 0).astype(float)[:, None])
    several = with_copies(rare, np.flatnonzero(rare.outcomes[:, 0])[:50])
    assert copies_said(several) is not None
    any_row = with_copies(rare, np.arange(50))
    assert copies_said(any_row) is None


def test_few_copies_are_a_note_and_do_not_stop_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    refuse_leaks(with_copies(customers(), np.arange(50)), ())
    assert "note: 100 of 1,050 rows equal a row of another customer_id in all features" in capsys.readouterr().out


def test_the_same_customer_at_another_date_is_no_copy() -> None:
    assert copies_note(with_copies(customers(), np.arange(1_000), prefix="")) is None


def test_customers_of_whom_little_is_known_are_alike_by_chance() -> None:
    rng = np.random.default_rng(0)
    frame = customers()
    plans = pd.DataFrame({"plan": rng.integers(0, 3, 1_000), "region": rng.integers(0, 4, 1_000)})
    assert copies_said(replace(frame, rows=plans)) is None
    once = np.arange(1_000) < 400  # bought the same thing once, on the same day; the others differ
    assert copies_said(replace(frame, rows=frame.rows.mask(once[:, None].repeat(10, axis=1), 11.77))) is None


def test_no_rows_and_no_columns_are_no_copies() -> None:
    frame = customers()
    assert copies_said(frame.at()) is None
    assert copies_said(replace(frame, rows=frame.rows[[]])) is None
