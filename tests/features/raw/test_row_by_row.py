"""Expressions that look beyond their row are refused; those that do not are not."""

from __future__ import annotations

import pytest
import sqlglot

from features.raw.row_by_row import rows_problem

FINE = [
    "amt // 100", "a::DATE - INTERVAL 1 DAY", "CASE WHEN a > 0 THEN b END", "list_sum([a, b])", "list_transform([a], x -> x + 1)",
    "age(a, b)", "split_part(a, ',', 1)", "coalesce(a, b) AND c IN (1, 2)", "date_trunc('day', a)", "strptime(a, '%d')", "today_price",
]  # fmt: skip
OF_OTHERS = [
    "sum(a)", "count(*)", "fsum(a)", "product(a)", "unnest([a, b])", "generate_subscripts([a], 1)", "regexp_split_to_table(a, ',')",
    "(SELECT max(a) FROM src)", "a < ANY (SUMMARIZE src)", "a IN (SELECT b FROM src)", "*",
]  # fmt: skip
OF_MORE = [
    "random() < 0.5", "uuid()", "now()", "today()", "current_date", "current_timestamp", "localtimestamp", "age(a)", "ago(INTERVAL 1 DAY)",
    "a + second(localtimestamp)", "regexp_extract(stats(a), 'Max: ([0-9.]+)', 1)", "nextval('s')",
]  # fmt: skip
OVER = ["row_number() OVER (ORDER BY a)", "last(a) OVER (PARTITION BY b)", "fsum(a) OVER ()", "row_number() OVER () > 3"]


def why(expression: str, *, may_number: bool = False) -> str:
    return rows_problem(sqlglot.parse_one(expression, dialect="duckdb"), may_number=may_number) or ""


@pytest.mark.parametrize("expression", FINE)
def test_what_takes_one_row_and_gives_one_value_is_fine(expression: str) -> None:
    assert why(expression) == ""


@pytest.mark.parametrize("expression", OF_OTHERS)
def test_what_takes_or_makes_many_rows_is_refused(expression: str) -> None:
    assert "is not computed row by row" in why(expression)


@pytest.mark.parametrize("expression", OF_MORE)
def test_the_clock_chance_and_what_is_kept_of_the_whole_column_are_refused(expression: str) -> None:
    assert "asks for more than the row holds" in why(expression)


@pytest.mark.parametrize("expression", OVER)
def test_windows_are_refused(expression: str) -> None:
    assert "looks at other rows, later ones too" in why(expression)


def test_rows_without_an_id_may_be_numbered() -> None:
    assert why("'R' || row_number() OVER ()", may_number=True) == ""
    assert why("row_number() OVER (ORDER BY a DESC)", may_number=True) != ""
