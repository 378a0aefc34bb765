"""How sure a figure is, and whether one model is ahead of another: customers drawn again and again, with replacement.

The bootstrap of Efron (1979). Compared models are judged on the same draws, so that what moves both cancels out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.evaluation import Difference, Metric, Unit
from training.judging.weighed import Floats, Sample, Weighed

SURE = 0.95
DRAWS, DRAWS_MIN = 1_000, 200
WEIGHTS_MAX = 20_000_000  # of all draws: with more than 20,000 rows there are fewer draws, and intervals are narrow anyway
BLOCK = 100_000  # weights at a time: few enough to stay near the processor
DEFINED_MIN = 0.5  # share of the draws on which a figure must be defined


@dataclass(frozen=True)
class Figure:
    """A figure of a sample: which way is better, its unit, and its value for every draw of a weighed sample."""

    name: str
    by_draw: Callable[[Weighed], Floats]
    unit: Unit
    greater_is_better: bool | None
    target: float = 1.0  # where it is best, if neither more nor less is
    bounds: tuple[float, float] = (-np.inf, np.inf)  # it never lies outside

    def __call__(self, actual: Floats, predicted: Floats) -> float:
        """Its value on a sample."""
        return float(self.of(Sample(actual, predicted).as_it_is())[0])

    def of(self, seen: Weighed) -> Floats:
        """Its value for every draw; nan where it has none, as an AUC where only one class was drawn."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.by_draw(seen)

    def merit(self, values: Floats) -> Floats:
        """What can be compared: the values, or their distance to the target (then less is better)."""
        return values if self.greater_is_better is not None else np.abs(values - self.target)


def figure(
    unit: Unit, *, greater_is_better: bool | None, target: float = 1.0, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> Callable[[Callable[[Weighed], Floats]], Figure]:
    """Make a figure of a function from a weighed sample to one value per draw; it keeps the function's name."""

    def make(by_draw: Callable[[Weighed], Floats]) -> Figure:
        return Figure(by_draw.__name__, by_draw, unit, greater_is_better, target, bounds)

    return make


@dataclass(frozen=True)
class Beside:
    """The metrics of a model, and those of each rival with the difference to the model's."""

    ours: dict[str, Metric]
    rivals: dict[str, dict[str, Metric]]


@dataclass(frozen=True)
class Resampled:
    """One figure of one prediction: its value, and its value on every draw."""

    value: float
    draws: Floats


def judged(figures: Sequence[Figure], actual: Floats, predicted: Floats, *, seed: int) -> dict[str, Metric]:
    """The metrics of one prediction. One row per customer."""
    return judged_beside(figures, actual, predicted, {}, seed=seed).ours


def judged_beside(
    figures: Sequence[Figure], actual: Floats, ours: Floats, rivals: Mapping[str, Floats], *, seed: int
) -> Beside:
    """The metrics of a prediction beside its rivals', all on the same draws. One row per customer."""
    mine, *others = _resampled(figures, actual, [ours, *rivals.values()], seed=seed)
    return Beside(
        ours={each.name: _metric(each, mine[each.name]) for each in figures},
        rivals={
            rival: {
                each.name: _metric(each, found[each.name], _difference(each, mine[each.name], found[each.name]))
                for each in figures
            }
            for rival, found in zip(rivals, others, strict=True)
        },
    )


def _metric(figure: Figure, found: Resampled, difference: Difference | None = None) -> Metric:
    """A figure's value with everything that is known about it."""
    low, high = interval(found, figure.bounds) or (None, None)
    return Metric(
        value=found.value,
        greater_is_better=figure.greater_is_better,
        unit=figure.unit,
        low=low,
        high=high,
        ours_less_this=difference,
    )


def interval(found: Resampled, bounds: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float] | None:
    """The middle 95 % of the draws, moved so that their median is the figure; None where too few draws have a value.

    Repeated customers move some figures to one side (a calibration error grows, as each tenth holds fewer different
    customers): that shift is the resampling's own and is taken off.
    """
    drawn = found.draws[np.isfinite(found.draws)]
    if not np.isfinite(found.value) or len(drawn) < DEFINED_MIN * len(found.draws):
        return None
    low, median, high = np.quantile(drawn, [(1 - SURE) / 2, 0.5, (1 + SURE) / 2])
    # The figure itself may stick out of its bounds by rounding, never out of its interval.
    least, most = min(bounds[0], found.value), max(bounds[1], found.value)
    return float(max(found.value + (low - median), least)), float(min(found.value + (high - median), most))


def weights(customers: int, *, seed: int) -> Iterator[Floats]:
    """How often each customer is drawn: blocks with one row per draw. As many are drawn as there are."""
    draws = int(np.clip(WEIGHTS_MAX // customers, DRAWS_MIN, DRAWS))
    at_once = max(1, BLOCK // customers)
    rng = np.random.default_rng(seed)
    for start in range(0, draws, at_once):
        block = np.empty((min(at_once, draws - start), customers))
        for draw in block:
            draw[:] = np.bincount(rng.integers(0, customers, customers), minlength=customers)
        yield block


def _resampled(
    figures: Sequence[Figure], actual: Floats, predictions: Sequence[Floats], *, seed: int
) -> list[dict[str, Resampled]]:
    """Every figure of every prediction, on the same draws."""
    samples = [Sample(actual, predicted) for predicted in predictions]
    drawn: list[dict[str, list[Floats]]] = [{each.name: [] for each in figures} for _ in samples]
    for block in weights(len(actual), seed=seed):
        for sample, values in zip(samples, drawn, strict=True):
            seen = Weighed(sample, block)
            for each in figures:
                values[each.name].append(each.of(seen))
    plain = [sample.as_it_is() for sample in samples]
    return [
        {each.name: Resampled(float(each.of(as_it_is)[0]), np.concatenate(values[each.name])) for each in figures}
        for as_it_is, values in zip(plain, drawn, strict=True)
    ]


def _difference(figure: Figure, ours: Resampled, theirs: Resampled) -> Difference | None:
    values = figure.merit(np.array([ours.value, theirs.value]))
    found = Resampled(float(values[0] - values[1]), figure.merit(ours.draws) - figure.merit(theirs.draws))
    ends = interval(found)
    return None if ends is None else Difference(value=found.value, low=ends[0], high=ends[1])
