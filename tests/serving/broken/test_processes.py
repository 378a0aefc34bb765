"""The service in processes of its own: workers that are killed, doors that must not stand open, champions that are not there."""

from __future__ import annotations

import http.client
import random
import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from serving.live.prediction_log import PredictionLog, open_log
from tests.serving.broken.asking import lines_of
from tests.serving.conftest import Demo
from tests.serving.processes import STARTS_WITHIN, Served, ends, serving

READ, PLAN, ADMIN = "read-token-0123456789", "plan-token-0123456789", "admin-token-0123456789"
TOKENS = f"shop:read:{READ} anna:read+plan:{PLAN} ops:admin:{ADMIN}"
BACK_WITHIN = 10  # seconds after its only worker was killed
CLIENTS = 16
NOBODY = "http://127.0.0.1:9"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def folder(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the demo that services may spoil; its registry is the demo's."""
    found = tmp_path_factory.mktemp("served") / "demo"
    shutil.copytree(demo.folder, found, ignore=shutil.ignore_patterns("mlruns", "mlflow.db"))
    yield found
    shutil.rmtree(found)


@pytest.fixture(scope="module")
def log(folder: Path) -> Path:
    return folder / "log/predictions.log.jsonl"


@pytest.fixture(scope="module")
def served(folder: Path, demo: Demo, log: Path) -> Iterator[Served]:
    """A service with tokens that listens everywhere."""
    with serving(
        folder,
        folder / "said.txt",
        *("--host", "0.0.0.0"),
        CVM_CONFIG=demo.config.name,
        CVM_TOKENS=TOKENS,
        CVM_PREDICTION_LOG=str(log),
    ) as found:
        wait_with_token(found, STARTS_WITHIN)
        yield found


def wait_with_token(served: Served, seconds: float) -> float:
    """How long it takes until it answers."""
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        try:
            if served.ask("/v1/health", headers=bearer(READ), seconds=seconds)[0] == 200:
                return time.monotonic() - began
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
        assert served.process.poll() is None, served.said()
    raise AssertionError(served.said())


@dataclass
class Load:
    """Clients that ask without end, and what they were told."""

    served: Served
    ids: list[str]
    acknowledged: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int | str] = field(default_factory=Counter)
    longest: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    def ask(self, seed: int) -> None:
        chance = random.Random(seed)
        while not self._over.is_set():
            ids, began = chance.sample(self.ids, 3), time.monotonic()
            status: int | str
            try:
                status = self.served.ask("/v1/score", {"customer_ids": ids, "top_reasons": 0}, headers=bearer(READ))[0]
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
            with self._lock:
                self.statuses[status] += 1
                self.longest = max(self.longest, time.monotonic() - began)
                self.acknowledged.update(ids if status == 200 else ())

    def __enter__(self) -> Load:
        self._clients = ThreadPoolExecutor(CLIENTS)
        for seed in range(CLIENTS):
            self._clients.submit(self.ask, seed)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._clients.shutdown()


def written(lines: list[dict[str, Any]]) -> Counter[str]:
    return Counter(one for line in lines for one in line["customers"])


@pytest.mark.slow  # it is about seconds, and these tests run one after the other
def test_a_killed_worker_is_back_in_ten_seconds_and_no_acknowledged_prediction_is_lost(
    served: Served, log: Path, eligible: list[str], record_property: Any
) -> None:
    with Load(served, eligible) as load:
        time.sleep(1)
        (worker,) = served.workers()
        worker.kill()
        worker.wait(5)
        seconds = wait_with_token(served, 60)
        time.sleep(1)
    record_property("seconds until it answered again", seconds)
    print(f"answered again after {seconds:.1f} s; {load.statuses}")
    assert seconds < BACK_WITHIN
    assert load.statuses[200] > CLIENTS
    pseudonym = open_log(log, None).pseudonym
    found = written(lines_of(log))
    missing = {one: times for one, times in load.acknowledged.items() if found[str(pseudonym(one))] < times}
    assert not missing
    assert {status for status in load.statuses if isinstance(status, int)} == {200}


def test_lines_are_numbered_in_the_order_in_which_they_stand(served: Served, log: Path) -> None:
    served.ask("/v1/score", {"customer_ids": ["a"]}, headers=bearer(READ))
    numbers: dict[int, list[int]] = {}
    for line in lines_of(log):
        numbers.setdefault(line["start"], []).append(line["number"])
    for found in numbers.values():
        assert found == list(range(len(found)))


def test_nobody_is_answered_without_a_token_and_each_token_opens_its_scopes_only(served: Served) -> None:
    score, plan = {"customer_ids": []}, {"customer_ids": []}
    for headers in ({}, bearer("wrong-token-0123456789"), {"authorization": f"Basic {READ}"}, bearer("")):
        status, found, _ = served.ask("/v1/score", score, headers=headers)
        assert (status, found["www-authenticate"]) == (401, 'Bearer realm="cvm"')
    assert served.ask("/v1/score", score, headers=bearer(READ))[0] == 200
    assert served.ask("/v1/plan", plan, headers=bearer(READ))[0] == 403
    assert served.ask("/v1/plan", plan, headers=bearer(PLAN))[0] != 403
    assert served.ask("/metrics", headers=bearer(READ))[0] == 403
    assert served.ask("/metrics", headers=bearer(PLAN))[0] == 403
    assert served.ask("/metrics", headers=bearer(ADMIN))[0] == 200
    assert served.ask("/v1/score", score, headers=bearer(ADMIN))[0] == 403
    assert READ not in served.said()


def raw(served: Served, sent: bytes, seconds: float = 5) -> bytes:
    """What comes back for bytes on a socket."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=seconds) as connection:
        connection.sendall(sent)
        found = b""
        try:
            while piece := connection.recv(65_536):
                found += piece
        except TimeoutError:
            pass
        return found


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        b"POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        b"POST /v1/score HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n",
        b"GET /v1/health HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 1_000_000 + b"\r\nconnection: close\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /../../../etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n",
        b"HEAD /v1/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ],
)
def test_bytes_that_are_no_request_do_no_harm(served: Served, sent: bytes) -> None:
    found = raw(served, sent, seconds=2)
    assert not found or found.split(b" ")[1][:1] == b"4", found[:300]
    assert b"Traceback" not in found
    assert served.ask("/v1/health", headers=bearer(READ))[0] == 200


def test_fifty_megabytes_over_a_socket_are_refused(served: Served) -> None:
    head = f"POST /v1/score HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {READ}\r\ncontent-type: application/json\r\nconnection: close\r\n".encode()
    assert b" 413 " in raw(served, head + b"content-length: 52428800\r\n\r\n", seconds=3)[:40]
    chunk = b"100000\r\n" + b" " * 2**20 + b"\r\n"
    with suppress(ConnectionError):  # closed while it was still sending
        assert b" 413 " in raw(served, head + b"transfer-encoding: chunked\r\n\r\n" + chunk * 50, seconds=3)[:40]
    assert served.ask("/v1/health", headers=bearer(READ))[0] == 200


def test_a_door_that_stands_open_is_refused_before_anything_is_bound(folder: Path, demo: Demo, tmp_path: Path) -> None:
    status, said = ends(folder, tmp_path / "said.txt", "--host", "0.0.0.0", CVM_CONFIG=demo.config.name)
    assert status == 3
    assert "cvm: 0.0.0.0: others could ask from there, and CVM_TOKENS names no token" in said
    assert "Traceback" not in said


def test_a_service_with_nothing_to_serve_ends_and_says_why(folder: Path, demo: Demo, tmp_path: Path) -> None:
    status, said = ends(
        folder,
        tmp_path / "said.txt",
        CVM_CONFIG=demo.config.name,
        CVM_KEPT=str(tmp_path / "nothing"),
        MLFLOW_TRACKING_URI=NOBODY,
    )
    assert status == 3
    assert "cvm: the registry cannot be asked" in said
    assert f"cvm: no champions are kept in {tmp_path / 'nothing'}" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_all_addresses_of_the_newer_kind_are_an_open_door_too(folder: Path, demo: Demo, tmp_path: Path) -> None:
    status, said = ends(folder, tmp_path / "said.txt", "--host=::", CVM_CONFIG=demo.config.name)
    assert status == 3
    assert "others could ask from there" in said


@pytest.mark.slow
def test_told_no_address_it_listens_to_this_machine_only(folder: Path, demo: Demo, tmp_path: Path) -> None:
    with serving(folder, tmp_path / "said.txt", "--production", CVM_CONFIG=demo.config.name) as served:
        served.wait_until("ready")
        (worker,) = served.workers()
        listening = [one.laddr.ip for one in worker.net_connections(kind="inet") if one.status == psutil.CONN_LISTEN]
        assert listening == ["127.0.0.1"]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [{"CVM_TOKENS": "shop:read:short"}, {"CVM_IN_FLIGHT_MAX": "many"}, {"CVM_CONFIG": "no.toml"}])
def test_settings_that_are_wrong_are_said_and_it_ends(folder: Path, demo: Demo, tmp_path: Path, wrong: dict[str, str]) -> None:
    status, said = ends(folder, tmp_path / "said.txt", **{"CVM_CONFIG": demo.config.name, **wrong})
    assert status == 3
    assert "cvm: " in said
    assert next(iter(wrong)) in said or "no.toml" in said


@pytest.mark.slow
def test_two_workers_share_log_and_key_and_one_that_is_killed_is_hardly_missed(
    folder: Path, demo: Demo, tmp_path: Path, eligible: list[str]
) -> None:
    log = tmp_path / "log/predictions.log.jsonl"
    environment = {"CVM_CONFIG": demo.config.name, "CVM_WORKERS": "2", "CVM_PREDICTION_LOG": str(log), "CVM_TOKENS": TOKENS}
    with serving(folder, tmp_path / "said.txt", **environment) as served:
        wait_with_token(served, STARTS_WITHIN)
        time.sleep(10)  # both
        first, _ = served.workers()
        with Load(served, eligible) as load:
            time.sleep(1)
            first.kill()
            seconds = wait_with_token(served, 60)
            time.sleep(3)
    print(f"answered again after {seconds:.1f} s; {load.statuses}")
    assert seconds < 5
    found, pseudonym = written(lines_of(log)), open_log(log, None).pseudonym
    assert not {one: times for one, times in load.acknowledged.items() if found[str(pseudonym(one))] < times}


@pytest.mark.slow
def test_a_registry_that_goes_away_and_comes_back_is_seen_in_health(folder: Path, demo: Demo, tmp_path: Path) -> None:
    """What is in its file is overwritten, and put back."""
    registry = tmp_path / "registry"
    registry.mkdir()
    shutil.copy(demo.folder / "mlflow.db", registry / "mlflow.db")
    uri = f"sqlite:///{registry}/mlflow.db"
    with serving(folder, tmp_path / "said.txt", CVM_CONFIG=demo.config.name, MLFLOW_TRACKING_URI=uri) as served:
        served.wait_until("ready")
        whole = (registry / "mlflow.db").read_bytes()
        (registry / "mlflow.db").write_bytes(b"no database" * 10_000)
        assert "cannot be asked" in served.wait_until("degraded", 30)["because"][0]
        assert served.ask("/v1/score", {"customer_ids": []})[0] == 200
        (registry / "mlflow.db").write_bytes(whole)
        served.wait_until("ready", 30)


@pytest.mark.slow
@pytest.mark.parametrize("uri", [NOBODY, "sqlite:///{}/broken.db"])
def test_without_a_registry_the_champions_that_were_kept_are_served(folder: Path, demo: Demo, tmp_path: Path, uri: str) -> None:
    (tmp_path / "broken.db").write_bytes(b"no database" * 1_000)
    kept = tmp_path / "kept"
    with serving(folder, tmp_path / "first.txt", CVM_CONFIG=demo.config.name, CVM_KEPT=str(kept)) as served:
        before = served.wait_until("ready")
    environment = {"CVM_CONFIG": demo.config.name, "CVM_KEPT": str(kept), "MLFLOW_TRACKING_URI": uri.format(tmp_path)}
    with serving(folder, tmp_path / "second.txt", **environment) as served:
        after = served.wait_until("degraded")
        assert after["models"] == before["models"]
        assert after["because"]


def test_the_log_is_for_its_owner_only(served: Served, log: Path) -> None:
    assert served.ask("/v1/score", {"customer_ids": []}, headers=bearer(READ))[0] == 200
    for file in (log, log.with_name("pseudonym.key")):
        assert file.stat().st_mode & 0o777 == 0o600
    assert isinstance(open_log(log, None), PredictionLog)
