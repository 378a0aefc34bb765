"""A Bento holds the packages and the champions, and answers the same bytes in a folder that knows nothing of this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.serving.conftest import ROOT, Demo
from tests.serving.processes import Served, serving

pytestmark = pytest.mark.slow
BODIES = {
    "/v1/score_rows": {"rows": [{}, {"days_since_last_order": 40, "order_count": 12, "spend_sum": 1830.5}]},
    "/v1/score_events": {
        "events": {"orders": [{"order_id": "A1", "occurred_at": "2011-05-31T09:30:00", "amount": 120.5}]},
        "as_of": "2011-09-09",
    },
}


@pytest.fixture(scope="module")
def bento(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make bento` does, beside copies of the packages."""
    folder = tmp_path_factory.mktemp("build")
    for name in ("features", "models", "serving", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    (folder / "notes.txt").write_text("not to be shipped", encoding="utf-8")
    environment = {**os.environ, "BENTOML_HOME": str(folder / "store"), "PYTHONPATH": str(ROOT)}
    release = [sys.executable, "-m", "serving", "release", str(demo.config), "--to", str(folder / "champion")]
    subprocess.run(release, cwd=demo.folder, env=environment, check=True, capture_output=True)
    build = [str(Path(sys.executable).with_name("bentoml")), "build", "--output", "tag"]
    environment = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    subprocess.run(build, cwd=folder, env=environment, check=True, capture_output=True)
    (found,) = (path for path in (folder / "store/bentos/cvm").iterdir() if path.is_dir())
    return found


@pytest.fixture(scope="module")
def served(bento: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("elsewhere")
    with serving(folder, folder / "said.txt", service=str(bento), HOME=str(folder)) as server:
        server.wait_until("ready")
        yield server


@pytest.fixture(scope="module")
def from_here(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = {"CVM_CONFIG": str(demo.config), "MLFLOW_TRACKING_URI": f"sqlite:///{demo.folder}/mlflow.db"}
    with serving(demo.folder, tmp_path_factory.mktemp("here") / "said.txt", **settings) as server:
        server.wait_until("ready")
        yield server


def test_it_holds_the_packages_and_the_champions_only(bento: Path) -> None:
    assert {path.name for path in (bento / "src").iterdir()} - {"bentofile.yaml"} == {
        "features",
        "models",
        "serving",
        "champion",
    }
    assert {path.name for path in (bento / "src/champion").iterdir()} == {
        "churn",
        "clv",
        "propensity",
        "mapping.toml",
        "release.json",
    }
    assert "--hash=sha256:" in (bento / "env/python/requirements.txt").read_text(encoding="utf-8")
    assert "FROM python:3.11" in (bento / "env/docker/Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", BODIES)
def test_it_answers_the_same_bytes(served: Served, from_here: Served, path: str) -> None:
    there, here = (httpx.post(f"{server.url}{path}", json=BODIES[path]) for server in (served, from_here))
    assert there.status_code == 200
    assert there.content == here.content


def test_it_says_that_customers_are_elsewhere(served: Served) -> None:
    response = httpx.post(f"{served.url}/v1/score", json={"customer_ids": ["12347"]})
    assert response.status_code == 400
    assert "no snapshot of online_retail is here" in response.json()["error"]["message"]
    assert httpx.get(f"{served.url}/v1/health").json()["status"] == "ready"
