"""The front door of `features`: python -m features build|simulate|catalogue."""

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
    simulate = steps.add_parser("simulate", help="write the tables of a made-up company, its truth and its mapping file")
    simulate.add_argument("folder", type=Path, help="a new folder, or one with an earlier made-up company")
    simulate.add_argument("--customers", type=int, default=5_000, help="about 20 order lines each (default: 5000)")
    simulate.add_argument("--seed", type=int, default=0, help="the same seed gives the same company (default: 0)")
    steps.add_parser("catalogue", help="print docs/features.md: every feature with its meaning, unit and definition")
    arguments = parser.parse_args()

    from features.command import run

    return run(lambda: _step(arguments))


def _step(arguments: argparse.Namespace) -> None:
    if arguments.step == "build":
        _build(arguments.config)
    elif arguments.step == "simulate":
        _simulate(arguments.folder, arguments.customers, arguments.seed)
    else:
        from features.catalogue_page import catalogue_page

        print(catalogue_page(), end="")


def _build(config: Path) -> None:
    from features.order_amounts import order_amounts
    from features.project import read_project
    from features.raw.quarantine import tables_report
    from features.snapshots import build_snapshots, snapshot_folder

    project = read_project(config)
    print(f"features of {project.name}")
    manifest = build_snapshots(project)
    for line in tables_report(manifest.tables):
        print(f"  {line}")
    for note in manifest.notes:
        print(f"  note: {note}")
    if "orders" in manifest.tables and (said := order_amounts(snapshot_folder(project) / "orders.parquet", manifest.currency)):
        print(f"  {said} (refunds not taken off)")
    features, last = len(manifest.features()), manifest.cohorts[manifest.scored_at]
    print(f"  {features} features at {len(manifest.cohorts)} dates; {last.eligible:,} eligible customers at the last")
    for name, figure in last.figures.items():
        print(f"  {name}: {figure.value:.3g} ({figure.customers:,} customers)")
    print(f"  in {snapshot_folder(project)}")


def _simulate(folder: Path, customers: int, seed: int) -> None:
    from features.simulate import simulate

    company = simulate(folder, customers=customers, seed=seed, progress=_show_progress)
    for name, rows in company.rows.items():
        print(f"  {name}: {rows:,} rows")
    print(f"  in {folder}; features of it: python -m features build {company.config}")


def _show_progress(done: int, customers: int) -> None:
    print(f"\r  {done:,} of {customers:,} customers", end="" if done < customers else "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
