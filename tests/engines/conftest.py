"""The engines under test: DuckDB, a PostgreSQL server of the tests' own, and a Spark cluster of two workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from features.project import Project, SourceSection
from features.snapshots import Manifest, build_snapshots
from tests.engines.nasty_company import project, raw_tables, write_files
from tests.engines.postgres_server import copy_into, postgres_server

SOURCES: dict[str, dict[str, Any]] = {
    "duckdb": {"backend": "duckdb"},
    "postgres": {"backend": "postgres", "connection_from_env": "CVM_TEST_POSTGRES"},
    "pyspark": {"backend": "pyspark", "master": "local-cluster[2,1,2048]"},
}
OTHERS = ("postgres", "pyspark")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company's tables as files."""
    made = tmp_path_factory.mktemp("nasty")
    write_files(made, raw_tables())
    return made


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database that has the company's tables, and the environment variable that says where."""
    with postgres_server() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CVM_TEST_POSTGRES", url)
        copy_into(url, {name: table.arrow for name, table in raw_tables().items()})
        yield url


@pytest.fixture(scope="session")
def project_on(folder: Path, request: pytest.FixtureRequest) -> Callable[..., Project]:
    """The company's project on an engine; further arguments replace whole sections."""

    def make(engine: str, **sections: Any) -> Project:
        if engine == "postgres":
            request.getfixturevalue("postgres_url")
            return project(folder / engine, SOURCES[engine], lambda name: f"raw.{name}", **sections)
        return project(folder / engine, SOURCES[engine], lambda name: str(folder / f"{name}.parquet"), **sections)

    return make


@pytest.fixture(scope="session")
def built(project_on: Callable[..., Project]) -> Callable[[str], Manifest]:
    """The manifest of the company's snapshots as an engine makes them, once per engine."""
    made: dict[str, Manifest] = {}

    def build(engine: str) -> Manifest:
        if engine not in made:
            made[engine] = build_snapshots(project_on(engine))
        return made[engine]

    return build


def source_of(engine: str, **settings: Any) -> SourceSection:
    return SourceSection.model_validate(SOURCES[engine] | settings)
