"""The challenger beside the champion: what each was made from, the figures it was registered with, and whether they compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from features.problems import BadInput
from models.contract import TASKS, Contract, Task
from models.evaluation import Evaluation, Metric
from models.registry import Alias, Registered, find, registry_in_words, version_at

ALIASES: tuple[Alias, ...] = ("champion", "challenger")
OF_MANY = ("auc", "logloss", "sum_ratio")  # shown of each of several outputs; MLflow has them all
MUST_BE_ALIKE = {
    "told_by": "the table that tells the outcome",
    "horizon_days": "project.horizon_days",
    "currency": "project.currency",
    "cohort": "[cohort]",
}
BETTER = {True: "more is better", False: "less is better", None: "best at its target"}
Row = tuple[str, ...]  # what it is, then a cell for each model, then which way is better


@dataclass(frozen=True)
class Candidate:
    """A registered model that may answer."""

    registered: Registered
    trained_on: date

    @property
    def contract(self) -> Contract:
        """What it predicts and was made from."""
        return self.registered.bundle.contract

    @property
    def evaluation(self) -> Evaluation:
        """How it was judged."""
        return self.registered.bundle.evaluation


def compare(project: str) -> list[str]:
    """A table for each task that has a champion, as lines. Raises BadInput where none has."""
    found = {task: _candidates(project, task) for task in TASKS}
    lines = [line for task, models in found.items() if "champion" in models for line in side_by_side(project, task, models)]
    if not lines:
        raise BadInput(f"no models of {project} in {registry_in_words()}; train them first: python -m training all CONFIG")
    return lines


def _candidates(project: str, task: Task) -> dict[Alias, Candidate]:
    found: dict[Alias, Candidate] = {}
    for alias in ALIASES:
        version, registered = version_at(project, task, alias), find(project, task, alias)
        if version and registered:
            trained = datetime.fromtimestamp(version.creation_timestamp / 1000, UTC)
            found[alias] = Candidate(registered, trained.date())
    return found


def side_by_side(project: str, task: Task, models: dict[Alias, Candidate]) -> Iterator[str]:
    """The table of one task and, where a challenger waits, whether its figures compare."""
    champion, challenger = models["champion"], models.get("challenger")
    yield f"{task} of {project}"
    if challenger is None:
        yield from _aligned([("", "champion"), *_rows([champion])])
        yield "  no challenger waits"
        return
    said, is_of_other_dates = _comparability(champion, challenger)
    leads = _leads(champion, challenger) if is_of_other_dates else ()
    yield from _aligned([("", *ALIASES), *_rows([champion, challenger]), *leads])
    yield f"  {said}"


def _comparability(champion: Candidate, challenger: Candidate) -> tuple[str, bool]:
    """Whether figures of the two can be set against each other, in a sentence; and whether only their dates forbid it."""
    one, other = champion.contract, challenger.contract
    if unlike := [words for name, words in MUST_BE_ALIKE.items() if getattr(one, name) != getattr(other, name)]:
        return f"NOT comparable: they answer different questions ({', '.join(unlike)} changed between them)", False
    before, after = champion.evaluation.judged_at, challenger.evaluation.judged_at
    if before != after:
        return (
            f"NOT comparable: the champion was judged on {before}, the challenger on {after}; compare the lead of each over "
            "the same baseline, in the last lines"
        ), True
    if one.data_fingerprint != other.data_fingerprint:
        return (
            f"comparable with care: both were judged on {after}, but the data have changed between them; rows that came late "
            "or were corrected are known to one only"
        ), False
    return f"comparable: both were judged on {after}, on the same data", False


def _rows(models: list[Candidate]) -> list[Row]:
    roles = [model.contract.roles for model in models]
    rows = [
        ("version", *(f"v{model.registered.version} {model.registered.hash}" for model in models)),
        ("trained on", *(str(model.trained_on) for model in models)),
        ("learned from", *(_dates(role.fitted_on) for role in roles)),
        ("judged on", *(f"{model.evaluation.judged_at}, {model.evaluation.customers:,} customers" for model in models)),
    ]
    for output, name in _figures(models):
        found = [_metric(model, output, name) for model in models]
        better = next(metric.greater_is_better for metric in found if metric)
        rows.append((name if _is_alone(models) else f"{output}.{name}", *map(_shown, found), BETTER[better]))
    return rows


def _figures(models: list[Candidate]) -> Iterator[tuple[str, str]]:
    """Each output with each of its figures, those of any of the models, in their order."""
    everything = [(output, of.metrics) for model in models for output, of in model.evaluation.outputs.items()]
    for output in dict.fromkeys(output for output, _ in everything):
        for name in dict.fromkeys(name for of, metrics in everything if of == output for name in metrics):
            if _is_alone(models) or name in OF_MANY:
                yield output, name


def _is_alone(models: list[Candidate]) -> bool:
    return all(len(model.evaluation.outputs) == 1 for model in models)


def _leads(champion: Candidate, challenger: Candidate) -> Iterator[Row]:
    """How far each is ahead of the baselines that both were judged beside, in the first figure of each output."""
    models = [champion, challenger]
    for output in champion.evaluation.outputs:
        if output not in challenger.evaluation.outputs:
            continue
        of_both = [model.evaluation.outputs[output] for model in models]
        name = next(iter(of_both[0].metrics))
        for baseline in of_both[0].baselines:
            rivals = [of.baselines.get(baseline, {}).get(name) for of in of_both]
            leads = [rival.ours_less_this for rival in rivals if rival and rival.ours_less_this]
            if len(leads) == len(models):
                head = name if _is_alone(models) else f"{output}.{name}"
                yield f"{head} less that of {baseline}", *(_with_ends(d.value, d.low, d.high, ".3f") for d in leads)


def _metric(model: Candidate, output: str, name: str) -> Metric | None:
    of = model.evaluation.outputs.get(output)
    return of.metrics.get(name) if of else None


def _shown(metric: Metric | None) -> str:
    if metric is None:
        return "not judged"
    return _with_ends(metric.value, metric.low, metric.high, ",.2f" if metric.unit == "money" else ".3f")


def _with_ends(value: float, low: float | None, high: float | None, form: str) -> str:
    ends = "" if low is None or high is None else f" ({low:{form}} to {high:{form}})"
    return f"{value:{form}}{ends}"


def _dates(days: tuple[date, ...]) -> str:
    return f"{len(days)} dates, {days[0]} to {days[-1]}" if len(days) > 1 else f"{days[0]}"


def _aligned(rows: list[Row]) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows if k < len(row)) for k in range(max(map(len, rows)))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(widths[k]) for k, cell in enumerate(row)).rstrip()
