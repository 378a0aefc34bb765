"""Which model said what of whom, one line of JSON for each request, written before the answer is sent.

Customers stand in it under pseudonyms, HMAC-SHA-256 of their id with a key that stays with the company: who has the key finds a
customer's lines, who has only the log does not. An answer that cannot be written down is not given.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from errno import ENOSPC
from hashlib import sha256
from itertools import count
from pathlib import Path

import msgspec

from features.problems import BadInput
from serving.messages import AnswerList

KEY_BYTES = 32
encode = msgspec.json.Encoder().encode


class LogFull(Exception):  # noqa: N818
    """The log cannot be written: the disk is full, or the folder is gone."""


class PredictionLog:
    """Appends to one file; a line that is acknowledged is there as a whole. Several workers may write to the same file."""

    def __init__(self, file: Path, key: bytes, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file, self._key, self._clock, self._numbers = file, key, clock, count()
        self._descriptor: int | None = None
        self._torn = False

    def write(self, kind: str, answers: AnswerList) -> None:
        """Write down what is about to be answered. Raises LogFull.

        `number` counts the lines of a process: order does not depend on the clock.
        """
        told = answers.answers
        line = {
            "at": self._clock().isoformat(timespec="milliseconds"),
            "process": os.getpid(),
            "number": next(self._numbers),
            "kind": kind,
            "models": answers.models,
            "snapshot": answers.snapshot,
            "customers": [self.pseudonym(one.customer_id) for one in told],
            "eligible": [one.eligible for one in told],
            "churn_probability": [one.churn_probability for one in told],
            "clv": [one.clv.value if one.clv else None for one in told],
            "propensity": [one.propensity for one in told],
        }
        self._append(encode(line) + b"\n")

    def pseudonym(self, customer_id: str | None) -> str | None:
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
            if self._descriptor is None or not self._file.exists():  # it may have been moved away to be kept
                self.close()
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            line = b"\n" + line if self._torn else line  # closes off a torn piece, which readers skip
            written = os.write(self._descriptor, line)
            self._torn = written < len(line)
            if self._torn:
                raise OSError(ENOSPC, os.strerror(ENOSPC))
        except OSError as error:
            self.close()
            raise LogFull(f"{self._file}: {error.strerror}") from error


def open_log(file: Path, key: str | None) -> PredictionLog:
    """With the key from the environment, else one that is made once and kept beside the log, for its owner only.

    Raises BadInput where neither can be had.
    """
    if key is not None:
        return PredictionLog(file, sha256(key.encode()).digest())
    kept = file.with_name("pseudonym.key")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return PredictionLog(file, _read(kept))
        with os.fdopen(descriptor, "wb") as made:
            made.write(secrets.token_bytes(KEY_BYTES))
    except OSError as error:
        raise BadInput(f"{kept}: {error.strerror}; CVM_PREDICTION_LOG names another file, or off") from None
    return PredictionLog(file, kept.read_bytes())


def _read(kept: Path) -> bytes:
    key = kept.read_bytes()
    if len(key) != KEY_BYTES:
        raise BadInput(f"{kept}: expected {KEY_BYTES} bytes, found {len(key)}; put the key back, or remove it to begin anew")
    return key
