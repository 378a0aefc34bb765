"""Settings that all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

from features.project import Project, read_project
from features.simulate import simulate
from features.snapshots import Manifest, build_snapshots

# Examples are the same in every run and never fail for being slow on a busy machine.
settings.register_profile("cvm", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None)
settings.load_profile("cvm")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Matrices this small only wait for each other's threads."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(scope="session")
def whole_company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Manifest]:
    """A made-up company that maps every table, built in a folder of its own; its paths hold in any other."""
    folder = tmp_path_factory.mktemp("whole_company")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        project = read_project(simulate(Path("company"), customers=300, seed=2).config)
        manifest = build_snapshots(project)
    out = project.project.model_copy(update={"out": str(folder / project.project.out)})
    return project.model_copy(update={"project": out}), manifest


def pytest_configure(config: pytest.Config) -> None:
    # Ibis 12 uses an option and a method whose end pandas 3.1 and DuckDB 1.5 announced; nothing here can mend it.
    config.addinivalue_line("filterwarnings", "ignore:The 'future.infer_string' option is deprecated")
    config.addinivalue_line("filterwarnings", r"ignore:fetch_arrow_table\(\) is deprecated")
