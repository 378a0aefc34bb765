"""How a model did on the date it was judged, beside its baselines. Travels in the bundle; made by `training`."""

from __future__ import annotations

from datetime import date

from models.contract import Frozen


class Metric(Frozen):
    """One figure, and whether more of it is better (None: closer to 1, or to its nominal value, is better)."""

    value: float
    greater_is_better: bool | None


class CalibrationPoint(Frozen):
    """A tenth of the customers by predicted value: what was predicted, what came, on average."""

    customers: int
    predicted: float
    actual: float


class OutputEvaluation(Frozen):
    """One output of a model: its metrics, those of each baseline, and tenths of the customers, lowest first."""

    metrics: dict[str, Metric]
    baselines: dict[str, dict[str, Metric]]
    tenths: tuple[CalibrationPoint, ...]


class Evaluation(Frozen):
    """One entry per output, by its name."""

    judged_at: date
    customers: int
    outputs: dict[str, OutputEvaluation]
    calibration_kept: bool
    choices: dict[str, str]  # what was chosen on inner dates, and why, in sentences
