"""Write outputs whole or not at all: into a hidden neighbour first, then one rename."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.problems import BadInput


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes `path` when the block ends without an error."""
    unfinished = _neighbour(path)
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        _remove(unfinished)


@contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory to fill; it takes the place of `path` when the block ends without an error.

    A kill between the two renames leaves no `path` at all, never a mixture of old and new.
    """
    unfinished = _neighbour(path)
    unfinished.mkdir()
    retired = path.with_name(f".retired-{path.name}")
    try:
        yield unfinished
        _remove(retired)
        if path.exists():
            path.rename(retired)
        unfinished.rename(path)
    finally:
        _remove(unfinished)
        _remove(retired)


def _neighbour(path: Path) -> Path:
    """A hidden name beside `path` on the same disk; what a killed run left under it is swept away."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make the folder {path.parent}: {error.strerror}; choose another with project.out") from None
    unfinished = path.with_name(f".unfinished-{path.name}")
    _remove(unfinished)
    return unfinished


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
