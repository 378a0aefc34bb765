"""The [training] and [campaigns] sections of the mapping file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from features.project import HORIZON_DAYS_MAX, Settings
from models.contract import Task


class Trials(Settings):
    """How many sets of parameters tuning may try, per model. The first are always the defaults; 0 keeps them."""

    churn: int = Field(default=25, ge=0, description="sets of parameters tried for churn; 0 keeps the defaults")
    clv: int = Field(default=25, ge=0, description="the same for expected value")
    propensity: int = Field(default=8, ge=0, description="the same for propensity")

    def of(self, task: Task) -> int:
        """The trials of one model."""
        return int(getattr(self, task))


class TrainingSettings(Settings):
    """How models are tuned, fitted and checked."""

    seed: int = Field(
        default=0,
        ge=0,
        description="the same data, settings, seed and champion before it (its parameters are tried first) give one bundle",
    )
    threads: int = Field(default=2, ge=1, description="threads of XGBoost")
    trials: Trials = Field(default=Trials(), description="how much is tried, by model")
    tuning_seconds_max: float | None = Field(
        default=None, gt=0, description="how long each model is tuned at most; what is found by then is used"
    )
    rounds_max: int = Field(default=600, ge=10, description="trees at most")
    learning_rate: float | None = Field(default=None, gt=0, le=1, description="of the trees; each recipe has its own default")
    judged_dates: int = Field(
        default=3, ge=1, description="the judged date and dates before it, to see how far figures move from date to date"
    )
    churn_horizons_days: tuple[Annotated[int, Field(ge=1, le=HORIZON_DAYS_MAX)], ...] = Field(
        default=(30, 60, 90, 180), description="horizons of the risk of leaving beside project.horizon_days"
    )
    interval_coverage: float = Field(
        default=0.8, gt=0, lt=1, description="the share of customers whose value lies in its interval"
    )
    waived_features: tuple[str, ...] = Field(
        default=(), description="columns that may know the answer, as the leakage check has been told ([leaks](leaks.md))"
    )


class CampaignSettings(Settings):
    """What campaigns are meant to bring about: an order, or one of the given outcomes (tables.labels.bought_<name>)."""

    outcome: str | None = Field(
        default=None,
        pattern=r"^(order|bought_\w+)$",
        description="`order`, or a given outcome `bought_<name>`; without it an order, where there are orders",
    )
