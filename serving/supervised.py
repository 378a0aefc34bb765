"""What the process that starts the workers is asked for: to see soon that one has ended, and to end where none can serve."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType

import psutil

LEAVE = 3  # the status with which a service ends that has nothing to serve
LOOKS_EVERY = 1  # seconds; BentoML's ten would keep requests waiting


def leave() -> None:
    """End this process; a worker also the one that would start it again for ever. Never returns."""
    if _is_worker():
        if is_supervisor(psutil.Process(os.getppid()).cmdline()):
            os.kill(os.getppid(), signal.SIGUSR1)
        sys.stderr.flush()
        os._exit(LEAVE)  # what is wrong has been said; traces of the server would bury it
    raise SystemExit(LEAVE)


def _is_worker() -> bool:
    """Whether BentoML has started this process to answer requests."""
    return "_bentoml_impl" in Path(sys.argv[0]).parts


def is_supervisor(command: Sequence[str]) -> bool:
    """Whether this is the command `bentoml serve`, with an interpreter before it or not.

    >>> is_supervisor(["/opt/bin/python", "/opt/bin/bentoml", "serve", "serving.service:CustomerValue"])
    True
    >>> is_supervisor(["pytest", "serve"])
    False
    """
    return any("bentoml" in Path(one).parts[-2:] and word == "serve" for one, word in pairwise(command))


def end_when_told() -> None:
    """In the supervisor: once a worker says that nothing can be served, end like on SIGTERM, but with a status that says so."""
    signal.signal(signal.SIGUSR1, _end)


def _end(_signal: int, _frame: FrameType | None) -> None:
    atexit.register(os._exit, LEAVE)
    os.kill(os.getpid(), signal.SIGTERM)
