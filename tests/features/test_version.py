"""Which code made a thing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.version import code_version


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that no other test has imported."""
    folder = tmp_path / "made_up_package"
    (folder / "pages").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "a.py").write_text("x = 1\n")
    (folder / "pages" / "page.html").write_text("<p>")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    sys.modules.pop("made_up_package", None)


def test_the_version_is_twelve_hex_digits_and_the_same_every_time(package: Path) -> None:
    version = code_version("made_up_package")
    assert len(version) == 12
    assert set(version) <= set("0123456789abcdef")
    assert code_version("made_up_package") == version
    assert package.exists()


@pytest.mark.parametrize("source", ["a.py", "new.py", "pages/page.html", "pages/style.css"])
def test_any_source_file_changes_the_version(package: Path, source: str) -> None:
    before = code_version("made_up_package")
    (package / source).write_text("changed")
    assert code_version("made_up_package") != before


def test_a_renamed_file_changes_the_version(package: Path) -> None:
    before = code_version("made_up_package")
    (package / "a.py").rename(package / "b.py")
    assert code_version("made_up_package") != before


def test_files_that_are_no_source_change_nothing(package: Path) -> None:
    before = code_version("made_up_package")
    (package / "__pycache__").mkdir(exist_ok=True)
    (package / "__pycache__" / "a.py").write_text("cached")
    (package / "notes.txt").write_text("notes")
    assert code_version("made_up_package") == before


def test_the_order_in_which_packages_are_named_changes_nothing() -> None:
    assert code_version("features", "json") == code_version("json", "features")
    assert code_version("features", "json") != code_version("features")
