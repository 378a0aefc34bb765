"""The service on the demo of this folder's parent, asked in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from serving.scoring.everybody import predictions_file
from tests.serving.broken.asking import Asked, opened
from tests.serving.conftest import Demo

ACTIONS = """
[actions.call]
cost = 6.0
capacity = 20
effect = 0.3

[actions.mail]
cost = 0.5
effect = 0.05
"""


@pytest.fixture(scope="session")
def with_actions(demo: Demo) -> Path:
    """The demo's mapping file with something to plan."""
    found = demo.folder / "with_actions.toml"
    found.write_text(demo.config.read_text(encoding="utf-8") + ACTIONS, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "predictions.log.jsonl"


@pytest.fixture(scope="module")
def ask(with_actions: Path, log_file: Path) -> Iterator[Asked]:
    with opened(with_actions, log_file) as asked:
        yield asked


@pytest.fixture(scope="session")
def eligible(demo: Demo) -> list[str]:
    """The ids of all customers of whom something can be said."""
    scored = pd.read_parquet(demo.folder / predictions_file(demo.project))
    return [str(one) for one in scored.loc[scored["eligible"], "customer_id"]]
