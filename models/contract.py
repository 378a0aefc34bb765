"""The contract of a bundle: what it predicts, from which columns, made from what, and how good it was."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from features.feature import Family, Feature, Unit, Usual
from features.project import CohortSection, Project

Task = Literal["churn", "clv", "propensity"]
TASKS: tuple[Task, ...] = ("churn", "clv", "propensity")
Link = Literal["sigmoid", "exp"]
PROPENSITY_PREFIX = "propensity_"  # of the names of its numbers; the category follows
Teller = Literal["labels", "orders", "subscriptions"]  # the table that tells what customers did


class Frozen(BaseModel):
    """A record that never changes and refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InputColumn(Frozen):
    """One feature a model reads; every one is a float64 column that may be missing (NaN)."""

    name: str
    family: Family
    unit: Unit
    meaning: str
    meaning_zh: str
    usual: Usual | None = None  # what readers compare it with first

    @classmethod
    def of(cls, feature: Feature) -> Self:
        """A column of the snapshot."""
        return cls(
            name=feature.name,
            family=feature.family,
            unit=feature.unit,
            meaning=feature.meaning,
            meaning_zh=feature.meaning_zh,
            usual=feature.usual,
        )


class Output(Frozen):
    """One number a model serves."""

    name: str  # the column in predictions.parquet
    target: str  # in words
    label: str  # the short word a reader sees
    label_zh: str


class Roles(Frozen):
    """Which date did what. Every label window closes before the date it is used for."""

    tuned_on: tuple[date, ...]  # fitted on, while tuning
    tune: date
    rehearsed_on: tuple[date, ...]  # fitted on, for the calibrate date
    calibrate: date
    fitted_on: tuple[date, ...]  # the booster's training dates
    judge: date

    @property
    def split_by_customers(self) -> list[str]:
        """The roles whose customers are split because there is no later date for them, in the order of a run."""
        asked = {"tuning": (self.tune, self.tuned_on), "calibration": (self.calibrate, self.rehearsed_on)}
        asked["judgement"] = (self.judge, self.fitted_on)
        return [name for name, (date_asked, fitted_on) in asked.items() if date_asked in fitted_on]


class Contract(Frozen):
    """Everything there is to know about a bundle except its numbers.

    `made_from` is the hash of data, settings, code and libraries: two runs with the same one give the same bundle, if both
    found the same champion or none: what that was tuned to is among the first parameters tried.
    """

    project: str
    currency: str
    task: Task
    told_by: Teller = "orders"
    horizon_days: int
    link: Link
    outputs: tuple[Output, ...]
    unpredictable: dict[str, str] = {}  # by label, what no number is given for, and why
    inputs: tuple[InputColumn, ...]  # snapshot columns
    derived: tuple[InputColumn, ...] = ()  # columns the bundle's prior makes from them
    starts_from_prior: bool = False  # margins start from what it expects: the log of spend, or the log-odds of no order
    learned_horizon_days: int | None = None  # None: the same; shorter where no window of the horizon had closed yet
    linear_share: float = 0.0  # how much of the correction is the linear half's, and not the trees'
    windows_days: tuple[int, ...]
    categories: tuple[str, ...]
    cohort: CohortSection
    roles: Roles
    rows_fitted: int
    parameters: dict[str, float | int | str]
    rounds: int
    seed: int
    made_from: str
    data_fingerprint: str
    code_version: str

    @property
    def features(self) -> list[str]:
        """The snapshot columns the model reads, in its order."""
        return [column.name for column in self.inputs]

    @property
    def expects_orders(self) -> bool:
        """Whether it is orders that are predicted, and the prior expects some."""
        return self.told_by == "orders" and bool(self.derived)

    @property
    def explained(self) -> tuple[InputColumn, ...]:
        """Every column that gets a share: those of the snapshot, then the prior's."""
        return self.inputs + self.derived

    @property
    def families(self) -> dict[Family, tuple[int, ...]]:
        """The places in `explained` of each family's columns, in the order in which the model reads them."""
        found: dict[Family, list[int]] = {}
        for k, column in enumerate(self.explained):
            found.setdefault(column.family, []).append(k)
        return {family: tuple(places) for family, places in found.items()}

    def problems_with(self, project: Project, columns: list[str]) -> list[str]:
        """Why this bundle cannot speak for a project whose snapshots have these columns; empty if it can."""
        mine = {
            "project.name": (self.project, project.name),
            "project.currency": (self.currency, project.project.currency),
            "project.horizon_days": (self.horizon_days, project.project.horizon_days),
            "cohort": (self.cohort, project.cohort),
        }
        found = [
            f"the {self.task} model was trained for {key} = {own}, the mapping file says {theirs}"
            for key, (own, theirs) in mine.items()
            if own != theirs
        ]
        absent = [name for name in self.features if name not in columns]
        if absent:
            found.append(f"the {self.task} model needs features that these snapshots do not have: {', '.join(absent)}")
        return found
