"""Who is in the list, and in which order."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from features.project import Project
from serving.desk.scored_table import load_scored
from serving.desk.work_list import PAGE, MarkedRows, Question, asked_for, page_of
from tests.serving.desk.company import customer, explained, visit, write_plan, write_project, write_scored

NOBODY = np.empty(0, dtype=np.int32)
UNMARKED = MarkedRows(NOBODY, NOBODY, NOBODY)


def listed(project: Project, query: str = "") -> list[str]:
    answer = visit(project).get(f"/desk?{query}")
    assert answer.status_code == 200
    return re.findall(r'class="open" href="[^"]*" translate="no">([^<]*)</a>', answer.text)


def test_the_highest_value_at_risk_is_first_and_who_has_none_is_last(project: Project) -> None:
    assert listed(project) == ["anna", "bert", "carl", "dora"]  # 90, twice 50, none


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tier=silver", ["bert", "dora"]),
        ("tier=silver&life_stage=lost", ["dora"]),
        ("eligible=no", ["dora"]),
        ("eligible=yes&sort=customer_id&way=desc", ["carl", "bert", "anna"]),
        ("risk=50", ["anna", "bert"]),
        ("risk=50.5", ["anna"]),
        ("search=AN", ["anna"]),
        ("search=a", ["anna", "carl", "dora"]),
        ("search=%25", []),
        ("search=_", []),
        ("sort=churn_probability&way=asc", ["carl", "bert", "anna", "dora"]),
        ("sort=clv_90d", ["carl", "anna", "bert", "dora"]),
        ("sort=customer_id", ["anna", "bert", "carl", "dora"]),
        ("marked=done", []),
        ("marked=all", ["anna", "bert", "carl", "dora"]),
    ],
)
def test_the_list_is_what_is_asked_for(project: Project, query: str, expected: list[str]) -> None:
    assert listed(project, query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "tier=nonsense",
        "sort=churn_probability%3B+DROP+TABLE+customers",
        "sort=place",
        "way=up",
        "page=-3",
        "page=x",
        "page=²",
        "risk=nan",
        "risk=1e999",
        "marked=maybe",
        "eligible=2",
    ],
)
def test_what_makes_no_sense_is_not_asked_for(project: Project, query: str) -> None:
    assert listed(project, query) == ["anna", "bert", "carl", "dora"]


def test_a_quote_in_the_search_is_a_quote(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    write_scored(project, [customer("o'neill"), customer('100%"_'), customer("other")])
    assert listed(project, "search=o%27n") == ["o&#39;neill"]
    assert listed(project, "search=0%25") == ["100%&#34;_"]


def test_pages_are_of_fifty_and_beyond_the_last_one_is_the_last_one(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    write_scored(project, [customer(f"c{k:03d}", 0.5, 1000.0 - k) for k in range(120)])
    assert listed(project, "page=2") == [f"c{k:03d}" for k in range(50, 100)]
    assert listed(project, "page=99") == listed(project, "page=3") == [f"c{k:03d}" for k in range(100, 120)]
    assert "120 customers, 101 to 120 shown" in visit(project).get("/desk?page=3").text
    found = asked_for(load_scored(project), Question(), UNMARKED)
    assert [page_of(found, k)[1] for k in (1, 3, 4)] == [1, 3, 3]
    assert len(page_of(found, 1)[0]) == PAGE


def test_columns_that_are_not_there_are_neither_shown_nor_asked_for(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    rows = [customer("a", 0.1), customer("b", 0.7)]
    gone = ("clv_90d", "value_at_risk", "life_stage", "quadrant", "clv_model")
    write_scored(project, rows, without=gone)
    page = visit(project).get("/desk?life_stage=loyal").text
    assert listed(project, "life_stage=loyal") == ["b", "a"]  # by risk
    assert 'name="tier"' in page
    assert not any(f'name="{name}"' in page for name in ("life_stage", "quadrant", "rfm_segment", "action"))
    assert "Value at risk" not in page
    assert visit(project).get("/desk/customers/a").status_code == 200


def test_without_risk_and_value_the_likeliest_to_buy_is_first(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    gone = (
        "churn_probability",
        "clv_90d",
        "value_at_risk",
        "churn_probability_explanation",
        "clv_model",
        "churn_model",
        "tier",
        "life_stage",
        "quadrant",
    )
    write_scored(project, [customer("a", propensity_tea=0.1), customer("b", propensity_tea=0.6)], without=gone)
    assert listed(project) == ["b", "a"]
    page = visit(project).get("/desk").text
    assert "Chance of buying tea" in page
    assert "60 %" in page
    assert visit(project).get("/desk/customers/b").status_code == 200


def test_the_plan_says_what_to_do_with_whom(project: Project) -> None:
    write_plan(project, {"bert": "call", "anna": "none"})
    assert listed(project, "action=call") == ["bert"]
    assert listed(project, "action=none") == ["anna", "carl", "dora"]
    assert listed(project) == listed(project, "sort=expected_gain")
    at_stake = listed(project, "sort=value_at_risk")
    assert listed(project) == ["bert", *(one for one in at_stake if one != "bert")]
    page = visit(project).get("/desk").text
    assert "phone call" in page
    assert "gains £7.50" in page


def test_a_plan_for_other_models_is_no_plan(project: Project) -> None:
    write_plan(project, {"bert": "call"}, models={"churn": "another v7"})
    assert listed(project, "action=call") == ["anna", "bert", "carl", "dora"]
    assert "There is no plan for this date and these models" in visit(project).get("/desk/customers/bert").text


def test_every_row_shows_its_own_strongest_reason(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    rows = [
        customer(f"c{k}", 0.9 - k / 10, churn_probability_explanation=explained(30, [1], 2, said=f"because of {k}"))
        for k in range(7)
    ]
    write_scored(project, rows[::-1])
    page = visit(project).get("/desk").text
    assert re.findall(r"because of (\d)<", page) == [str(k) for k in range(7)]
    assert "because of 3（中文）" in visit(project).get("/desk?lang=zh").text


def test_sorted_heads_say_so(project: Project) -> None:
    page = visit(project).get("/desk?sort=churn_probability&way=asc").text
    assert re.findall(r'class="number (\w+)" aria-sort="(\w+)"', page) == [("churn_probability", "ascending")]
    assert 'href="/desk?sort=churn_probability"' in page
