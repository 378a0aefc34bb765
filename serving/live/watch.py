"""What answers now, and the watch that lets a new champion, snapshot or plan take over between two requests."""

from __future__ import annotations

import fcntl
import gc
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from features.outputs import whole_directory
from features.problems import BadInput
from features.project import Project, read_project
from features.snapshots import snapshot_folder
from models.actions.uplift import uplift_file
from models.contract import Task
from serving.answers.champions import Champions
from serving.answers.release import champions_now, from_folder, into
from serving.answers.state import Code, NotTaken
from serving.plan import plan_file, plan_report_file

logger = logging.getLogger("cvm")
AGAIN_SECONDS = 300.0
REGISTRY = ("mlflow", "sqlalchemy", "sqlite3", "requests", "urllib3", "botocore")  # who raises when it is away
UNSAID = re.compile(r" at 0x[0-9a-f]+|(?<=://)[^/@\s]*@")  # addresses in memory, other each time; names and passwords


@dataclass(frozen=True)
class Seen:
    """What there is outside: champions by alias, and the files champions are served with."""

    champions: Mapping[Task, str]
    files: tuple[tuple[int, int] | None, ...]

    @classmethod
    def now(cls, config: Path, project: Project) -> Seen:
        """Asks registry and disk; no bundle and no table is read."""
        plan = (plan_file(project), plan_report_file(project))
        files = (config, snapshot_folder(project) / "manifest.json", *plan, uplift_file(project))
        return cls(champions_now(project), tuple(_stamp(file) for file in files))


class Why(NamedTuple):
    """Why something was not taken over, for people and for programs."""

    because: str
    code: Code


class Tried(NamedTuple):
    """What was refused and why, and when it is tried again: a damaged file may have been put right."""

    seen: Seen
    why: Why
    again_at: float


class Live:
    """The champions that answer now. Others take their place as a whole; a request keeps those it has begun with."""

    def __init__(
        self, champions: Champions, *, config: Path | None, kept: Path, seen: Seen | None, refused: Why | None = None
    ) -> None:
        """`config` is None where nothing is watched: `kept` is all there is. `refused` is why not the newest answers."""
        self.champions, self.swaps, self.since = champions, 0, _now()
        self.refused = NotTaken(_now(), *refused) if refused else None
        self.on_swap: Callable[[bool], None] = lambda _taken: None
        self._config, self._kept, self._seen = config, kept, seen
        self._tried: Tried | None = None
        self._stopped = threading.Event()

    @classmethod
    def open(cls, config: Path | None, kept: Path) -> Live:
        """The champions of the registry; where they cannot be had, those kept last time, and it is said.

        Raises BadInput where there are neither.
        """
        if config is None:
            return cls(_settled(Champions.open(from_folder(kept))), config=None, kept=kept, seen=None)
        try:
            seen = Seen.now(config, read_project(config))  # before it is read: what changes meanwhile is seen by the next look
            return cls(_load(config, kept), config=config, kept=kept, seen=seen)
        except Exception as error:  # noqa: BLE001  whatever a registry raises: what was kept answers
            why = _why(error)
            try:
                champions = _settled(Champions.open(from_folder(kept)))
            except Exception as other:  # noqa: BLE001
                raise BadInput([why.because, _why(other).because]) from error
            logger.warning("started with the champions kept in %s: %s", kept, why.because)
            return cls(champions, config=config, kept=kept, seen=None, refused=why)

    def watch(self, seconds: float) -> None:
        """Look for something new every so many seconds, in a thread of its own, until `stop`."""
        if self._config is not None:
            threading.Thread(target=self._watch, args=(seconds,), name="watch", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()

    def look(self) -> bool:
        """Take over what is new, if it passes its checks; whether something did. What was refused is not tried again soon."""
        if self._config is None:
            return False
        seen = None
        try:
            seen = Seen.now(self._config, self.champions.release.project)
            if seen == self._seen:
                self.refused, self._tried = None, None
                return False
            if self._tried and seen == self._tried.seen and monotonic() < self._tried.again_at:
                self._say(self._tried.why)
                return False
            champions = _load(self._config, self._kept)
        except Exception as error:  # noqa: BLE001  those at hand go on, whatever happened
            self._refuse(error, seen)
            return False
        self.champions, self._seen, self._tried, self.refused = champions, seen, None, None
        self.swaps, self.since = self.swaps + 1, _now()
        logger.info("now answering: %s", ", ".join(champions.versions.values()))
        self.on_swap(True)
        return True

    def _refuse(self, error: Exception, seen: Seen | None) -> None:
        why = _why(error)
        self._say(why)
        if isinstance(error, BadInput) and seen is not None:  # would be no better next time
            self._tried = Tried(seen, why, monotonic() + AGAIN_SECONDS)
            self.on_swap(False)

    def _say(self, why: Why) -> None:
        if self.refused is None or self.refused.because != why.because:
            self.refused = NotTaken(_now(), *why)
            logger.warning("kept %s: %s", ", ".join(self.champions.versions.values()), why.because)

    def _watch(self, seconds: float) -> None:
        while not self._stopped.wait(seconds):
            self.look()


def _load(config: Path, kept: Path) -> Champions:
    """The champions of now. What is kept gives way to them once all is checked, and not before."""
    with _alone(kept), whole_directory(kept) as unfinished:
        return _settled(Champions.open(into(unfinished, config)))


def _settled(champions: Champions) -> Champions:
    """Ready to answer at once, and left alone by the garbage collector: looking through it takes a third of a second."""
    champions.warm()
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return champions


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Several workers keep the same champions: one after the other."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _why(error: Exception) -> Why:
    """What went wrong, without a trace; a registry's own words can be long."""
    if isinstance(error, BadInput):
        return Why("; ".join(error.problems), "not_taken_over")
    first = UNSAID.sub("", (str(error).splitlines() or [""])[0])[:300]
    is_registry = isinstance(error, ConnectionError) or type(error).__module__.split(".")[0] in REGISTRY
    said = f"{type(error).__name__}: {first}"
    if is_registry:
        return Why(f"the registry cannot be asked: {said}", "registry_unavailable")
    return Why(said, "not_taken_over")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
