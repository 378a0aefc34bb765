"""The satisfaction family on tables small enough to work out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.features.made_up_company import Asked, at, online_row, online_rows
from tests.reference.raw_rows import Answer, Company, Contact, Period

LONG_AGO = datetime(2010, 1, 1)


def answer(occurred_at: str, score: float, instrument: str = "nps", recorded_at: str | None = None, **scale: float) -> Answer:
    return Answer("ada", datetime.fromisoformat(occurred_at), instrument, score, at(recorded_at), **scale)


def of_answers(answers: list[Answer], as_of: str = "2021-03-31", **optional: Any) -> dict[str, Any]:
    asked = Asked(instruments=("nps", "csat"))
    company = Company(surveys=answers, subscriptions=[Period("ada", LONG_AGO)])
    return online_row("ada", company, as_of, asked=asked, **optional)


def test_the_last_and_the_mean_score_are_of_one_instrument() -> None:
    row = of_answers([answer("2021-01-01", 4), answer("2021-03-01", 10), answer("2021-03-15", 5, "csat")])
    assert (row["nps_answer_count"], row["nps_score_last"], row["nps_score_mean"]) == (2, 10, 7)
    assert (row["nps_score_last_less_mean"], row["days_since_last_nps"]) == (3, 30)
    assert (row["csat_answer_count"], row["csat_score_last"], row["days_since_last_csat"]) == (1, 5, 16)


def test_an_instrument_she_never_answered_has_no_score() -> None:
    row = of_answers([answer("2021-01-01", 4)])
    assert row["csat_answer_count"] == 0
    missing = ("csat_score_last", "csat_score_mean", "csat_score_last_less_mean", "days_since_last_csat")
    assert all(math.isnan(row[name]) for name in missing)


def test_answers_of_one_day_count_with_their_mean() -> None:
    row = of_answers([answer("2021-03-01 09:00", 10), answer("2021-03-01 17:00", 5)])
    assert (row["nps_answer_count"], row["nps_score_last"], row["nps_score_mean"]) == (2, 7.5, 7.5)


def test_of_answers_of_one_day_those_that_became_known_later_are_the_last() -> None:
    row = of_answers([answer("2021-03-01", 10), answer("2021-03-01", 4, recorded_at="2021-03-10"), answer("2021-02-01", 1)])
    assert (row["nps_score_last"], row["nps_score_mean"]) == (4, 5)


def test_she_is_a_promoter_from_9_on_and_a_detractor_below_7() -> None:
    scores = {"a": 0, "b": 6, "c": 7, "d": 8, "e": 9, "f": 10}
    company = Company(
        surveys=[Answer(who, datetime(2021, 3, 1), "nps", score) for who, score in scores.items()],
        subscriptions=[Period(who, LONG_AGO) for who in scores],
    )
    rows = online_rows(company, "2021-03-31", asked=Asked(instruments=("nps",)))
    assert dict(zip(rows.customer_id, rows.nps_class, strict=True)) == {"a": -1, "b": -1, "c": 0, "d": 0, "e": 1, "f": 1}


def test_without_an_nps_answer_the_class_is_missing() -> None:
    assert math.isnan(of_answers([answer("2021-03-01", 5, "csat")])["nps_class"])


def test_a_score_on_a_scale_of_its_own_is_brought_to_the_usual_one() -> None:
    given = {
        "0 to 100": (Answer("", datetime(2021, 3, 1), "nps", 100, scale_min=0, scale_max=100), 10),
        "between": (Answer("", datetime(2021, 3, 1), "nps", 55, scale_min=0, scale_max=100), 5.5),
        "1 to 7": (Answer("", datetime(2021, 3, 1), "nps", 1, scale_min=1, scale_max=7), 0),
        "four decimals": (Answer("", datetime(2021, 3, 1), "nps", 3, scale_min=1, scale_max=7), 3.3333),
        "from the usual lowest": (Answer("", datetime(2021, 3, 1), "nps", 100, scale_max=100), 10),
        "usual": (Answer("", datetime(2021, 3, 1), "nps", 2), 2),
    }
    company = Company(
        surveys=[replace(answer, customer_id=case) for case, (answer, _) in given.items()],
        subscriptions=[Period(case, LONG_AGO) for case in given],
    )
    rows = online_rows(company, "2021-03-31", asked=Asked(instruments=("nps",))).set_index("customer_id")
    assert dict(rows.nps_score_last) == {case: usual for case, (_, usual) in given.items()}


def test_a_scale_of_which_only_one_end_is_mapped_has_the_usual_other_end() -> None:
    given = [answer("2021-03-01", 100, scale_max=100), answer("2021-03-02", 10, "csat", scale_max=10)]
    row = of_answers(given, without=["surveys.scale_min"])
    assert (row["nps_score_last"], row["csat_score_last"]) == (10, 5)
    lowest = of_answers([answer("2021-03-01", -10, scale_min=-10)], without=["surveys.scale_max"])
    assert lowest["nps_score_last"] == 0


def test_the_response_rate_is_answers_over_invitations() -> None:
    invitations = [Contact("ada", datetime(2021, 1, day), "email", "survey_invite") for day in (1, 2, 3, 4)]
    company = Company(
        surveys=[answer("2021-01-05", 9), answer("2021-01-06", 5, "csat"), answer("2021-01-07", 1, recorded_at="2021-06-01")],
        interactions=invitations,
        subscriptions=[Period("ada", LONG_AGO), Period("bo", LONG_AGO)],
    )
    rows = online_rows(company, "2021-03-31", asked=Asked(instruments=("nps",), kinds=("survey_invite",)))
    assert rows.survey_response_rate[0] == 0.5  # the answer nobody knows yet is not counted
    assert math.isnan(rows.survey_response_rate[1])
