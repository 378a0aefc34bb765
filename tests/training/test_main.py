"""The front door of `training`: what it prints and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

import training.__main__ as front_door
from tests.training.company import order_lines, write_company


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mapping file in the current folder, with the orders it names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    return write_company(tmp_path, order_lines(5))


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr("sys.argv", ["training", *map(str, words)])
    return front_door.main()


def test_checking_a_good_mapping_file_says_so(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "check", config) == 0
    assert capsys.readouterr().out == f"{config}: the mapping file of shop is well-formed\n"


def test_a_typo_in_the_training_section_ends_with_status_2_and_names_it(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text().replace("rounds_max", "round_max"), encoding="utf-8")
    assert run(monkeypatch, "check", config) == 2
    assert "unknown key training.round_max; did you mean 'rounds_max'?" in capsys.readouterr().err


def test_training_before_features_were_built_says_what_to_do(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "churn", config) == 2
    assert "build them first: python -m features build CONFIG" in capsys.readouterr().err


def test_an_unknown_step_is_refused(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, "chrun", config)
