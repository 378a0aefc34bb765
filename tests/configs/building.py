"""Snapshots of a shipped mapping file, built from a copy of it whose files are where the data is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from features.project import Project, read_project
from features.snapshots import Manifest, build_snapshots, load_snapshot, snapshot_folder
from features.tables import TableName

REPOSITORY = Path(__file__).parents[2]
SHARED = REPOSITORY / os.environ.get("CVM_DATA", "../shared/data")  # data that the repository may not carry


@dataclass(frozen=True)
class Built:
    """A project and its snapshots."""

    project: Project
    manifest: Manifest

    def rows(self, as_of: date | None = None) -> pd.DataFrame:
        """The snapshot of a date (the one to score by default), one row per customer_id in the index."""
        return load_snapshot(self.project, as_of or self.manifest.scored_at).set_index("customer_id")

    def table(self, name: TableName) -> pd.DataFrame:
        """The rows of a table that were kept."""
        return pd.read_parquet(snapshot_folder(self.project) / f"{name}.parquet")

    def quarantine(self, name: TableName) -> pd.DataFrame:
        """The rows of a table that were set aside, each with its reason."""
        return pd.read_parquet(snapshot_folder(self.project) / f"quarantine_{name}.parquet")

    def kept(self, name: TableName) -> tuple[int, int, int]:
        """Rows read, kept and quarantined."""
        report = self.manifest.tables[name]
        return report.rows_read, report.rows_kept, report.rows_quarantined

    def eligible(self) -> dict[date, int]:
        """How many customers are eligible on each date."""
        return {as_of: cohort.eligible for as_of, cohort in self.manifest.cohorts.items()}


def data_of(name: str) -> Path:
    """The folder with the data of a mapping file. Skips the test where it is not at hand."""
    for folder in (REPOSITORY / "data" / name, SHARED / name):
        if folder.is_dir():
            return folder.resolve()
    pytest.skip(f"the data of configs/{name}.toml is not carried here; CVM_DATA names a folder that has {name}/")


def build(name: str, folder: Path, *changes: tuple[str, str], data: Path | None = None) -> Built:
    """Build configs/<name>.toml with outputs in `folder`; each change replaces a text that must be there."""
    text = (REPOSITORY / "configs" / f"{name}.toml").read_text(encoding="utf-8")
    here = ("[project]\n", f'[project]\nout = "{(folder / "out").as_posix()}"\n')
    (stored,) = set(re.findall(r"data/(\w+)/", text)) or {name}
    for old, new in (*changes, (f"data/{stored}/", f"{(data or data_of(stored)).as_posix()}/"), here):
        assert old in text, old
        text = text.replace(old, new)
    config = folder / f"{name}.toml"
    config.write_text(text, encoding="utf-8")
    project = read_project(config)
    return Built(project, build_snapshots(project))
