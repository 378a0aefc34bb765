"""How a model did on the date it was judged, beside its baselines. Travels in the bundle; made by `training`."""

from __future__ import annotations

from datetime import date
from typing import Literal

from models.contract import Frozen

# A bare number (0.8 of something), percentage points, how many times as much, the project's currency, natural log units.
Unit = Literal["ratio", "points", "times", "money", "nats"]
Standing = Literal["ahead", "behind", "undecided"]


class Difference(Frozen):
    """The model's figure less a baseline's on the same customers, with a 95 % interval; in the figure's unit.

    Of a figure that is best at a target it is the difference of the distances to it: below zero the model is nearer.
    """

    value: float
    low: float
    high: float

    def standing(self, greater_is_better: bool | None) -> Standing:
        """Where the model stands: ahead or behind if the interval leaves out zero, else it cannot be told.

        >>> Difference(value=-0.2, low=-0.3, high=-0.1).standing(greater_is_better=False)
        'ahead'
        """
        if self.low <= 0 <= self.high:
            return "undecided"
        return "ahead" if (self.low > 0) == bool(greater_is_better) else "behind"


class Metric(Frozen):
    """One figure with a 95 % interval, and whether more of it is better (None: best at a target, 1 or a nominal value).

    Bundles made before there were intervals have none; neither has a figure that most resamples leave undefined.
    """

    value: float
    greater_is_better: bool | None
    unit: Unit | None = None
    low: float | None = None
    high: float | None = None
    ours_less_this: Difference | None = None  # of a baseline's figure: how the model's compares


class CalibrationPoint(Frozen):
    """A tenth of the customers by predicted value: what was predicted, what came, on average.

    Where the model gives intervals: the share of outcomes that lay inside, and how wide they were on average.
    """

    customers: int
    predicted: float
    actual: float
    coverage: Metric | None = None
    width: Metric | None = None


class OutputEvaluation(Frozen):
    """One output of a model: its metrics, those of each baseline, and tenths of the customers, lowest first."""

    metrics: dict[str, Metric]
    baselines: dict[str, dict[str, Metric]]
    tenths: tuple[CalibrationPoint, ...]

    @property
    def mean_outcome(self) -> float:
        """What came on average over all judged customers: of a chance, how usual it is."""
        return sum(tenth.actual * tenth.customers for tenth in self.tenths) / sum(tenth.customers for tenth in self.tenths)


class EarlierJudgement(Frozen):
    """The plain figures of the same recipe, learned and judged on an earlier date: by output, by figure."""

    judged_at: date
    customers: int
    outputs: dict[str, dict[str, float]]


class Evaluation(Frozen):
    """One entry per output, by its name."""

    judged_at: date
    customers: int
    outputs: dict[str, OutputEvaluation]
    calibration_kept: bool
    choices: dict[str, str]  # what was chosen on inner dates, and why, in sentences
    earlier: tuple[EarlierJudgement, ...] = ()  # latest first
