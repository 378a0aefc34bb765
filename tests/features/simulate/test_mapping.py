"""The mapping file of a made-up company can be used as it is."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.project import read_project
from features.simulate import TABLES, Calendar, simulate
from tests.features.simulate.on_disk import HORIZON


def test_the_mapping_file_maps_every_column_and_names_the_folder_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = simulate(Path("made up/company"), customers=300, seed=1)
    assert made.config == Path("made up/company/company.toml")
    project = read_project(made.config)
    assert project.horizon == HORIZON
    for name, mapping in project.mappings().items():
        assert mapping.from_ == f"made up/company/{name}.parquet"
        assert set(mapping.expressions()) == set(pq.read_schema(mapping.from_).names)
    assert set(project.mappings()) == set(TABLES) - {"truth"}


def test_the_mapping_file_has_only_tables_that_were_written_and_have_rows(tmp_path: Path) -> None:
    made = simulate(tmp_path / "company", customers=1, seed=3, tables=("orders", "identities"))
    assert made.rows["identities"] == 0
    assert list(tomllib.loads(made.config.read_text())["tables"]) == ["orders"]


def test_the_judged_date_of_the_mapping_file_is_the_last_whose_horizon_has_closed(tmp_path: Path) -> None:
    closed, open_ = date(2023, 10, 3), date(2023, 10, 4)
    calendar = Calendar(as_of=(date(2023, 1, 1), closed, open_))
    made = simulate(tmp_path / "company", customers=10, seed=1, calendar=calendar)
    assert tomllib.loads(made.config.read_text())["dates"]["judged_at"] == closed
