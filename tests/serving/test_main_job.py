"""The main job as a whole: it can be repeated, resumed and interrupted, and its summary says what was found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.command import EXIT_BAD_INPUT
from models.contract import TASKS
from models.registry import champion, find, remove_alias, set_alias
from serving.report.build import waiting
from tests.serving.conftest import ROOT, Demo, train_all, write_sample


def summary(demo: Demo) -> dict:
    return json.loads((demo.folder / "out/online_retail/summary.json").read_text(encoding="utf-8"))


def run(demo: Demo, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A step as a user runs it, in the folder of the demo."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=demo.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_summary_holds_every_model_beside_its_baselines(demo: Demo) -> None:
    found = summary(demo)
    assert found["churn"]["judged_at"] == found["clv"]["judged_at"] == "2011-09-09"
    assert {"auc", "brier", "ece"} <= found["churn"].keys()
    for metrics in found["churn"]["baselines"].values():
        assert {"auc", "brier", "ece"} <= metrics.keys()
    wanted = {"wape", "spearman", "gini_normalized", "top_decile_capture", "sum_ratio"}
    assert wanted | {"coverage_80"} <= found["clv"].keys()
    for metrics in found["clv"]["baselines"].values():
        assert wanted <= metrics.keys()
    for category in demo.manifest.categories:
        assert {"auc", "brier"} <= found["propensity"][category.replace(" ", "_")].keys()


def test_the_summary_counts_every_row_that_was_read(demo: Demo) -> None:
    orders = summary(demo)["data"]["orders"]
    assert orders["rows_read"] == orders["rows_left_out_by_where"] + orders["rows_kept"] + orders["rows_quarantined"]
    assert sum(orders["quarantine_reasons"].values()) == orders["rows_quarantined"] > 0


def test_the_first_version_is_champion_and_answers_its_golden_rows(demo: Demo) -> None:
    for task in TASKS:
        assert champion("online_retail", task).label == demo.models[task].label
        assert demo.models[task].version == "1"
        assert find("online_retail", task, "challenger") is None


def test_training_again_from_the_same_data_keeps_the_version_at_hand(demo: Demo) -> None:
    again = train_all(demo.config)
    assert {task: model.label for task, model in again.items()} == {task: model.label for task, model in demo.models.items()}


def test_the_same_data_config_and_seed_give_the_same_bundles_elsewhere(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_sample(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    elsewhere = train_all(config)
    assert {task: model.hash for task, model in elsewhere.items()} == {task: model.hash for task, model in demo.models.items()}


def test_no_bundle_file_holds_a_customer_or_a_pickle(demo: Demo) -> None:
    bundles = [folder.parent for folder in demo.folder.glob("mlruns/**/contract.json")]
    assert len(bundles) >= len(TASKS)
    # Bare digits occur in any list of numbers; a customer's id stands there as text, under its name or as a key.
    customers = pq.read_table(demo.folder / "out/online_retail/predictions.parquet", columns=["customer_id"])
    ids = {f'"{one}"'.encode() for one in customers["customer_id"].to_pylist()} | {b"customer_id"}
    for folder in bundles:
        for file in folder.iterdir():
            assert file.suffix == ".json"
            content = file.read_bytes()
            assert not [one for one in ids if one in content]
    assert not list(demo.folder.glob("mlruns/**/*.pkl"))


def test_a_mapping_file_with_another_horizon_is_refused_with_what_to_do(demo: Demo) -> None:
    other = demo.folder / "other.toml"
    other.write_text(
        demo.config.read_text(encoding="utf-8").replace("horizon_days = 90", "horizon_days = 60"), encoding="utf-8"
    )
    scores = (demo.folder / "out/online_retail/predictions.parquet").read_bytes()
    ended = run(demo, "serving", "score", str(other))
    assert ended.returncode == EXIT_BAD_INPUT
    assert "build them again" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert (demo.folder / "out/online_retail/predictions.parquet").read_bytes() == scores


def test_scoring_killed_in_the_middle_leaves_the_old_table_whole(demo: Demo) -> None:
    file = demo.folder / "out/online_retail/predictions.parquet"
    before = file.read_bytes()
    slow = (
        "import os, time, pyarrow.parquet as pq; write = pq.write_table\n"
        "def half(table, path, **_): path.write_bytes(b'half'); print('writing', flush=True); time.sleep(60)\n"
        "pq.write_table = half\n"
        "import sys; sys.argv = ['serving', 'score', 'online_retail.toml']\n"
        "import runpy; runpy.run_module('serving', run_name='__main__')\n"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", slow],
        cwd=demo.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    while "writing" not in (line := started.stdout.readline()):
        assert line or started.poll() is None
    started.send_signal(signal.SIGKILL)
    started.wait()
    started.stdout.close()
    assert file.read_bytes() == before


def test_help_of_every_front_door_answers_in_under_two_seconds() -> None:
    for package in ("features", "training", "serving"):
        started = time.perf_counter()
        ended = subprocess.run([sys.executable, "-m", package, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
        assert time.perf_counter() - started < 2
        assert "usage: python -m" in ended.stdout


def test_the_report_step_names_the_challengers_that_wait(demo: Demo) -> None:
    assert waiting(demo.project) == ""
    set_alias(demo.models["clv"], "challenger")
    try:
        said = waiting(demo.project)
    finally:
        remove_alias(demo.models["clv"], "challenger")
    assert "online_retail-clv v1 waits as challenger; to let it answer: python -m training promote clv CONFIG" in said
