"""Outputs are written whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from features.outputs import whole_directory, whole_file
from features.problems import BadInput

ROOT = Path(__file__).parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a" / "report.txt") as unfinished:
        unfinished.write_text("new")
        assert not (tmp_path / "a" / "report.txt").exists()
    assert (tmp_path / "a" / "report.txt").read_text() == "new"
    assert names(tmp_path / "a") == ["report.txt"]


def test_a_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("old")
    with whole_file(tmp_path / "report.txt") as unfinished:
        unfinished.write_text("new")
        assert (tmp_path / "report.txt").read_text() == "old"
    assert (tmp_path / "report.txt").read_text() == "new"


def test_a_block_that_raises_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("old")

    def write_half() -> None:
        with whole_file(tmp_path / "report.txt") as unfinished:
            unfinished.write_text("ne")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_half()
    assert (tmp_path / "report.txt").read_text() == "old"
    assert names(tmp_path) == ["report.txt"]


def test_a_directory_takes_the_place_of_the_old_one_with_nothing_of_it_left(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "old").touch()
    with whole_directory(tmp_path / "report") as unfinished:
        (unfinished / "new").touch()
        assert names(tmp_path / "report") == ["old"]
    assert names(tmp_path / "report") == ["new"]
    assert names(tmp_path) == ["report"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_block_that_raises_leaves_the_old_directory_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "old").write_text("old")

    def write_half() -> None:
        with whole_directory(tmp_path / "report") as unfinished:
            (unfinished / "old").write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert (tmp_path / "report" / "old").read_text() == "old"
    assert names(tmp_path) == ["report"]


def test_a_block_that_raises_makes_no_directory(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), whole_directory(tmp_path / "report"):
        raise RuntimeError
    assert names(tmp_path) == []


KILLED_HALF_WAY = """
import os, signal
from pathlib import Path
from features.outputs import whole_directory
with whole_directory(Path("report")) as unfinished:
    (unfinished / "half").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("has_old", [False, True])
def test_a_run_killed_half_way_leaves_nothing_new_under_the_name_and_the_next_run_sweeps(tmp_path: Path, has_old: bool) -> None:
    report = tmp_path / "report"
    if has_old:
        report.mkdir()
        (report / "old").touch()
    done = subprocess.run(
        [sys.executable, "-c", KILLED_HALF_WAY], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert names(tmp_path) == [".lock-report", ".unfinished-report", *(["report"] if has_old else [])]
    assert not has_old or names(report) == ["old"]
    with whole_directory(report) as unfinished:
        assert names(unfinished) == []
        (unfinished / "new").touch()
    assert names(tmp_path) == ["report"]
    assert names(report) == ["new"]


def test_leftovers_of_a_run_killed_between_its_renames_are_swept(tmp_path: Path) -> None:
    for leftover in (".unfinished-report", ".retired-report"):
        (tmp_path / leftover).mkdir()
        (tmp_path / leftover / "stale").touch()
    with whole_directory(tmp_path / "report") as unfinished:
        (unfinished / "new").touch()
    assert names(tmp_path) == ["report"]
    assert names(tmp_path / "report") == ["new"]


def test_leftovers_of_a_killed_run_are_swept_from_beside_a_file(tmp_path: Path) -> None:
    (tmp_path / ".unfinished-report.txt").write_text("stale")
    with whole_file(tmp_path / "report.txt") as unfinished:
        assert not unfinished.exists()
        unfinished.write_text("new")
    assert names(tmp_path) == ["report.txt"]


def test_what_another_command_is_writing_is_left_to_it(tmp_path: Path) -> None:
    with whole_directory(tmp_path / "report") as first:
        (first / "first").touch()
        with pytest.raises(BadInput, match="report is being written by another command; try again when it has ended"):  # noqa: SIM117
            with whole_directory(tmp_path / "report"):
                pass
        assert names(first) == ["first"]
    assert names(tmp_path / "report") == ["first"]
    assert names(tmp_path) == ["report"]


def test_a_link_stays_and_what_it_points_at_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "large_disk").mkdir()
    (tmp_path / "report").symlink_to("large_disk")
    for name in ("one", "two"):
        with whole_directory(tmp_path / "report") as unfinished:
            (unfinished / name).touch()
    assert (tmp_path / "report").is_symlink()
    assert names(tmp_path / "large_disk") == ["two"]


def test_a_folder_that_cannot_be_written_in_is_named() -> None:
    said = "cannot write in the folder /proc: .*; choose another with project.out"
    with pytest.raises(BadInput, match=said), whole_file(Path("/proc/report")):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(BadInput, match=r"cannot make the folder .*out/shop: Not a directory; choose another with project\.out"):  # noqa: SIM117
        with whole_directory(tmp_path / "out" / "shop" / "features"):
            pass
