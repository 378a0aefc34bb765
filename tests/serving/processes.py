"""The service as it is run: `bentoml serve` in processes of its own, asked over sockets."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
SERVICE = "serving.service:CustomerValue"
BENTOML = Path(sys.executable).with_name("bentoml")
STARTS_WITHIN = 90  # seconds, on a busy machine


@dataclass(frozen=True)
class Served:
    """A service that runs."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None, seconds: float = 30
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            sent = None if body is None else json.dumps(body).encode()
            own = {"content-type": "application/json", **(headers or {})}
            connection.request("GET" if body is None else "POST", path, body=sent, headers=own)
            found = connection.getresponse()
            return found.status, {name.lower(): value for name, value in found.getheaders()}, found.read()
        finally:
            connection.close()

    def health(self) -> dict[str, Any]:
        """What it says of itself; nothing where it does not answer."""
        with suppress(OSError, http.client.HTTPException, ValueError):
            status, _, body = self.ask("/v1/health", seconds=5)
            found: dict[str, Any] = json.loads(body) if status == 200 else {}
            return found
        return {}

    def wait_until(self, status: str, seconds: float = STARTS_WITHIN) -> dict[str, Any]:
        """Its health once it has a status."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if (found := self.health()).get("status") == status:
                return found
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)
        raise AssertionError(f"not {status} within {seconds} s: {self.health()}\n{self.said()}")

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        inner = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in inner if any("_bentoml_impl" in word and "service" in word for word in one.cmdline())]

    def said(self) -> str:
        """What it has printed."""
        return self.output.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path, output: Path, *words: str, service: str = SERVICE, **environment: str) -> Iterator[Served]:
    """A service started in a folder; ended, with all its processes, when it is no longer needed.

    Of a Bento, whose folder `service` names, nothing of this checkout is on its path.
    """
    port = free_port()
    others = ("CVM_", "BENTOML_", "PYTHON") if service == SERVICE else ("CVM_", "BENTOML_", "PYTHON", "MLFLOW_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    kept |= {"PWD": str(folder)} | ({"PYTHONPATH": str(ROOT)} if service == SERVICE else {})
    command = [str(BENTOML), "serve", service, *(words or ("--host", "127.0.0.1")), "--port", str(port)]
    with output.open("wb") as said:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**kept, "CVM_POLL_SECONDS": "0.2", **environment},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Served(process, port, output)
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end; where it does not, end it and what it has started."""
    with suppress(psutil.NoSuchProcess):
        inner = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        for one in (*inner, psutil.Process(process.pid)):
            with suppress(psutil.NoSuchProcess):
                one.kill()
    process.wait(10)


def ends(folder: Path, output: Path, *words: str, seconds: float = 60, **environment: str) -> tuple[int, str]:
    """The exit status of a service that does not start, and what it says."""
    with serving(folder, output, *words, **environment) as served:
        status = served.process.wait(seconds)
        return status, served.said()
