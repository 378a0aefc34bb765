"""What docs/service.md and the README tell people to type is typed, and answers."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.conftest import ROOT, Demo
from tests.serving.processes import Served, serving

PAGE = (ROOT / "docs/service.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
HERE = "http://127.0.0.1:3000"
CURLS = [
    line for page in (PAGE, README) for line in page.replace("\\\n", "").splitlines() if line.startswith(f"curl -s {HERE}")
]
(PYTHON,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def server(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = {"CVM_CONFIG": str(demo.config), "MLFLOW_TRACKING_URI": f"sqlite:///{demo.folder}/mlflow.db"}
    with serving(demo.folder, tmp_path_factory.mktemp("served") / "said.txt", **settings) as found:
        found.wait_until("ready")
        yield found


def test_there_are_lines_to_type() -> None:
    assert len(CURLS) >= 9


@pytest.mark.parametrize("line", CURLS)
def test_every_curl_line_gets_an_answer(server: Served, line: str) -> None:
    assert shutil.which("curl"), "install curl"
    words = shlex.split(line.replace(HERE, server.url))
    answer = json.loads(subprocess.run(words, check=True, capture_output=True, timeout=60).stdout)
    assert "error" not in answer


def test_the_python_client_prints_what_it_was_told(server: Served, tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(PYTHON.replace(HERE, server.url), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], check=True, capture_output=True, text=True, timeout=60)
    assert "nobody unknown customer" in done.stdout
    script.write_text(PYTHON.replace(HERE, server.url).replace('["12347", "nobody"]', "[1]"), encoding="utf-8")
    failed = subprocess.run([sys.executable, str(script)], check=False, capture_output=True, text=True, timeout=60)
    assert "ValueError: 400 bad_request: customer_ids[0]: expected str, got int" in failed.stderr
