"""The service as a process of its own, as `bentoml serve` starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx

SECONDS = 60


@dataclass(frozen=True)
class Started:
    """Where it answers, and the process that keeps its workers."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def started(service: str, *, folder: Path, path: Path | None = None, **settings: str) -> Iterator[Started]:
    """Started in a folder; stopped with all its workers when the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, "PWD": str(folder), "BENTOML_DO_NOT_TRACK": "True", **settings}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    log = folder / f"service-{port}.log"
    command = [str(Path(sys.executable).with_name("bentoml")), "serve", service, "--port", str(port)]
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=written, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, log)
        yield Started(url, process, log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/v1/health", timeout=5).status_code in (200, 401):
                return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(f"the service did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
