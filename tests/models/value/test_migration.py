"""From tier to tier, and why."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.feature import Unit
from models.contract import InputColumn
from models.spend import Counted
from models.value.migration import alerts, migration_matrix

THEN, NOW = date(2024, 1, 1), date(2024, 7, 1)
NAMES = [("silver", "银级"), ("gold", "金级")]


def test_everybody_is_counted_once_and_who_was_or_is_not_known_last() -> None:
    then, now = pd.Series({"a": 0, "b": 0, "c": 1, "gone": 1}), pd.Series({"a": 0, "b": 1, "c": 1, "new": 0})
    assert migration_matrix(then, now, 2).tolist() == [[1, 1, 0], [0, 1, 1], [1, 0, 0]]


places = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 3), max_size=15)


@given(places, places)
def test_rows_and_columns_add_up_to_the_customers_of_both_dates(then: dict[str, int], now: dict[str, int]) -> None:
    found = migration_matrix(pd.Series(then, dtype="int64"), pd.Series(now, dtype="int64"), 4)
    assert found.sum() == len(then.keys() | now.keys())
    for k in range(4):
        assert found[k].sum() == list(then.values()).count(k)
        assert found[:, k].sum() == list(now.values()).count(k)


def customers(**rows: tuple[float, ...]) -> pd.DataFrame:
    """Tier, spend and orders of a year, orders so far, days since the last and since the first order."""
    columns = ["tier", "spend_sum_365d", "order_count_365d", "order_count", "days_since_last_order", "days_since_first_order"]
    return pd.DataFrame.from_dict({name: list(row) for name, row in rows.items()}, orient="index", columns=columns)


def counted(name: str, unit: Unit) -> InputColumn:
    return InputColumn(name=name, family="monetary", unit=unit, meaning="points so far", meaning_zh="累计积分")


SPEND = Counted(by="spend_sum_365d"), counted("spend_sum_365d", "money")
BEFORE = customers(
    ada=(1, 900, 9, 20, 5, 900), bea=(1, 900, 9, 20, 5, 900), cleo=(1, 900, 9, 20, 5, 900), dora=(0, 100, 1, 1, 9, 900), eve=(0, 0, 0, 3, 700, 900),
    fay=(0, np.nan, np.nan, np.nan, np.nan, 100), gil=(0, 200, 2, 2, 5, 900), hal=(1, 900, 9, 9, 5, 900), ida=(1, 900, 9, 9, 5, 900),
)  # fmt: skip
AFTER = customers(
    ada=(0, 300, 3, 20, 187, 900),  # no order since: 26 December
    bea=(0, 450, 4.5, 25, 5, 900),  # half as many orders of the same size
    cleo=(0, 360, 9, 25, 5, 900),  # as many orders, smaller ones
    dora=(1, 800, 8, 9, 5, 900),
    eve=(1, 800, 2, 5, 30, 900),
    fay=(1, 800, 2, 2, 16, 100),
    gil=(1, 800, 2, 4, 16, 900),
    hal=(1, 900, 9, 9, 9, 900),  # stays
    new=(1, 900, 9, 9, 9, 900),  # was not there
    ida=(0, 100, 9, 9, 9, 900),
)


def test_alerts_say_why_the_largest_fall_first() -> None:
    found = {one.customer_id: one for one in alerts(BEFORE, AFTER, *SPEND, NAMES, (THEN, NOW), "GBP")}
    assert list(found) == ["ida", "ada", "cleo", "bea", "gil", "dora", "eve", "fay"]
    assert {name: one.reason for name, one in found.items()} == {
        "ada": "no order since December 2023",
        "bea": "fewer orders: 9 orders, now 4.5 orders",
        "cleo": "smaller orders: £100.00 each, now £40.00",
        "ida": "smaller orders: £100.00 each, now £11.11",
        "dora": "more orders: 1 order, now 8 orders",
        "eve": "ordered again after a pause",
        "fay": "first order in March 2024",
        "gil": "larger orders: £100.00 each, now £400.00",
    }
    assert (found["ada"].then, found["ada"].now, found["ada"].rose, found["ada"].moved) == ("gold", "silver", False, -600)
    assert (found["fay"].then, found["fay"].now, found["fay"].rose, found["fay"].moved) == ("silver", "gold", True, 800)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ada", "自2023年12月起未再下单"),
        ("cleo", "客单价下降：£100.00，现为£40.00"),
        ("eve", "停购后再次下单"),
        ("fay", "2024年3月首次下单"),
    ],
)
def test_the_same_in_chinese(name: str, said: str) -> None:
    found = {one.customer_id: one.reason_zh for one in alerts(BEFORE, AFTER, *SPEND, NAMES, (THEN, NOW), "GBP")}
    assert found[name] == said


def test_where_more_was_given_back_than_orders_changed_that_is_the_reason() -> None:
    then = customers(ada=(1, 900, 9, 20, 5, 900), bea=(0, 900, 9, 20, 5, 900)).assign(refund_sum_365d=[np.nan, 850.0])
    now = customers(ada=(0, 950, 9, 20, 5, 900), bea=(1, 850, 9, 20, 5, 900)).assign(refund_sum_365d=[800.0, 20.0])
    net = Counted(by="spend_sum_365d", less="refund_sum_365d"), SPEND[1]
    ada, bea = alerts(then, now, *net, NAMES, (THEN, NOW), "GBP")
    assert (ada.moved, ada.reason, ada.reason_zh) == (
        -750,
        "more given back: £0.00, now £800.00",
        "退款增加：£0.00，现为£800.00",
    )
    assert (bea.moved, bea.reason, bea.reason_zh) == (
        780,
        "less given back: £850.00, now £20.00",
        "退款减少：£850.00，现为£20.00",
    )


def test_who_rises_without_any_order_has_not_come_back() -> None:
    then = customers(ada=(0, 0, 9, 20, 5, 900)).assign(refund_sum_365d=[500.0])
    now = customers(ada=(1, 0, 9, 20, 5, 900)).assign(refund_sum_365d=[0.0])
    net = Counted(by="spend_sum_365d", less="refund_sum_365d"), SPEND[1]
    (ada,) = alerts(then, now, *net, NAMES, (THEN, NOW), "GBP")
    assert ada.reason == "less given back: £500.00, now £0.00"


def test_where_tiers_count_something_else_the_reason_is_that_itself() -> None:
    rows = [frame.assign(points=[float(k) for k in range(len(frame))]) for frame in (BEFORE, AFTER)]
    points = Counted(by="points"), counted("points", "points")
    (found, *_) = (one for one in alerts(*rows, *points, NAMES, (THEN, NOW), "GBP") if one.customer_id == "gil")
    assert (found.reason, found.reason_zh) == ("points so far: 6 points, now 6 points", "累计积分：6分，现为6分")


def test_without_orders_a_reason_is_a_whole_sentence() -> None:
    then, now = (pd.DataFrame({"tier": [tier], "fee": [fee]}, index=["c"]) for tier, fee in ((1, 100.0), (0, 50.0)))
    (found,) = alerts(then, now, Counted(by="fee"), counted("fee", "money"), NAMES, (THEN, NOW), "EUR")
    assert found.reason == "points so far: €100.00, now €50.00"
