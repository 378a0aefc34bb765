"""Snapshots and labels side by side: the rows a model is fitted and judged on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, assert_never

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.feature import slug
from features.problems import BadConfig
from features.project import Project
from features.snapshots import Manifest, load_eligible, snapshot_folder
from models.contract import Task
from models.outcomes import given_columns, teller, untold
from models.prior import Prior
from models.recipe import Recipe
from training.labels import read_cancellations, read_given, read_labels

Floats = NDArray[np.float64]
KEY = ["customer_id", "as_of"]


@dataclass(frozen=True)
class Frame:
    """Eligible customers at some dates: one row per (customer_id, as_of)."""

    customer_id: NDArray[np.str_]
    as_of: NDArray[np.object_]
    rows: pd.DataFrame  # the features
    outcomes: Floats  # one column per output of the task
    horizon_days: int
    start: Floats | None = None  # the margins to start from, one column per output; None: from 0

    def at(self, *dates: date) -> Frame:
        """The rows of some dates."""
        return self.where(np.isin(self.as_of, np.asarray(dates, dtype=object)))

    def where(self, chosen: NDArray[np.bool_]) -> Frame:
        """Some of the rows."""
        start = None if self.start is None else self.start[chosen]
        return replace(
            self,
            customer_id=self.customer_id[chosen],
            as_of=self.as_of[chosen],
            rows=self.rows[chosen],
            outcomes=self.outcomes[chosen],
            start=start,
        )

    def with_outputs(self, kept: list[int]) -> Frame:
        """The same rows with some of the outcomes."""
        return replace(self, outcomes=self.outcomes[:, kept], start=None if self.start is None else self.start[:, kept])

    def with_prior(self, prior: Prior | None, recipe: Recipe) -> Frame:
        """The same rows with the prior's columns and, where the recipe wants it, its expectation to start from."""
        if prior is None:
            return self
        added = prior.columns(self.rows)
        start = None
        if recipe.starts_from_prior:
            offset = prior.offset(self.rows, recipe.link, self.horizon_days)
            start = np.repeat(offset[:, None], self.outcomes.shape[1], axis=1)
        return replace(self, rows=pd.concat([self.rows, added], axis=1), start=start)

    def starts(self) -> Floats:
        """The margins to start from, one column per output."""
        return np.zeros(self.outcomes.shape) if self.start is None else self.start


def training_frame(
    project: Project,
    manifest: Manifest,
    task: Task,
    dates: Iterable[date],
    *,
    horizon_days: int | None = None,
    known_by: date | None = None,
) -> Frame:
    """The eligible customers of the given dates with their features and what they then did.

    What they did is counted over `horizon_days`, the project's horizon unless said otherwise.
    For windows that closed by `known_by`, what they did counts as far as it had been recorded by then. Where outcomes are
    given, customers without one are left out. Raises BadConfig where no table tells the outcome of a task.
    """
    wanted, horizon = tuple(sorted(set(dates))), horizon_days or manifest.horizon_days
    outcomes = _outcomes(project, manifest, task, wanted, horizon, known_by)
    did = outcomes.rows.assign(as_of=pd.to_datetime(outcomes.rows["as_of"]).dt.date)
    how: Literal["left", "inner"] = "left" if outcomes.absent_did_nothing else "inner"
    told = [f"_{name}" for name in outcomes.columns]  # no attribute of a company's has such a name
    did = did[[*KEY, *outcomes.columns]].set_axis([*KEY, *told], axis="columns")
    joined = load_eligible(project, *wanted).merge(did, on=KEY, how=how, validate="one_to_one")
    values = joined[told].fillna(0).to_numpy(dtype=np.float64)
    return Frame(
        customer_id=joined["customer_id"].to_numpy(dtype=str),
        as_of=joined["as_of"].to_numpy(dtype=object),
        rows=joined[[feature.name for feature in manifest.features()]],
        outcomes=1 - values if outcomes.are_opposite else values,
        horizon_days=horizon,
    )


@dataclass(frozen=True)
class Outcomes:
    """What customers did, one row per (customer_id, as_of)."""

    rows: pd.DataFrame
    columns: list[str]
    absent_did_nothing: bool = True
    are_opposite: bool = False  # 1 means that the task's outcome did not happen


def _outcomes(
    project: Project, manifest: Manifest, task: Task, dates: tuple[date, ...], horizon_days: int, known_by: date | None
) -> Outcomes:
    folder, mapped = snapshot_folder(project), manifest.words.mapped
    told_by = teller(task, mapped)
    if told_by is None:
        raise BadConfig(f"{task} of {project.name}: {untold(task)}")
    if told_by == "labels":
        given = given_columns(task, mapped)
        rows = read_given(folder / "labels.parquet", dates)
        return Outcomes(rows[rows[given].notna().all(axis=1)], given, absent_did_nothing=False)
    windows = {"horizon_days": horizon_days, "data_until": manifest.data_until, "known_by": known_by}
    if told_by == "orders":
        rows = read_labels(folder / "orders.parquet", dates, categories=manifest.categories, **windows)  # type: ignore[arg-type]
        return Outcomes(rows, outcome_columns(task, manifest.categories), are_opposite=task == "churn")
    rows = read_cancellations(folder / "subscriptions.parquet", dates, **windows)  # type: ignore[arg-type]
    return Outcomes(rows, ["has_cancelled"], absent_did_nothing=False)


def outcome_columns(task: Task, categories: tuple[str, ...]) -> list[str]:
    """The label columns of a task that orders tell; for churn the outcome is the opposite of `has_ordered`."""
    match task:
        case "churn":
            return ["has_ordered"]
        case "clv":
            return ["net_value"]
        case "propensity":
            return [f"bought_{slug(category)}" for category in categories]
    assert_never(task)
