"""Write outputs whole or not at all: into a hidden neighbour first, then one rename."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.problems import BadInput


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes `path` when the block ends without an error.

    Raises BadInput where another command is writing it.
    """
    target = path.resolve()  # what a link points at is written anew, on its own disk
    with _only_writer(path), _neighbour(target) as unfinished:
        yield unfinished
        unfinished.replace(target)


@contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory to fill; it takes the place of `path` when the block ends without an error.

    A kill between the two renames leaves no `path` at all, never a mixture of old and new. Raises BadInput where another
    command is writing it.
    """
    target = path.resolve()
    retired = target.with_name(f".retired-{target.name}")
    with _only_writer(path), _neighbour(target) as unfinished:
        unfinished.mkdir()
        yield unfinished
        _remove(retired)
        if target.exists():
            target.rename(retired)
        unfinished.rename(target)
        _remove(retired)


@contextmanager
def _neighbour(path: Path) -> Iterator[Path]:
    """A hidden name beside `path` on the same disk; what a killed run left under it is swept away."""
    unfinished = path.with_name(f".unfinished-{path.name}")
    _remove(unfinished)
    try:
        yield unfinished
    finally:
        _remove(unfinished)


@contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    """Two commands that write the same would sweep away each other's halves. Locks end with their process."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make the folder {path.parent}: {error.strerror}; choose another with project.out") from None
    lock = path.absolute().with_name(f".lock-{path.absolute().name}")
    try:
        held = lock.open("w")
    except OSError as error:
        raise BadInput(f"cannot write in the folder {path.parent}: {error.strerror}; choose another with project.out") from None
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(held.fileno()).st_nlink == 0:  # who held it has removed it this very moment: others may hold a new one
                raise BlockingIOError
        except BlockingIOError:
            raise BadInput(f"{path} is being written by another command; try again when it has ended") from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
