"""The front door of `serving`: python -m serving score|plan|report|feedback|what_if|nearest|release CONFIG."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

STEPS = {
    "score": "score every customer at the last date into predictions.parquet",
    "plan": "the next best action for every customer within a budget, into plan.parquet",
    "report": "write report.html and summary.json, and show the results",
    "feedback": "write what was marked on the retention desk as treatments and wrong reasons",
    "what_if": "what the models would say of a customer if something happened",
    "nearest": "the smallest plausible change that brings a customer's risk of leaving below a threshold",
    "release": "copy the champions, checked, into a folder that a service can start from without a registry",
}


def main() -> int:
    """Read the arguments, then import what the chosen step needs."""
    arguments = _arguments()
    # Threads that wait without spinning: on a busy machine spinning ones make everything many times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from features.command import run

    steps = {
        "score": _score,
        "plan": _plan,
        "report": _report,
        "feedback": _feedback,
        "what_if": _what_if,
        "nearest": _nearest,
        "release": _release,
    }
    return run(lambda: steps[arguments.step](arguments))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m serving", description="Score customers, report on them, ask what if.")
    steps = parser.add_subparsers(dest="step", required=True)
    chosen = {name: steps.add_parser(name, help=said, description=said) for name, said in STEPS.items()}
    for one in chosen.values():
        one.add_argument("config", type=Path, help="the mapping file, e.g. configs/online_retail.toml")
    for name in ("what_if", "nearest"):
        chosen[name].add_argument("customer_id")
    chosen["plan"].add_argument("--budget", type=float, help="money to spend; instead of plan.budget in the mapping file")
    add = {"nargs": "+", "action": "append", "default": [], "metavar": ("TABLE", "COLUMN=VALUE")}
    chosen["what_if"].add_argument("--add", help="a new row, e.g. --add orders amount=50", **add)  # type: ignore[arg-type]
    chosen["what_if"].add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="attributes that may change")
    chosen["what_if"].add_argument("--settle", action="store_true", help="all open complaints are settled")
    chosen["nearest"].add_argument("--below", type=float, required=True, help="a probability, e.g. 0.3")
    chosen["release"].add_argument("--to", type=Path, required=True, help="the folder, which is made anew")
    return parser.parse_args()


def _score(arguments: argparse.Namespace) -> None:
    from features.project import read_project
    from models.value.settings import read_layer
    from serving.scoring.everybody import predictions_file, score_customers

    project, layer = read_project(arguments.config), read_layer(arguments.config)
    print(f"scores of {project.name}")
    table = score_customers(project, layer)
    print(f"  {table.num_rows:,} customers in {predictions_file(project)}")


def _plan(arguments: argparse.Namespace) -> None:
    from features.problems import BadInput
    from features.project import read_project, read_section
    from models.actions.settings import PlanSettings, read_actions
    from models.value.settings import read_layer
    from serving.plan import make_plan, plan_file, say_plan

    project, layer, actions = read_project(arguments.config), read_layer(arguments.config), read_actions(arguments.config)
    settings = read_section(arguments.config, "plan", PlanSettings)
    budget = settings.budget if arguments.budget is None else arguments.budget
    if budget is not None and not 0 <= budget < float("inf"):
        raise BadInput(f"--budget {budget:g}: expected money, at least 0")
    print(f"plan of {project.name}")
    report = make_plan(project, actions, budget, layer)
    print("\n".join(f"  {line}" for line in [*say_plan(report), f"in {plan_file(project)}"]))


def _report(arguments: argparse.Namespace) -> None:
    from features.project import read_project
    from models.actions.settings import read_actions
    from serving.report.build import report_on

    project, actions = read_project(arguments.config), read_actions(arguments.config)
    print(f"report of {project.name}")
    report_on(project, actions)


def _feedback(arguments: argparse.Namespace) -> None:
    from features.project import read_project
    from serving.desk.feedback import write_feedback

    project = read_project(arguments.config)
    print(f"feedback of {project.name}")
    print("\n".join(f"  {line}" for line in write_feedback(project)))


def _what_if(arguments: argparse.Namespace) -> None:
    from features.changes import read_what_if
    from features.project import read_project
    from serving.what_if.command import read_changes, show_what_if

    changes = read_changes(arguments.add, arguments.set, settle=arguments.settle)
    project = read_project(arguments.config)
    print(show_what_if(project, read_what_if(arguments.config, project), arguments.customer_id, changes))


def _nearest(arguments: argparse.Namespace) -> None:
    from features.changes import read_what_if
    from features.project import read_project
    from serving.what_if.command import show_nearest

    project = read_project(arguments.config)
    print(show_nearest(project, read_what_if(arguments.config, project), arguments.customer_id, arguments.below))


def _release(arguments: argparse.Namespace) -> None:
    from serving.answers.release import from_registry

    release = from_registry(arguments.config, arguments.to)
    print(f"champions of {release.project.name} in {arguments.to}")
    for version in release.scorer.versions.values():
        print(f"  {version}")


if __name__ == "__main__":
    sys.exit(main())
