"""What can be learned at all."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.contract import Output, Roles
from training.frame import Frame
from training.predictable import CUSTOMERS_MIN, all_alike, too_few

DATES = (date(2021, 1, 1), date(2021, 2, 1))
ROLES = Roles(
    tuned_on=DATES[:1],
    tune=DATES[0],
    rehearsed_on=DATES[:1],
    calibrate=DATES[1],
    fitted_on=DATES,
    judge=DATES[1] + timedelta(30),
)
OUTPUTS = tuple(
    Output(name=f"propensity_{name}", target=f"buys {name}", label=f"chance of {name}", label_zh=name)
    for name in ("tea", "toys")
)


def frame(tea: int, toys: int, *, customers: int = 100) -> Frame:
    """Two dates with the same customers; at both of them the first `tea` buy tea, the last `toys` toys."""
    number = np.tile(np.arange(customers), 2)
    return Frame(
        customer_id=np.array([f"c{each}" for each in number]),
        as_of=np.repeat(np.array(DATES, dtype=object), customers),
        rows=pd.DataFrame(index=range(2 * customers)),
        outcomes=np.column_stack([number < tea, number >= customers - toys]).astype(float),
        horizon_days=30,
    )


def test_with_thirty_on_either_side_everything_can_be_learned() -> None:
    assert CUSTOMERS_MIN == 30
    assert too_few(frame(30, 70), ROLES, OUTPUTS) == {}


def test_what_fewer_did_or_did_not_is_left_out_with_their_number() -> None:
    after = "after the dates 2021-01-01 to 2021-02-01; 30 are needed to tell what sets them apart"
    assert too_few(frame(29, 71), ROLES, OUTPUTS) == {
        "chance of tea": f"it happened to only 29 customers {after}",
        "chance of toys": f"it happened to all but 29 customers {after}",
    }
    assert too_few(frame(0, 50), ROLES, OUTPUTS) == {"chance of tea": f"it happened to only 0 customers {after}"}
    assert too_few(frame(50, 100), ROLES, OUTPUTS) == {"chance of toys": f"it happened to all but 0 customers {after}"}


def test_a_customer_counts_once_however_many_dates_there_are() -> None:
    found = frame(20, 50)
    assert (found.outcomes[:, 0] > 0).sum() == 40  # rows
    assert list(too_few(found, ROLES, OUTPUTS)) == ["chance of tea"]
    # But who did at one date and did not at another counts on both sides.
    found.outcomes[:100, 0], found.outcomes[100:, 0] = 1.0, 0.0
    assert too_few(found, ROLES, OUTPUTS) == {}


def test_amounts_count_by_who_brought_any_and_money_given_back_is_none() -> None:
    found = frame(50, 50)
    spent = found.outcomes[:, :1] * 25.0
    assert too_few(Frame(**vars(found) | {"outcomes": spent}), ROLES, OUTPUTS[:1]) == {}
    assert list(too_few(Frame(**vars(found) | {"outcomes": -spent}), ROLES, OUTPUTS[:1])) == ["chance of tea"]


def test_what_all_or_none_of_the_judged_did_cannot_be_judged() -> None:
    judged = frame(100, 0)
    assert all_alike(judged, ROLES, OUTPUTS) == {
        "chance of tea": "it happened to all of the 200 customers judged on 2021-03-03: nothing to judge by",
        "chance of toys": "it happened to none of the 200 customers judged on 2021-03-03: nothing to judge by",
    }
    assert all_alike(frame(99, 1), ROLES, OUTPUTS) == {}
