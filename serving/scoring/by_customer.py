"""The checked tables once more, in the order of customer_id: of one customer among millions the rows are found in milliseconds.

The tables beside the snapshots are in the order in which things happened, in which a customer is everywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.outputs import whole_directory
from features.project import Project
from features.snapshots import Manifest, snapshot_folder

NOT_EVENTS = ("identities", "labels")
ROWS_AT_ONCE = 20_000  # per group of a file: so many are read for one customer


def events_folder(project: Project) -> Path:
    """Where they are."""
    return project.folder / "events"


def write_by_customer(project: Project, manifest: Manifest) -> None:
    """Write the tables of the snapshots that were scored, all or none; of what is no longer there, nothing."""
    with whole_directory(events_folder(project)) as unfinished, duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = {_quoted(unfinished / 'temporary')}")
        kept = {name: snapshot_folder(project) / f"{name}.parquet" for name in _events_in(manifest)}
        for name, file in kept.items():
            if not file.exists():
                continue
            rows = f"SELECT * FROM read_parquet({_quoted(file)}) ORDER BY customer_id"
            to = _quoted(unfinished / f"{name}.parquet")
            connection.execute(f"COPY ({rows}) TO {to} (FORMAT parquet, ROW_GROUP_SIZE {ROWS_AT_ONCE})")


def events_by_customer(project: Project, manifest: Manifest, customer_id: str) -> dict[str, list[dict[str, Any]]]:
    """Her rows by table. Raises OSError where they have not been written."""
    own = pc.field("customer_id") == customer_id
    files = {name: events_folder(project) / f"{name}.parquet" for name in _events_in(manifest)}
    return {name: pq.read_table(file, filters=own).to_pylist() for name, file in files.items()}


def _events_in(manifest: Manifest) -> list[str]:
    return [name for name in manifest.words.mapped if name not in NOT_EVENTS]


def _quoted(path: Path) -> str:
    """A path as a literal of SQL: COPY takes no parameters."""
    return "'" + str(path).replace("'", "''") + "'"
