"""The front door of `training`: python -m training churn|clv|propensity|all|... CONFIG."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.project import Project
    from models.contract import Task
    from models.value.settings import Layer
    from training.settings import TrainingSettings

STEPS = {
    "churn": "train and register the churn model",
    "clv": "train and register the customer lifetime value model",
    "propensity": "train and register the propensity model",
    "all": "train and register all three",
    "uplift": "learn from randomised campaigns what actions change",
    "follow_up": "what finished campaigns brought beside those withheld from them, and the controls that the next one needs",
    "backtest": "ask on the judged date whether the customer score orders what customers then brought",
    "check": "read the whole mapping file and say what is wrong with it, and with the files, columns and expressions it names",
    "leaks": "look for columns and rows that know the answer; nothing is trained",
    "compare": "the challenger of each model beside its champion, and whether their figures compare",
    "promote": "make the challenger of a model the champion",
    "rollback": "make the former champion the champion again",
    "keys": "print docs/mapping_file.md: every section and key of a mapping file",
}
AGAIN = "scores, plan and report that are not by this version yet: python -m serving score {config}, then plan and report"


def main() -> int:
    """Read the arguments, then import what the chosen step needs."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train, judge and register models.")
    steps = parser.add_subparsers(dest="step", required=True)
    for name, said in STEPS.items():
        chosen = steps.add_parser(name, help=said)
        if name in ("promote", "rollback"):
            chosen.add_argument("task", choices=("churn", "clv", "propensity"))
        if name == "follow_up":
            chosen.add_argument("--hope", type=float, help="money per customer that the next campaign is to bring")
        if name != "keys":
            chosen.add_argument("config", type=Path, help="the mapping file, e.g. configs/online_retail.toml")
    arguments = parser.parse_args()

    # Threads that wait without spinning: on a busy machine spinning ones make tuning many times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from features.command import run

    return run(lambda: _step(arguments))


def _step(arguments: argparse.Namespace) -> None:
    own = {
        "check": _check,
        "leaks": _leaks,
        "uplift": _uplift,
        "follow_up": _follow_up,
        "backtest": _backtest,
        "compare": _compare,
        "promote": _promote,
        "rollback": _rollback,
        "keys": _keys,
    }
    own.get(arguments.step, _train)(arguments)


def _train(arguments: argparse.Namespace) -> None:
    from models.value.settings import read_layer
    from training.train import train

    project, settings = _read(arguments)
    layer = read_layer(arguments.config)
    if arguments.step == "all":
        _train_all(project, settings, layer)
    else:
        print(f"{arguments.step} of {project.name}")
        train(project, settings, arguments.step, layer.tiers)


def _train_all(project: Project, settings: TrainingSettings, layer: Layer) -> None:
    """Every model that can be made; then which could not, and why."""
    from features.problems import BadInput, PartlyDone
    from training.judging.score_back_test import back_test_in_passing
    from training.train import possible_tasks, train

    tasks, why_not = possible_tasks(project), {}
    for task in tasks:
        print(f"{task} of {project.name}")
        try:
            train(project, settings, task, layer.tiers)
        except BadInput as bad:
            print("  not made; why is said at the end")
            why_not[task] = bad.problems
    if "clv" not in why_not:
        back_test_in_passing(project, layer)
    if why_not:
        raise (PartlyDone if len(why_not) < len(tasks) else BadInput)(_not_made(why_not))


def _not_made(why_not: Mapping[Task, Sequence[str]]) -> list[str]:
    """Each problem once, with the models that it stops."""
    stopped: dict[str, list[str]] = {}
    for task, problems in why_not.items():
        for problem in problems:
            stopped.setdefault(problem, []).append(task)
    return [f"not made: {' and '.join(tasks)}: {problem}" for problem, tasks in stopped.items()]


def _check(arguments: argparse.Namespace) -> None:
    from models.outcomes import said_of_tasks

    project = _well_formed(arguments)
    print(f"{arguments.config}: the mapping file of {project.name} is well-formed")
    from features.raw.heads import check_heads  # these libraries take a second to load: not for a typo

    print(check_heads(project))
    print(*said_of_tasks({name: tuple(mapping.expressions()) for name, mapping in project.mappings().items()}), sep="\n")
    print(f"rows are looked at by: python -m features build {arguments.config}")


def _well_formed(arguments: argparse.Namespace) -> Project:
    """The project, every section of whose mapping file has been read."""
    from features.changes import read_what_if
    from features.project import read_section
    from models.actions.settings import PlanSettings, read_actions
    from models.value.settings import read_layer
    from training.settings import CampaignSettings

    project, _ = _read(arguments)
    read_what_if(arguments.config, project)
    read_section(arguments.config, "campaigns", CampaignSettings)
    read_layer(arguments.config)
    read_actions(arguments.config)
    read_section(arguments.config, "plan", PlanSettings)
    return project


def _leaks(arguments: argparse.Namespace) -> None:
    from training.leaks.report import report_leaks

    project, settings = _read(arguments)
    print(f"leaks of {project.name}")
    report_leaks(project, settings)


def _uplift(arguments: argparse.Namespace) -> None:
    from features.project import read_section
    from models.actions.uplift import uplift_file
    from training.campaigns.learn_uplift import learn_uplift, uplift_report
    from training.settings import CampaignSettings

    project, settings = _read(arguments)
    print(f"uplift of {project.name}")
    found = learn_uplift(project, settings, read_section(arguments.config, "campaigns", CampaignSettings))
    _say([*uplift_report(found, project.project.currency), f"in {uplift_file(project)}"])


def _follow_up(arguments: argparse.Namespace) -> None:
    from features.project import read_section
    from models.actions.follow_up import follow_up_file
    from training.campaigns.follow_up import follow_up, say_follow_up
    from training.settings import CampaignSettings

    project, _ = _read(arguments)
    print(f"finished campaigns of {project.name}")
    results = follow_up(project, read_section(arguments.config, "campaigns", CampaignSettings), arguments.hope)
    _say([*say_follow_up(results, project.project.currency), f"in {follow_up_file(project)}"])


def _backtest(arguments: argparse.Namespace) -> None:
    from models.value.score_evaluation import score_file
    from models.value.settings import read_layer
    from training.judging.score_back_test import back_test_score

    project, _ = _read(arguments)
    print(f"customer score of {project.name}")
    judged = back_test_score(project, read_layer(arguments.config))
    _say([*judged.verdict, f"in {score_file(project)}"])


def _compare(arguments: argparse.Namespace) -> None:
    from training.compare import compare

    print("\n".join(compare(_read(arguments)[0].name)))


def _promote(arguments: argparse.Namespace) -> None:
    from training.promote import promote_challenger

    moved = promote_challenger(_read(arguments)[0].name, arguments.task)
    kept = f"; v{moved.before} was, and comes back by rollback" if moved.before else ""
    print(f"{moved.champion.label} is champion{kept}")
    print(AGAIN.format(config=arguments.config))


def _rollback(arguments: argparse.Namespace) -> None:
    from training.promote import restore_previous

    moved = restore_previous(_read(arguments)[0].name, arguments.task)
    print(f"{moved.champion.label} is champion again, in place of v{moved.before}; v{moved.challenger} is challenger")
    print(AGAIN.format(config=arguments.config))


def _keys(_arguments: argparse.Namespace) -> None:
    from training.mapping_file import mapping_file_page

    print(mapping_file_page(), end="")


def _read(arguments: argparse.Namespace) -> tuple[Project, TrainingSettings]:
    from features.project import read_project, read_section
    from training.settings import TrainingSettings

    return read_project(arguments.config), read_section(arguments.config, "training", TrainingSettings)


def _say(lines: list[str]) -> None:
    print("\n".join(f"  {line}" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
