"""Where customers were split because no later date has outcomes, that is said; where they were not, that too."""

from __future__ import annotations

from datetime import date

from models.contract import Roles
from serving.report.split import caution, caution_of, say_split

JAN, FEB, MAR, APR = (date(2024, month, 1) for month in (1, 2, 3, 4))
IN_ORDER = Roles(tuned_on=(JAN,), tune=FEB, rehearsed_on=(JAN, FEB), calibrate=MAR, fitted_on=(JAN, FEB, MAR), judge=APR)


def test_no_role_is_split_where_every_one_has_a_later_date() -> None:
    assert IN_ORDER.split_by_customers == []
    assert say_split(IN_ORDER) == "not split: every step asks about a later date than it is fitted on"
    assert caution(IN_ORDER) == ""


def test_a_role_that_asks_about_a_date_it_is_fitted_on_is_split() -> None:
    short = IN_ORDER.model_copy(update={"tuned_on": (JAN, FEB)})
    assert short.split_by_customers == ["tuning"]
    assert say_split(short) == "for tuning, because no later date has outcomes; the judged date is a later one"
    assert caution(short) == ""


def test_of_several_models_those_with_a_split_judgement_are_named_unless_all_have_one() -> None:
    one = Roles(tuned_on=(JAN,), tune=JAN, rehearsed_on=(JAN,), calibrate=JAN, fitted_on=(JAN,), judge=JAN)
    assert caution_of({"churn": IN_ORDER, "clv": IN_ORDER}) == ""
    assert caution_of({"churn": IN_ORDER, "clv": one}).startswith("No later date has outcomes for clv, so customers were split")
    assert caution_of({"churn": one, "clv": one}).startswith("No later date has outcomes, so customers were split")


def test_a_split_judgement_is_said_not_to_show_next_time() -> None:
    one = Roles(tuned_on=(JAN,), tune=JAN, rehearsed_on=(JAN,), calibrate=JAN, fitted_on=(JAN,), judge=JAN)
    assert one.split_by_customers == ["tuning", "calibration", "judgement"]
    assert caution(one).endswith("customers of that date, and not how it does next time.")
