"""The front door of `features`: python -m features build CONFIG."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    """Read the arguments, then import what the chosen step needs."""
    parser = argparse.ArgumentParser(prog="python -m features", description="Build the feature snapshots of a project.")
    steps = parser.add_subparsers(dest="step", required=True)
    build = steps.add_parser("build", help="check the tables, set bad rows aside, build the snapshots of every date")
    build.add_argument("config", type=Path, help="the mapping file, e.g. configs/online_retail.toml")
    arguments = parser.parse_args()

    from features.command import run

    return run(lambda: _build(arguments.config))


def _build(config: Path) -> None:
    from features.project import read_project
    from features.snapshots import build_snapshots, snapshot_folder

    project = read_project(config)
    print(f"features of {project.name}")
    manifest = build_snapshots(project)
    for name, table in manifest.tables.items():
        print(
            f"  {name}: {table.rows_read:,} rows read, {table.rows_left_out_by_where:,} left out by `where`, "
            f"{table.rows_kept:,} kept, {table.rows_quarantined:,} quarantined"
        )
        for reason, rows in table.quarantine_reasons.items():
            print(f"    {rows:,} rows: {reason}")
    features, eligible = len(manifest.features()), manifest.cohorts[manifest.scored_at].eligible
    print(f"  {features} features at {len(manifest.cohorts)} dates; {eligible:,} eligible customers at the last")
    print(f"  in {snapshot_folder(project)}")


if __name__ == "__main__":
    sys.exit(main())
