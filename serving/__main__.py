"""The front door of `serving`: python -m serving score|report CONFIG."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

STEPS = {
    "score": "score every customer at the last date into predictions.parquet",
    "report": "write report.html and summary.json, and show the results",
}


def main() -> int:
    """Read the arguments, then import what the chosen step needs."""
    parser = argparse.ArgumentParser(prog="python -m serving", description="Score customers and report on them.")
    steps = parser.add_subparsers(dest="step", required=True)
    for name, said in STEPS.items():
        chosen = steps.add_parser(name, help=said)
        chosen.add_argument("config", type=Path, help="the mapping file, e.g. configs/online_retail.toml")
    arguments = parser.parse_args()
    # Threads that wait without spinning: on a busy machine spinning ones make everything many times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from features.command import run

    return run(lambda: {"score": _score, "report": _report}[arguments.step](arguments.config))


def _score(config: Path) -> None:
    from features.project import read_project
    from serving.batch import predictions_file, score_customers

    project = read_project(config)
    print(f"scores of {project.name}")
    table = score_customers(project)
    print(f"  {table.num_rows:,} customers in {predictions_file(project)}")


def _report(config: Path) -> None:
    from features.project import read_project
    from serving.report.build import report_on

    project = read_project(config)
    print(f"report of {project.name}")
    report_on(project)


if __name__ == "__main__":
    sys.exit(main())
