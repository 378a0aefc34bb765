"""The [training] and [campaigns] sections of the mapping file."""

from __future__ import annotations

from pydantic import Field

from features.project import Settings
from models.contract import Task


class Trials(Settings):
    """How many sets of parameters tuning may try, per model. The first are always the defaults; 0 keeps them."""

    churn: int = Field(default=25, ge=0)
    clv: int = Field(default=25, ge=0)
    propensity: int = Field(default=8, ge=0)

    def of(self, task: Task) -> int:
        """The trials of one model."""
        return int(getattr(self, task))


class TrainingSettings(Settings):
    """How models are tuned, fitted and checked."""

    seed: int = Field(default=0, ge=0)
    threads: int = Field(default=2, ge=1)
    trials: Trials = Trials()
    tuning_seconds_max: float | None = Field(default=None, gt=0)  # per model; what is found by then is used
    rounds_max: int = Field(default=600, ge=10)
    learning_rate: float | None = Field(default=None, gt=0, le=1)  # each recipe has its own
    judged_dates: int = Field(default=3, ge=1)  # the judged one and grid dates before it, to see how far figures move
    churn_horizons_days: tuple[int, ...] = (30, 60, 90, 180)  # beside project.horizon_days
    interval_coverage: float = Field(default=0.8, gt=0, lt=1)
    waived_features: tuple[str, ...] = ()  # columns the leakage check has been told about


class CampaignSettings(Settings):
    """What campaigns are meant to bring about: an order, or one of the given outcomes (tables.labels.bought_<name>)."""

    outcome: str | None = Field(default=None, pattern=r"^(order|bought_\w+)$")
