"""A registry that is away, bundles that were changed, champions that come and go: the champions at hand go on, and says so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import mlflow
import pytest
from prometheus_client import REGISTRY

from features.problems import BadInput
from models.registry import use_registry, version_at
from serving.live import watch as live_module
from tests.serving.broken.asking import Asked, opened
from tests.serving.conftest import Demo

NOBODY = "http://127.0.0.1:9"
NAME = "online_retail-churn"


@dataclass(frozen=True)
class Registry:
    """A registry of its own, with the champions of the demo; bundles can be registered again, whole or changed."""

    uri: str
    folder: Path

    def register(self, name: str, *, flipped: bool = False) -> str:
        """The champion's bundle once more, as another version; with one byte changed where wanted."""
        former = version_at("online_retail", "churn", "champion")
        assert former is not None
        local = Path(mlflow.artifacts.download_artifacts(f"models:/{NAME}/{former.version}", dst_path=str(self.folder / name)))
        if flipped:
            flip(next(local.rglob("booster.json")))
        version = use_registry().create_model_version(NAME, source=str(local), tags=dict(former.tags))
        return str(version.version)

    def point(self, version: str) -> None:
        """Move the alias."""
        use_registry().set_registered_model_alias(NAME, "champion", version)


def flip(file: Path) -> None:
    """Change one byte."""
    found = bytearray(file.read_bytes())
    found[len(found) // 2] ^= 1
    file.write_bytes(found)


def refusals() -> float:
    return REGISTRY.get_sample_value("cvm_swaps_total", {"outcome": "refused"}) or 0.0


@pytest.fixture
def registry(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    shutil.copy(demo.folder / "mlflow.db", tmp_path / "mlflow.db")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    yield Registry(uri, tmp_path)
    monkeypatch.undo()
    use_registry()


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "champions"


@pytest.fixture
def asked(demo: Demo, kept: Path, tmp_path: Path, registry: Registry) -> Iterator[Asked]:
    assert registry.folder == tmp_path  # it is there before the service is
    with opened(demo.config, tmp_path / "log.jsonl", CVM_KEPT=str(kept)) as found:
        yield found


def open_again(demo: Demo, kept: Path, tmp_path: Path) -> Asked:
    with opened(demo.config, tmp_path / "log.jsonl", CVM_KEPT=str(kept)) as found:
        return found


def health(asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = asked("/v1/health").json()
    return found


@pytest.mark.parametrize("uri", [NOBODY, "sqlite:///{}/broken.db"])
def test_where_the_registry_is_away_at_the_start_the_kept_champions_answer_and_it_is_said(
    demo: Demo, asked: Asked, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eligible: list[str], uri: str
) -> None:
    before = asked.scores("/v1/score", {"customer_ids": eligible[:20]})
    (tmp_path / "broken.db").write_bytes(b"no database" * 1_000)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(tmp_path))
    again = open_again(demo, kept, tmp_path)
    found = health(again)
    assert found["status"] == "degraded"
    assert found["because"][0].startswith("the registry cannot be asked")
    assert found["codes"] == ["registry_unavailable"]
    assert again("/v1/models").json()["refused"]["because"] == found["because"][0]
    assert again.scores("/v1/score", {"customer_ids": eligible[:20]}) == before
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    assert again.live.look()
    assert health(again)["status"] == "ready"


def test_without_registry_and_kept_champions_nothing_is_served(
    demo: Demo, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    with pytest.raises(BadInput) as bad:
        open_again(demo, kept, tmp_path)
    assert bad.value.problems[0].startswith("the registry cannot be asked")
    assert bad.value.problems[1] == f"no champions are kept in {kept}"


def damages() -> list[Any]:
    def gone(kept: Path) -> None:
        next((kept / "churn").rglob("booster.json")).unlink()

    def flipped(kept: Path) -> None:
        flip(next((kept / "churn").rglob("booster.json")))

    def no_contract(kept: Path) -> None:
        (kept / "churn/contract.json").unlink()

    def no_task(kept: Path) -> None:
        shutil.rmtree(kept / "churn")

    def cut(kept: Path) -> None:
        (kept / "release.json").write_bytes((kept / "release.json").read_bytes()[:50])

    def no_mapping(kept: Path) -> None:
        (kept / "mapping.toml").unlink()

    return [gone, flipped, no_contract, no_task, cut, no_mapping]


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("damage", damages(), ids=lambda one: one.__name__)
def test_kept_champions_that_were_changed_are_refused_without_a_registry(
    demo: Demo, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    damage(kept)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    with pytest.raises(BadInput) as bad:
        open_again(demo, kept, tmp_path)
    assert len(bad.value.problems) >= 2
    assert "Traceback" not in str(bad.value)


def test_a_registry_that_goes_away_is_said_and_no_refusal_and_all_is_well_when_it_is_back(
    asked: Asked, registry: Registry, monkeypatch: pytest.MonkeyPatch, eligible: list[str]
) -> None:
    before, counted = asked.scores("/v1/score", {"customer_ids": eligible[:5]}), refusals()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    for _ in range(3):
        assert not asked.live.look()
    said = asked("/v1/models").json()["refused"]
    assert health(asked)["status"] == "degraded"
    assert not asked.live.look()
    assert asked("/v1/models").json()["refused"] == said  # since when it is away
    assert asked.scores("/v1/score", {"customer_ids": eligible[:5]}) == before
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.uri)
    assert not asked.live.look()
    assert health(asked)["status"] == "ready"
    assert refusals() == counted


def test_a_changed_bundle_is_refused_once_and_the_old_one_answers_until_the_alias_is_back(
    demo: Demo,
    asked: Asked,
    registry: Registry,
    kept: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    eligible: list[str],
) -> None:
    before, counted = asked.scores("/v1/score", {"customer_ids": eligible[:5]}), refusals()
    registry.point(registry.register("changed", flipped=True))
    for _ in range(3):
        assert not asked.live.look()
    assert refusals() == counted + 1
    found = health(asked)
    assert found["status"] == "degraded"
    assert "its files were changed since it was registered" in found["because"][0]
    assert found["codes"] == ["not_taken_over"]
    assert asked("/v1/models").json()["refused"]["because"] == found["because"][0]
    assert asked("/v1/models").json()["refused"]["code"] == "not_taken_over"
    assert 'cvm_swaps_total{outcome="refused"}' in asked("/metrics").body.decode()
    assert asked.scores("/v1/score", {"customer_ids": eligible[:5]}) == before

    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    asked.live.look()
    assert "cannot be asked" in health(asked)["because"][0]
    again = open_again(demo, kept, tmp_path)  # a refused bundle is not kept
    assert again.scores("/v1/score", {"customer_ids": eligible[:5]}) == before
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.uri)
    asked.live.look()
    assert "its files were changed" in health(asked)["because"][0]

    registry.point("1")
    assert not asked.live.look()
    assert health(asked)["status"] == "ready"
    assert asked("/v1/models").json()["refused"] is None


def test_a_service_that_starts_beside_a_changed_bundle_serves_what_was_kept(
    demo: Demo, asked: Asked, registry: Registry, kept: Path, tmp_path: Path
) -> None:
    registry.point(registry.register("changed", flipped=True))
    again = open_again(demo, kept, tmp_path)
    assert health(again)["status"] == "degraded"
    assert health(again)["models"] == health(asked)["models"]
    registry.point("1")
    assert again.live.look()
    assert health(again)["status"] == "ready"


def test_what_is_registered_while_another_is_refused_is_not_taken_for_it(
    asked: Asked, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, load = registry.register("good"), live_module._load
    registry.point(registry.register("changed", flipped=True))

    def slowly(config: Path, kept: Path) -> Any:
        try:
            return load(config, kept)
        finally:
            registry.point(good)

    monkeypatch.setattr(live_module, "_load", slowly)
    assert not asked.live.look()
    assert asked.live.look()
    assert f" v{good} " in health(asked)["models"]["churn"]


def test_a_new_version_and_the_way_back_are_taken_over_between_requests_and_none_fails(
    asked: Asked, registry: Registry, eligible: list[str]
) -> None:
    over, versions = Event(), set()
    before = asked.scores("/v1/score", {"customer_ids": eligible[:4], "top_reasons": 0})

    def client(_number: int) -> int:
        count = 0
        while not over.is_set():
            for path, body in (
                ("/v1/score", {"customer_ids": eligible[:4], "top_reasons": 0}),
                ("/v1/score_events", {"events": {}}),
                ("/v1/score", {"customer_ids": eligible[:101]}),
            ):
                reply = asked(path, body)
                assert reply.status == 200, reply
                versions.add(reply.json()["models"]["churn"])
                count += 1
        return count

    with ThreadPoolExecutor(6) as pool:
        clients = [pool.submit(client, number) for number in range(6)]
        try:
            new = registry.register("new")
            for version in (new, "1", new, "1"):
                registry.point(version)
                assert asked.live.look()
                assert f" v{version} " in health(asked)["models"]["churn"]
        finally:
            over.set()
        assert all(one.result() > 0 for one in clients)
    assert {one.split(" v")[1].split(" ")[0] for one in versions} <= {"1", new}
    found = asked("/v1/models").json()
    assert (found["swaps"], found["refused"]) == (4, None)
    assert asked.scores("/v1/score", {"customer_ids": eligible[:4], "top_reasons": 0}) == before
    shown = [line for line in asked("/metrics").body.decode().splitlines() if line.startswith("cvm_champion{")]
    assert sum(line.endswith(" 1.0") for line in shown if 'task="churn"' in line) == 1
