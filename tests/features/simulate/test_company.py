"""A made-up company is the same in every run, keeps the contract, and is written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.problems import BadInput
from features.simulate import TABLES, simulate
from features.simulate import chunk as chunk_module
from features.tables import CONTRACTS
from tests.features.simulate.on_disk import CALENDAR, Company, bytes_of


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = (simulate(tmp_path / name, customers=300, seed=1) for name in ("one", "two"))
    assert bytes_of(one) == bytes_of(two)
    assert one.rows == two.rows


def test_another_seed_gives_another_company(tmp_path: Path) -> None:
    one, two = (simulate(tmp_path / str(seed), customers=300, seed=seed) for seed in (1, 2))
    same = {name for name, content in bytes_of(one).items() if bytes_of(two)[name] == content}
    assert same == set()


def test_leaving_out_tables_changes_no_other(tmp_path: Path) -> None:
    whole = bytes_of(simulate(tmp_path / "whole", customers=300, seed=1))
    for table in TABLES:
        alone = simulate(tmp_path / table, customers=300, seed=1, tables=(table,))
        assert bytes_of(alone) == {name: whole[name] for name in whole if name.split("/")[0] == table}


def test_the_row_counts_are_those_of_the_files(company: Company) -> None:
    files = {
        path.relative_to(company.made.folder).with_suffix("").as_posix(): path
        for path in company.made.folder.rglob("*.parquet")
    }
    assert dict(company.made.rows) == {name: pq.read_metadata(path).num_rows for name, path in files.items()}
    assert company.made.rows["customers"] == company.made.customers == 40_000
    assert company.made.rows["orders"] == pytest.approx(20 * 40_000, rel=0.1)


def test_every_table_has_columns_of_its_contract_and_the_declared_attributes(company: Company) -> None:
    kinds = {"string": "text", "timestamp[us]": "timestamp", "double": "number", "int64": "number"}
    for name, contract in CONTRACTS.items():
        if name == "labels":
            continue
        schema = pq.read_schema(company.made.folder / f"{name}.parquet")
        found = {field.name: kinds[str(field.type)] for field in schema}
        attributes = {"age": "number", "region": "text", "segment": "text"} if name == "customers" else {}
        wanted = {column.name: column.kind for column in contract.columns if column.name != "currency"}
        assert found == wanted | attributes


def test_no_row_happens_or_becomes_known_outside_the_calendar(company: Company) -> None:
    for name in ("orders", "interactions", "surveys", "treatments"):
        first, last, known = company.ask(f"SELECT min(occurred_at), max(occurred_at), max(recorded_at) FROM {{{name}}}").iloc[0]
        assert first >= pd.Timestamp(CALENDAR.starts_at)
        assert last < pd.Timestamp(CALENDAR.ends_at)
        assert known < pd.Timestamp(CALENDAR.ends_at)
    for name, column in (("subscriptions", "ended_at"), ("interactions", "resolved_at"), ("customers", "acquired_at")):
        assert company.one(f"SELECT count(*) FROM {{{name}}} WHERE {column} >= '{CALENDAR.ends_at}'") == 0


def test_a_company_is_written_chunk_by_chunk_and_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk_module, "CHUNK_CUSTOMERS", 100)
    told: list[tuple[int, int]] = []
    made = simulate(tmp_path / "company", customers=250, seed=1, progress=lambda *so_far: told.append(so_far))
    assert told == [(100, 250), (200, 250), (250, 250)]
    assert pq.ParquetFile(made.folder / "orders.parquet").num_row_groups == 3
    company = Company(made)
    assert company.one("SELECT count(DISTINCT customer_id) FROM {customers}") == 250
    assert company.ask("SELECT order_id FROM {own orders} GROUP BY 1 HAVING count(DISTINCT customer_id) > 1").empty


def test_an_error_half_way_leaves_the_earlier_company_as_it_was(tmp_path: Path) -> None:
    before = bytes_of(simulate(tmp_path / "company", customers=50, seed=1))

    def fail(*_: int) -> None:
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        simulate(tmp_path / "company", customers=60, seed=1, progress=fail)
    assert {name: (tmp_path / "company" / f"{name}.parquet").read_bytes() for name in before} == before
    assert [path.name for path in tmp_path.iterdir()] == ["company"]


def test_an_earlier_company_is_replaced(tmp_path: Path) -> None:
    simulate(tmp_path / "company", customers=50, seed=1)
    made = simulate(tmp_path / "company", customers=10, seed=1, tables=("orders",))
    assert sorted(path.name for path in made.folder.iterdir()) == ["company.toml", "orders.parquet"]


def test_a_folder_with_anything_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(BadInput, match=r"is there and is not a made-up company \(no company\.toml\)"):
        simulate(tmp_path, customers=10, seed=1)
    assert (tmp_path / "letters.txt").read_text() == "dear"


@pytest.mark.parametrize("folder", [".", ".."])
def test_a_folder_without_a_name_is_refused(folder: str) -> None:
    with pytest.raises(BadInput, match=r"is not the name of a folder to make; name one"):
        simulate(Path(folder), customers=10, seed=1)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as said:
        simulate(tmp_path / "company", customers=0, seed=-1, tables=("order",))
    assert said.value.problems == (
        "tables: there is no 'order'; did you mean 'orders'?",
        "customers = 0 is less than 1",
        "seed = -1 is less than 0",
    )
    with pytest.raises(BadInput, match="tables: none is named; valid: orders, customers, "):
        simulate(tmp_path / "company", customers=1, seed=1, tables=())
