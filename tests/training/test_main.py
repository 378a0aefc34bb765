"""The front door of `training`: what it prints and how it ends."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import training.__main__ as front_door
import training.train
from features.problems import BadData
from features.project import read_project
from features.snapshots import build_snapshots
from models.contract import TASKS, Task
from tests.training.company import order_lines, write_company

CLUB = """
[project]
name = "club"
currency = "EUR"

[tables.labels]
from = "customers.csv"
customer_id = "id"
as_of = "DATE '2024-01-01'"
churned = '"left"'

[tables.customers]
from = "customers.csv"
customer_id = "id"
numeric = ["age", "final_bill"]
"""


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
    assert capsys.readouterr().out == (
        f"{config}: the mapping file of shop is well-formed\n"
        "its files, columns and expressions hold\n"
        "churn: what customers did is told by tables.orders\n"
        "clv: what customers did is told by tables.orders\n"
        "propensity: what customers did is told by tables.orders\n"
        f"rows are looked at by: python -m features build {config}\n"
    )


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


def test_a_model_that_cannot_be_made_does_not_stop_the_others_and_is_said_at_the_end(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = []

    def train(_project: object, _settings: object, task: Task, _tiers: object) -> None:
        if task in ("churn", "clv"):
            raise BadData(["a sentence of both", f"one of {task}"])
        made.append(task)

    monkeypatch.setattr(training.train, "possible_tasks", lambda _: list(TASKS))
    monkeypatch.setattr(training.train, "train", train)
    assert run(monkeypatch, "all", config) == 2
    assert made == ["propensity"]
    out, err = capsys.readouterr()
    assert "clv of shop\n  not made; why is said at the end\npropensity of shop\n" in out
    assert err == (
        "\nThe rest is done. 3 to mend:\n"
        "  - not made: churn and clv: a sentence of both\n"
        "  - not made: churn: one of churn\n"
        "  - not made: clv: one of clv\n"
    )


def test_where_no_model_can_be_made_nothing_was_written(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training.train, "possible_tasks", lambda _: ["clv"])
    monkeypatch.setattr(training.train, "train", lambda *_: (_ for _ in ()).throw(BadData("nobody leaves")))
    assert run(monkeypatch, "all", config) == 2
    assert capsys.readouterr().err == "\nStopped; this step wrote nothing. 1 to mend:\n  - not made: clv: nobody leaves\n"


def test_comparing_before_anything_was_trained_says_where_models_were_looked_for_and_leaves_no_registry(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert run(monkeypatch, "compare", config) == 2
    said = capsys.readouterr().err
    assert "no models of shop in the registry of the current folder (sqlite:///mlflow.db; " in said
    assert "MLFLOW_TRACKING_URI" in said
    assert run(monkeypatch, "rollback", "churn", config) == 2
    assert "no champion of shop-churn in the registry of the current folder" in capsys.readouterr().err
    assert not Path("mlflow.db").exists()


def test_looking_for_leaks_says_for_each_task_what_was_looked_at(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    order_lines(120).to_csv(config.with_suffix(".csv"), index=False)
    build_snapshots(read_project(config))
    assert run(monkeypatch, "leaks", config) == 0
    said = capsys.readouterr().out
    for task in TASKS:
        assert re.search(rf"{task}: looked at [\d,]+ rows, \d+ features \(.* to .*, \d+ dates\): nothing found", said)
    assert "2021-03-01" not in said  # the judged date is not looked at


@pytest.mark.parametrize("waived", [False, True])
def test_a_leak_in_data_of_one_date_ends_with_status_2_until_it_is_waived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], waived: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    left = np.arange(400) % 3 == 0
    rows = pd.DataFrame(
        {"id": [f"c{n}" for n in range(400)], "left": left, "age": np.random.default_rng(0).integers(20, 70, 400)}
    )
    rows.assign(final_bill=np.where(left, 12.5, np.nan)).to_csv("customers.csv", index=False)
    config = tmp_path / "club.toml"
    config.write_text(CLUB + ('[training]\nwaived_features = ["final_bill"]\n' if waived else ""), encoding="utf-8")
    build_snapshots(read_project(config))
    assert run(monkeypatch, "leaks", config) == (0 if waived else 2)
    out, err = capsys.readouterr()
    assert f"churn: looked at 400 rows, 3 features (2024-01-01): {'nothing' if waived else 1} found" in out
    assert "left out: clv of club: no table tells what customers brought" in out
    assert ("churn: feature final_bill alone tells the outcome with AUC 1.000" in err) is not waived
