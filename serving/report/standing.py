"""Whether the model is ahead of the best baseline, figure by figure, and whether chance can say the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from models.evaluation import Difference, Metric, OutputEvaluation, Standing
from serving.report import glossary
from serving.report.wording import listed, plain


@dataclass(frozen=True)
class Stand:
    """One figure of the model beside the baseline that does best on it, or alone where no baseline has it."""

    about: glossary.Entry
    model: str
    interval: str  # of the model's figure; empty where it has none
    baseline: str
    theirs: str
    standing: Standing | None  # None: there is nothing to compare with
    said: str


@dataclass(frozen=True)
class Count:
    """In how many categories the model is ahead of the best baseline, behind it, or neither can be told."""

    about: glossary.Entry
    ahead: int
    undecided: int
    behind: int


def distance(about: glossary.Entry, metric: Metric) -> float:
    """Of two values of a figure the better has the lesser distance."""
    if math.isnan(metric.value):
        return math.inf
    if metric.greater_is_better is None:
        return abs(metric.value - about.nominal)
    return -metric.value if metric.greater_is_better else metric.value


def stand(evaluation: OutputEvaluation, abouts: Iterable[glossary.Entry], currency: str) -> tuple[Stand, ...]:
    """The figures that are known with an interval, in the order of the table."""
    stands = (_stand(evaluation, about, currency) for about in abouts)
    return tuple(one for one in stands if one)


def _stand(evaluation: OutputEvaluation, about: glossary.Entry, currency: str) -> Stand | None:
    ours = evaluation.metrics[about.name]
    value, span = about.say(ours.value, currency), interval(about, ours, currency)
    rivals = {name: metrics[about.name] for name, metrics in evaluation.baselines.items() if about.name in metrics}
    if not rivals:
        return Stand(about, value, span, "", "-", None, glossary.direction(ours, about)) if span else None
    best = min(rivals, key=lambda name: distance(about, rivals[name]))
    difference = rivals[best].ours_less_this
    if difference is None:
        return None
    return Stand(
        about=about,
        model=value,
        interval=span,
        baseline=plain(best),
        theirs=about.say(rivals[best].value, currency),
        standing=difference.standing(ours.greater_is_better),
        said=_said(about, difference, ours.greater_is_better, currency),
    )


def caveat(baseline: str) -> str:
    """What has to be said of a baseline that puts nobody before anybody."""
    return ", but gives everybody the same number" if baseline.replace(" ", "_") in ("base_rate", "mean_value") else ""


def interval(about: glossary.Entry, metric: Metric, currency: str) -> str:
    """The 95 % interval of a figure; empty where it has none."""
    return "" if metric.low is None or metric.high is None else about.span(metric.low, metric.high, currency)


def standing_counts(outputs: Iterable[tuple[Stand, ...]]) -> tuple[Count, ...]:
    """Figure by figure over several categories."""
    counted: dict[glossary.Entry, Counter[str]] = {}
    for each in (one for stands in outputs for one in stands):
        if each.standing:
            counted.setdefault(each.about, Counter())[each.standing] += 1
    return tuple(Count(about, seen["ahead"], seen["undecided"], seen["behind"]) for about, seen in counted.items())


def standing_of_one(stands: tuple[Stand, ...]) -> list[str]:
    """In sentences, for one output."""
    titles: dict[Standing, list[str]] = {
        way: [one.about.in_text for one in stands if one.standing == way] for way in ("ahead", "undecided", "behind")
    }
    said = []
    if titles["ahead"]:
        said.append(f"The model is ahead of every baseline, by more than chance, on {listed(titles['ahead'])}.")
    if titles["undecided"]:
        said.append(f"On {listed(titles['undecided'])} no difference to the best baseline can be told.")
    if titles["behind"]:
        worse = [
            f"{one.about.in_text} ({one.baseline}: {one.theirs}{caveat(one.baseline)})"
            for one in stands
            if one.standing == "behind"
        ]
        said.append(f"It is behind the best baseline, by more than chance, on {listed(worse)}.")
    return said


def standing_of_several(outputs: list[tuple[Stand, ...]]) -> list[str]:
    """In sentences, for several categories."""
    seen = Counter(one.standing for stands in outputs for one in stands if one.standing)
    ahead_of_it: dict[str, Counter[str]] = {}
    for one in (one for stands in outputs for one in stands if one.standing == "behind"):
        ahead_of_it.setdefault(one.baseline, Counter())[one.about.in_text] += 1
    return [
        f"Each of {len(outputs)} categories was compared with its best baseline on each of {len(standing_counts(outputs))} "
        f"figures: in {seen['ahead']} of {seen.total()} comparisons the model is ahead by more than chance, in "
        f"{seen['behind']} behind, and in {seen['undecided']} no difference can be told.",
        *(
            f"{baseline.capitalize()} is ahead on {listed([f'{figure} in {n}' for figure, n in figures.items()])} of "
            f"{len(outputs)} categories{caveat(baseline)}."
            for baseline, figures in ahead_of_it.items()
        ),
    ]


def _said(about: glossary.Entry, difference: Difference, greater_is_better: bool | None, currency: str) -> str:
    """By how much the model is better or worse, with the interval, in words; more is always said as more."""
    gain, least, most = difference.value, difference.low, difference.high
    if not greater_is_better:
        gain, least, most = -gain, -most, -least
    better, worse = ("nearer", "further off") if greater_is_better is None else ("better", "worse")
    ends = sorted((abs(least), abs(most)))
    # As many decimals as it takes to see that the nearer end is not zero.
    decimals = next((n for n in (3, 4, 5) if ends[0] >= 10**-n / 2), 3)
    if least <= 0 <= most:
        low, high = (about.gap(abs(end), currency) for end in (least, most))
        return f"no difference can be told: {low} {worse} to {high} {better}"
    low, high = (about.gap(end, currency, decimals=decimals) for end in ends)
    by = about.gap(abs(gain), currency, decimals=decimals)
    return f"{better if gain > 0 else worse} by {by} ({low.split(' ')[0]} to {high.split(' ')[0]})"
