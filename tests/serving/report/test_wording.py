"""What is said of days, directions and groups of days, as it is written in the places that say it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from serving.report.directions import UNKNOWN, say_directions
from serving.report.when import group_by_days
from serving.report.wording import money
from serving.scoring.until_leaving import say_until_leaving


def test_the_cap_is_said_as_five_years_or_more() -> None:
    english, chinese = say_until_leaving(100.0, 1825.0, 1825.0)
    assert english == "five years or more (80 %: 100 days to five years or more)"
    assert chinese == "五年及以上（80%区间：100天至五年及以上）"


def test_a_choice_in_another_form_stays_as_it_is_and_none_is_said_too() -> None:
    assert say_directions("something else") == "something else"
    assert say_directions(None) == UNKNOWN


def test_every_customer_is_in_one_group_of_days_and_empty_groups_are_left_out() -> None:
    days = pd.Series([0.0, 0.2, 30.4, 30.5, 365.0, 400.0, 1824.9, 1825.0, np.nan])
    found = {group.days: int(group.customers) for group in group_by_days(days)}
    assert found == {
        "has probably left already": 2,
        "within 30 days": 1,
        "31 to 90 days": 1,
        "181 days to a year": 1,
        "one to two years": 1,
        "two to five years": 1,
        "five years or more": 1,
        "not known": 1,
    }


def test_what_is_gone_with_nobody_is_nothing_and_not_less() -> None:
    assert (money(-0.0, "EUR"), money(-0.004, "EUR"), money(-0.006, "EUR")) == ("€0.00", "€0.00", "-€0.01")
