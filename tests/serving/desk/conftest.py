"""A project of four customers."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.project import Project
from tests.serving.desk.company import customer, write_project, write_scored


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = write_project(tmp_path)
    write_scored(
        found,
        [
            customer("bert", 0.5, 100.0, tier="silver"),
            customer("anna", 0.9, 100.0),
            customer("dora", None, None, life_stage="lost", tier="silver"),
            customer("carl", 0.2, 250.0, life_stage="repeat"),
        ],
    )
    return found
