"""The main job on every eighth customer of Online Retail II, done once for all tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from features.project import Project, read_project, read_section
from features.snapshots import Manifest, build_snapshots
from models.contract import TASKS, Task
from models.registry import Registered
from serving.report.build import report_on
from serving.scoring.everybody import score_customers
from training.settings import TrainingSettings
from training.train import train

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "data/online_retail_ii/online_retail_ii.parquet"
QUICK = "\n[training]\nrounds_max = 40\n[training.trials]\nchurn = 3\nclv = 2\npropensity = 1\n"


@dataclass(frozen=True)
class Demo:
    """A project in a folder of its own, with its main job done."""

    folder: Path
    config: Path
    project: Project
    manifest: Manifest
    models: dict[Task, Registered]


def write_sample(folder: Path) -> Path:
    """A mapping file and data of every eighth customer; the mapping is the one of the demo."""
    data = folder / "data/online_retail_ii"
    data.mkdir(parents=True)
    duckdb.sql(
        f"COPY (SELECT * FROM '{SOURCE}' WHERE coalesce(customer_id, 0) % 8 = 0 ORDER BY ALL) TO '{data}/sample.parquet' (FORMAT parquet)"
    )
    config = folder / "online_retail.toml"
    mapping = (ROOT / "configs/online_retail.toml").read_text(encoding="utf-8")
    # Guest sales are all of them in the sample, so their share is larger than in the whole.
    config.write_text(mapping.replace("share_max = 0.25", "share_max = 0.80") + QUICK, encoding="utf-8")
    return config


def train_all(config: Path) -> dict[Task, Registered]:
    """Features and the three models, in the current folder."""
    project = read_project(config)
    build_snapshots(project)
    settings = read_section(config, "training", TrainingSettings)
    return {task: train(project, settings, task) for task in TASKS}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The main job, done in a temporary folder that is the current one while the fixture lives."""
    folder = tmp_path_factory.mktemp("demo")
    config = write_sample(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        models = train_all(config)
        project = read_project(config)
        score_customers(project)
        report_on(project)
        yield Demo(folder, config, project, build_snapshots(project), models)
    shutil.rmtree(folder)
