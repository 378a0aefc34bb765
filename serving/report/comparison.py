"""A model beside its baselines: one table, the best of each figure marked, and what has to be said about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from models.evaluation import Metric, OutputEvaluation
from serving.report import glossary
from serving.report.standing import (
    Count,
    Stand,
    caveat,
    distance,
    interval,
    stand,
    standing_counts,
    standing_of_one,
    standing_of_several,
)
from serving.report.wording import listed, plain

MODEL = "the model"


@dataclass(frozen=True)
class Column:
    """A figure, with the way that is better."""

    about: glossary.Entry
    direction: str


@dataclass(frozen=True)
class Cell:
    """One figure as it is shown, and exactly."""

    text: str
    interval: str  # empty where none is known, and for baselines
    exact: float
    is_best: bool


@dataclass(frozen=True)
class Line:
    """The model or one baseline; a cell is None where it has no such figure."""

    name: str
    is_model: bool
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Lost:
    """A figure on which a baseline beats the model."""

    baseline: str
    figure: str
    said: str  # both values


@dataclass(frozen=True)
class Comparison:
    """One output of a model beside its baselines."""

    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    won: tuple[str, ...]  # titles of the figures on which nobody beats the model
    compared: int  # how many figures are known for model and baselines
    lost: tuple[Lost, ...]
    stands: tuple[Stand, ...] = ()  # beside the best baseline, where the bundle says how sure that is

    @property
    def is_behind(self) -> bool:
        """Whether a baseline beats the model: by more than chance, where that is known."""
        return any(one.standing == "behind" for one in self.stands) if self.stands else bool(self.lost)


def compare(evaluation: OutputEvaluation, *, title: str, currency: str) -> Comparison:
    """The table of one output."""
    columns = tuple(
        Column(about := glossary.entry(name), glossary.direction(metric, about)) for name, metric in evaluation.metrics.items()
    )
    rivals = {MODEL: evaluation.metrics, **evaluation.baselines}
    best = {column.about.name: _best(column.about, rivals) for column in columns}
    lines = tuple(
        Line(
            name=plain(name),
            is_model=name == MODEL,
            cells=tuple(_cell(column.about, name, metrics, best, currency) for column in columns),
        )
        for name, metrics in rivals.items()
    )
    compared = [column.about for column in columns if best[column.about.name]]
    return Comparison(
        title=title,
        columns=columns,
        lines=lines,
        won=tuple(about.in_text for about in compared if MODEL in best[about.name]),
        compared=len(compared),
        lost=tuple(_lost(evaluation, compared, currency)),
        stands=stand(evaluation, [column.about for column in columns], currency),
    )


def verdict(comparisons: tuple[Comparison, ...]) -> list[str]:
    """What the tables say, in sentences: where the model is best, and every baseline that beats it somewhere."""
    outputs = [comparison.stands for comparison in comparisons]
    if all(any(one.standing for one in stands) for stands in outputs):
        return standing_of_one(outputs[0]) if len(outputs) == 1 else standing_of_several(outputs)
    if len(comparisons) == 1:
        return _verdict_on_one(comparisons[0])
    figures = [column.about.in_text for column in comparisons[0].columns]
    won = Counter(figure for comparison in comparisons for figure in comparison.won)
    said = listed([f"{figure} in {won[figure]}" for figure in figures])
    sentences = [f"The model is best on {said} of {len(comparisons)} categories."]
    lost: dict[str, Counter[str]] = {}
    for each in (one for comparison in comparisons for one in comparison.lost):
        lost.setdefault(each.baseline, Counter())[each.figure] += 1
    sentences += [
        f"{plain(name).capitalize()} beats the model on {listed([f'{figure} in {n}' for figure, n in figures.items()])} "
        f"of {len(comparisons)} categories{caveat(name)}."
        for name, figures in lost.items()
    ]
    return sentences if lost else [*sentences, "No baseline beats the model on any figure in any category."]


def counts(comparisons: tuple[Comparison, ...]) -> tuple[Count, ...]:
    """How the model stands over several categories; nothing for one, whose figures are shown each."""
    return standing_counts(one.stands for one in comparisons) if len(comparisons) > 1 else ()


def _verdict_on_one(comparison: Comparison) -> list[str]:
    if not comparison.compared:
        return []
    count = f"{len(comparison.won)} of {comparison.compared} figures that model and baselines share"
    sentences = [
        f"The model is best on {count}: {listed(comparison.won)}." if comparison.won else f"The model is best on {count}."
    ]
    for baseline in dict.fromkeys(lost.baseline for lost in comparison.lost):
        where = [f"{lost.figure} ({lost.said})" for lost in comparison.lost if lost.baseline == baseline]
        sentences.append(f"{plain(baseline).capitalize()} beats the model on {listed(where)}{caveat(baseline)}.")
    return sentences if comparison.lost else [*sentences, "No baseline beats it on any of them."]


def _best(about: glossary.Entry, rivals: dict[str, dict[str, Metric]]) -> set[str]:
    """Who has the best value of a figure; nobody where there is only one value."""
    distances = {name: distance(about, metrics[about.name]) for name, metrics in rivals.items() if about.name in metrics}
    if len(distances) < 2:
        return set()
    least = min(distances.values())
    return {name for name, distance in distances.items() if distance == least}


def _cell(
    about: glossary.Entry, name: str, metrics: dict[str, Metric], best: dict[str, set[str]], currency: str
) -> Cell | None:
    if about.name not in metrics:
        return None
    metric = metrics[about.name]
    return Cell(
        text=about.say(metric.value, currency),
        interval=interval(about, metric, currency) if name == MODEL else "",
        exact=metric.value,
        is_best=name in best[about.name],
    )


def _lost(evaluation: OutputEvaluation, compared: list[glossary.Entry], currency: str) -> list[Lost]:
    return [
        Lost(baseline, about.in_text, _both(about, metrics[about.name].value, evaluation.metrics[about.name].value, currency))
        for baseline, metrics in evaluation.baselines.items()
        for about in compared
        if about.name in metrics and distance(about, metrics[about.name]) < distance(about, evaluation.metrics[about.name])
    ]


def _both(about: glossary.Entry, better: float, worse: float, currency: str) -> str:
    """Two values with as many decimals as it takes to tell them apart."""
    said = [(about.say(better, currency, decimals=n), about.say(worse, currency, decimals=n)) for n in (3, 4, 5, 6)]
    one, other = next((pair for pair in said if pair[0] != pair[1]), said[-1])
    return f"{one} against {other}"
