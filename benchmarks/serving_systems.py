"""The servers that are measured: each a process of its own on the first core, one worker, one thread, stopped at the end."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.serving_inprocess import READY
from benchmarks.serving_load import HOST, JSON, Got

SERVERS_CORE, CLIENTS_CORE = 0, 1
BIN = Path(sys.executable).parent
STARTS_WITHIN, STOPS_WITHIN = 180, 15  # seconds
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
SILENT = {"BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
WATCH = """
while read -r found; do [ "$found" = done ] && exit; all="$all $found"; done
for one in $all; do kill -- "-$one" 2>/dev/null; done
"""


class Guard:
    """Stops what was started where this process is killed before it could: its pipe ends then."""

    def __init__(self, stack: ExitStack) -> None:
        self._process = subprocess.Popen(["sh", "-c", WATCH], stdin=subprocess.PIPE, text=True, start_new_session=True)
        stack.callback(self._process.communicate, "done\n")

    def watch(self, process: subprocess.Popen[str]) -> None:
        """One more."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{process.pid}\n")
        self._process.stdin.flush()


@dataclass(frozen=True)
class Place:
    """What is served, the folder for everything that is written meanwhile, and who stops what is left over."""

    config: Path
    folder: Path
    guard: Guard


@dataclass
class System:
    """A server that runs."""

    name: str
    port: int
    process: subprocess.Popen[str]
    said: Path

    def ask(self, method: str, path: str, body: bytes | None = None) -> Got:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request(method, path, body, {"content-type": JSON} if body is not None else {})
            answer = connection.getresponse()
            return Got(answer.status, answer.read())
        finally:
            connection.close()

    def wait(self, path: str) -> None:
        """Until it answers. Ends with what it said where it does not."""
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(OSError, http.client.HTTPException):
                if self.ask("GET", path).status == 200:
                    return
            time.sleep(0.2)
        raise SystemExit(f"{self.name} does not answer; the last it said:\n{self.said.read_text()[-3000:]}")

    def worker(self) -> psutil.Process:
        """The process that answers: the youngest of its family that listens at the port."""
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        return max((one for one in family if _listens(one, self.port)), key=lambda one: one.create_time())

    def stop(self) -> None:
        """With all its family."""
        stop(self.process)


def start_ours(stack: ExitStack, place: Place, name: str = "ours", **environment: str) -> System:
    """The service as people run it, but that what it writes goes into the folder."""
    port, own = _free_port(), {"CVM_PREDICTION_LOG": str(place.folder / name / "predictions.log.jsonl")}
    command = [BIN / "bentoml", "serve", "serving.service:CustomerValue", "--host", HOST, "--port", port]
    return _started(stack, place, name, port, command, own | environment)


def start_fastapi(stack: ExitStack, place: Place) -> System:
    """The floor."""
    port = _free_port()
    command = [BIN / "uvicorn", "benchmarks.serving_fastapi:app", "--app-dir", Path(__file__).parents[1], "--host", HOST]
    command += ["--port", port, "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return _started(stack, place, "FastAPI", port, command, {})


def start_mlflow(stack: ExitStack, place: Place, model: str, tracking_uri: str) -> System:
    """MLflow's own server of the same champion."""
    port = _free_port()
    command = [BIN / "mlflow", "models", "serve", "-m", f"models:/{model}@champion", "--env-manager", "local"]
    command += ["--workers", "1", "--host", HOST, "--port", port]
    return _started(stack, place, "MLflow", port, command, {"MLFLOW_TRACKING_URI": tracking_uri})


class InProcess:
    """The champions in a process without HTTP, on the core of the servers."""

    def __init__(self, stack: ExitStack, place: Place) -> None:
        """Ends with what is missing where the main job has not been done."""
        command = [sys.executable, "-m", "benchmarks.serving_inprocess", place.config, place.folder]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = _popen(place, command, environment(place, "inprocess", {}), **pipes)
        stack.callback(stop, self._process)
        if self._line() != READY:
            raise SystemExit(self._process.wait() or 1)

    def p99(self, seconds: float) -> float:
        """In milliseconds."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def environment(place: Place, name: str, own: Mapping[str, str]) -> dict[str, str]:
    """One thread, nothing sent home, and of the service's settings only its own: all others are the usual ones."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CVM_")}
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    served = {"CVM_CONFIG": str(place.config), "CVM_KEPT": str(place.folder / name / "champions")}
    return kept | ONE_THREAD | SILENT | {"PATH": path} | served | dict(own)


def stop(process: subprocess.Popen[str]) -> None:
    """A process with all its family: asked first, then made to."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    except psutil.NoSuchProcess:
        return
    for send in (psutil.Process.terminate, psutil.Process.kill):
        for one in family:
            with suppress(psutil.NoSuchProcess):
                send(one)
        _, family = psutil.wait_procs(family, timeout=STOPS_WITHIN)
    process.wait()


def _started(stack: ExitStack, place: Place, name: str, port: int, command: Sequence[object], own: Mapping[str, str]) -> System:
    folder = place.folder / name
    folder.mkdir()
    said = folder / "said.txt"
    with said.open("w") as file:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": subprocess.STDOUT}
        found = System(name, port, _popen(place, command, environment(place, name, own), **pipes), said)
    stack.callback(found.stop)
    return found


def _popen(place: Place, command: Sequence[object], own: dict[str, str], **pipes: Any) -> subprocess.Popen[str]:
    """On the core of the servers, in a session of its own."""
    pinned = ["taskset", "-c", str(SERVERS_CORE), *map(str, command)]
    process = subprocess.Popen(pinned, env=own, text=True, start_new_session=True, **pipes)
    place.guard.watch(process)
    return process


def _listens(process: psutil.Process, port: int) -> bool:
    connections = process.net_connections(kind="inet")
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])
