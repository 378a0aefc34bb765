"""What can be said of files, columns and expressions before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.problems import BadData
from features.project import Project, read_project
from features.raw import heads
from features.raw.heads import HEAD_BYTES, check_heads

MAPPING = """
[project]
name = "shop"
currency = "EUR"

[source]
backend = "{backend}"
{source}

[tables.orders]
from = "{orders}"
order_id = "number"
customer_id = "customer"
occurred_at = "day"
amount = "{amount}"
"""
ROWS = "number,customer,day,total,coupon\n1,anna,2024-01-05,12.50,\n2,bert,2024-02-06,3.00,\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def project(*, orders: str = "orders.csv", amount: str = "total", backend: str = "duckdb", source: str = "") -> Project:
    Path("shop.toml").write_text(MAPPING.format(orders=orders, amount=amount, backend=backend, source=source), encoding="utf-8")
    return read_project(Path("shop.toml"))


def refusal(of: Project) -> list[str]:
    with pytest.raises(BadData) as bad:
        check_heads(of)
    return list(bad.value.problems)


def test_where_all_holds_it_is_said_what_was_looked_at() -> None:
    Path("orders.csv").write_text(ROWS, encoding="utf-8")
    assert check_heads(project()) == "its files, columns and expressions hold"


def test_a_file_that_is_not_there_is_named() -> None:
    (problem,) = refusal(project(orders="sales.csv"))
    assert problem.startswith("tables.orders.from = 'sales.csv': no such file")


def test_without_its_file_an_expression_that_does_not_parse_is_named_too() -> None:
    _, problem = refusal(project(orders="sales.csv", amount="total +"))
    assert problem.startswith("tables.orders.amount = 'total +': does not parse as SQL")


def test_a_column_that_is_not_there_is_named_with_the_nearest_one() -> None:
    Path("orders.csv").write_text(ROWS, encoding="utf-8")
    (problem,) = refusal(project(amount="totl"))
    assert problem.startswith("tables.orders.amount = 'totl': the table has no column 'totl'; did you mean 'total'?")


def test_a_column_of_the_wrong_kind_is_named() -> None:
    Path("orders.csv").write_text(ROWS, encoding="utf-8")
    (problem,) = refusal(project(amount="customer"))
    assert problem.startswith("tables.orders.amount = 'customer': is string, expected a number")


def test_of_a_long_file_the_head_is_read_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("orders.csv").write_text(ROWS + "3,carl,2024-03-07,1.00,\n" * 10_000, encoding="utf-8")
    read: list[int] = []
    as_it_is = heads.read_source

    def reading(connection: object, called: str, mapping: object, folder: Path) -> object:
        read.append(sum(file.stat().st_size for file in Path(str(mapping.from_)).parent.glob("*.csv")))  # type: ignore[attr-defined]
        return as_it_is(connection, called, mapping, folder)  # type: ignore[arg-type]

    monkeypatch.setattr(heads, "read_source", reading)
    check_heads(project())
    assert len(read) == 1
    assert read[0] <= HEAD_BYTES


def test_what_the_head_makes_look_wrong_is_asked_of_the_whole_file() -> None:
    late = ROWS + "3,carl,2024-03-07,1.00,\n" * 10_000 + "4,dora,2024-03-08,1.00,0.50\n"
    Path("orders.csv").write_text(late, encoding="utf-8")
    assert check_heads(project(amount="coupon")) == "its files, columns and expressions hold"


def test_another_engine_is_not_asked_and_that_is_said() -> None:
    of = project(orders="sales", backend="postgres", source='connection_from_env = "SHOP"')
    assert "was not asked: its tables and columns were not looked at" in check_heads(of)
    assert refusal(project(orders="sales", amount="total +", backend="postgres", source='connection_from_env = "SHOP"'))
