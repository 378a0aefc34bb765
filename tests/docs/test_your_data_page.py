"""The example of docs/your_data.md says what happens."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import features.__main__ as front_door
from features.problems import BadData
from features.project import read_project
from features.snapshots import build_snapshots, load_snapshot
from features.tables import CONTRACTS
from tests.configs.building import REPOSITORY

PAGE = (REPOSITORY / "docs" / "your_data.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first block of a language in the page."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command of the page says to the files of the page."""
    monkeypatch.chdir(tmp_path)
    Path("sales.csv").write_text(block("csv"), encoding="utf-8")
    Path("shop.toml").write_text(block("toml"), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["features", "build", "shop.toml"])
    assert front_door.main() == 0
    return capsys.readouterr().out


def test_the_build_reports_what_the_page_shows(said: str) -> None:
    reported = [line.strip() for line in said.splitlines()]
    shown = [line.strip() for line in block("text").splitlines()]
    assert len(shown) == 3
    assert [line for line in shown if line not in reported] == []


@pytest.mark.usefixtures("said")
def test_the_features_are_those_the_page_names() -> None:
    row = load_snapshot(read_project(Path("shop.toml")), date(2025, 7, 1)).set_index("customer_id").loc["K-17"]
    named = re.search(r"K-17 has (.*?);", PAGE, re.DOTALL)
    assert named
    features = dict(re.findall(r"`(\w+)`\s(\d+)", named[1]))
    assert len(features) == 4
    assert {name: row[name] for name in features} == {name: float(value) for name, value in features.items()}


def test_the_build_says_how_to_write_an_expression_as_the_page_quotes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sales.csv").write_text(block("csv"), encoding="utf-8")
    plain = re.sub(r"^occurred_at = .*$", "occurred_at = '\"Date\"'", block("toml"), flags=re.MULTILINE)
    Path("shop.toml").write_text(plain, encoding="utf-8")
    (quoted,) = re.findall(r"`(is string, [^`]*)`", PAGE)
    with pytest.raises(BadData) as caught:
        build_snapshots(read_project(Path("shop.toml")))
    assert caught.value.problems == (f"tables.orders.occurred_at = '\"Date\"': {quoted}",)


def test_the_page_lists_every_column_of_every_table() -> None:
    for name, contract in CONTRACTS.items():
        (row,) = re.findall(rf"^\| `{name}` \|.*$", PAGE, re.MULTILINE)
        _, _, _, must, may, _ = row.split("|")
        assert [column.name for column in contract.columns if column.required and f"`{column.name}`" not in must] == []
        others = [column.name for column in contract.columns if not column.required]
        assert [column for column in others if f"`{column}`" not in must + may] == []


def test_every_mapping_file_is_in_the_page_and_can_be_read() -> None:
    for file in sorted((REPOSITORY / "configs").glob("*.toml")):
        assert f"(../configs/{file.name})" in PAGE
        assert read_project(file).name == file.stem
