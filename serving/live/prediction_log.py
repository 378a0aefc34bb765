"""Which model said what of whom, one line of JSON for each request, written before the answer is sent.

Customers stand in it under pseudonyms, HMAC-SHA-256 of their id with a key that stays with the company: who has the key finds a
customer's lines, who has only the log does not. An answer that cannot be written down is not given.
"""

from __future__ import annotations

import fcntl
import hmac
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from errno import ENOSPC
from functools import lru_cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import mkstemp
from threading import Lock

import msgspec

from features.problems import BadInput
from serving.answers.messages import Answer, AnswerList

KEY_BYTES = 32
encode = msgspec.json.Encoder().encode


class LogFull(Exception):  # noqa: N818
    """The log cannot be written: the disk is full, or the folder is gone."""


class PredictionLog:
    """Appends to one file; a line that is acknowledged is there as a whole. Threads and workers may write to the same file."""

    def __init__(self, file: Path, key: bytes, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file, self._key, self._clock, self._numbers = file, key, clock, count()
        self._descriptor: int | None = None
        self._alone, self._start = Lock(), secrets.token_hex(6)
        self.pseudonym = lru_cache(maxsize=20_000)(self._pseudonym)

    def write(self, kind: str, answers: AnswerList) -> None:
        """Write down what is about to be answered. Raises LogFull.

        `number` counts the lines since a process has begun, `start` is drawn then: order does not depend on the clock.
        """
        told = answers.answers
        said = {
            "kind": kind,
            "models": answers.models,
            "snapshot": answers.snapshot,
            "customers": [self.pseudonym(one.customer_id) for one in told],
            "eligible": [one.eligible for one in told],
            "churn_probability": [one.churn_probability for one in told],
            "clv": [one.clv.value if one.clv else None for one in told],
            "propensity": _by_category(told),
        }
        with self._alone:  # lines stand in the order of their numbers
            at = self._clock().isoformat(timespec="milliseconds")
            self._append(encode({"at": at, "start": self._start, "number": next(self._numbers), **said}) + b"\n")

    def _pseudonym(self, customer_id: str | None) -> str | None:
        """Under which a customer stands in the log: 32 hex digits."""
        if customer_id is None:
            return None
        return hmac.digest(self._key, customer_id.encode("utf-8", "surrogatepass"), "sha256")[:16].hex()

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _append(self, line: bytes) -> None:
        try:
            if self._descriptor is None or not self._is_in_place(self._descriptor):
                self.close()
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            _append_whole(self._descriptor, line)
        except OSError as error:
            self.close()
            raise LogFull(f"{self._file}: {error.strerror}") from error

    def _is_in_place(self, descriptor: int) -> bool:
        """Whether the open file is the one under its name; it may have been moved away to be kept, and made anew by others."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._file.stat())
        except FileNotFoundError:
            return False


def _by_category(told: Sequence[Answer]) -> dict[str, list[float | None]]:
    """Chances of buying, category by category; null of who has none."""
    names = next((list(one.propensity) for one in told if one.propensity), [])
    return {name: [one.propensity.get(name) for one in told] for name in names}


def _append_whole(descriptor: int, line: bytes) -> None:
    """A torn piece before it, whoever left it, is closed off by an end of line; readers skip it. Raises OSError."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            raise OSError(ENOSPC, os.strerror(ENOSPC))
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def open_log(file: Path, key: str | None) -> PredictionLog:
    """With the key from the environment, else one that is made once and kept beside the log, for its owner only.

    Raises BadInput where neither can be had.
    """
    if key is not None:
        return PredictionLog(file, sha256(key.encode()).digest())
    kept = file.with_name("pseudonym.key")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        if not kept.exists():
            _make_key(kept)
        return PredictionLog(file, _read(kept))
    except OSError as error:
        raise BadInput(f"{kept}: {error.strerror}; CVM_PREDICTION_LOG names another file, or off") from None


def _make_key(kept: Path) -> None:
    """There as a whole or not at all, and the same for all workers: the first one's."""
    descriptor, made = mkstemp(dir=kept.parent)  # for its owner only
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        with suppress(FileExistsError):
            os.link(made, kept)
    finally:
        Path(made).unlink()


def _read(kept: Path) -> bytes:
    key = kept.read_bytes()
    if len(key) != KEY_BYTES:
        raise BadInput(f"{kept}: expected {KEY_BYTES} bytes, found {len(key)}; put the key back, or remove it to begin anew")
    return key
