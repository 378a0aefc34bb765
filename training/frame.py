"""Snapshots and labels side by side: the rows a model is fitted and judged on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.categories import slug
from features.project import Project
from features.snapshots import Manifest, load_snapshot, snapshot_folder
from models.contract import Task
from models.prior import Prior
from models.recipe import Recipe
from training.labels import read_labels

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """Eligible customers at some dates: one row per (customer_id, as_of)."""

    customer_id: NDArray[np.str_]
    as_of: NDArray[np.object_]
    rows: pd.DataFrame  # the features
    outcomes: Floats  # one column per output of the task
    horizon_days: int
    start: Floats | None = None  # the margins to start from, where the recipe starts from the prior

    def at(self, *dates: date) -> Frame:
        """The rows of some dates."""
        chosen = np.isin(self.as_of, np.asarray(dates, dtype=object))
        start = None if self.start is None else self.start[chosen]
        return replace(
            self,
            customer_id=self.customer_id[chosen],
            as_of=self.as_of[chosen],
            rows=self.rows[chosen],
            outcomes=self.outcomes[chosen],
            start=start,
        )

    def without(self, *columns: str) -> Frame:
        """The same rows with fewer features."""
        return replace(self, rows=self.rows.drop(columns=list(columns)))

    def with_prior(self, prior: Prior, recipe: Recipe) -> Frame:
        """The same rows with the prior's columns and, where the recipe wants it, its expectation to start from."""
        added = prior.columns(self.rows)
        start = prior.offset(added) if recipe.starts_from_prior else None
        return replace(self, rows=pd.concat([self.rows, added], axis=1), start=start)


def training_frame(
    project: Project, manifest: Manifest, task: Task, dates: Iterable[date], *, known_by: date | None = None
) -> Frame:
    """The eligible customers of the given dates with their features and what they then did.

    For windows that closed by `known_by`, what they did counts as far as it had been recorded by then.
    """
    wanted = tuple(sorted(set(dates)))
    labels = read_labels(
        snapshot_folder(project) / "orders.parquet",
        wanted,
        horizon_days=manifest.horizon_days,
        data_until=manifest.data_until,
        categories=manifest.categories,
        known_by=known_by,
    )
    snapshots = load_snapshot(project, *wanted)
    eligible = snapshots[snapshots["not_eligible_because"].isna()]
    for frame in (labels, eligible):
        frame["as_of"] = pd.to_datetime(frame["as_of"]).dt.date
    joined = eligible.merge(labels, on=["customer_id", "as_of"], how="left", validate="one_to_one")
    outcomes = joined[outcome_columns(task, manifest.categories)].fillna(0).to_numpy(dtype=np.float64)
    return Frame(
        customer_id=joined["customer_id"].to_numpy(dtype=str),
        as_of=joined["as_of"].to_numpy(dtype=object),
        rows=joined[[feature.name for feature in manifest.features()]],
        outcomes=1 - outcomes if task == "churn" else outcomes,
        horizon_days=manifest.horizon_days,
    )


def outcome_columns(task: Task, categories: tuple[str, ...]) -> list[str]:
    """The label columns of a task; for churn the outcome is the opposite of `has_ordered`."""
    if task == "churn":
        return ["has_ordered"]
    if task == "clv":
        return ["net_spend"]
    return [f"bought_{slug(category)}" for category in categories]
