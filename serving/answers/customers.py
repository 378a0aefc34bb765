"""The customers of the last snapshot as the service holds them: features, numbers, where each stands, and the plan."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.cohort import rules
from features.feature import Words
from features.problems import BadInput
from features.project import Project
from features.snapshots import Manifest, load_snapshot
from models.inputs import Inputs
from models.value.settings import Layer
from serving.answers.messages import NotEligible
from serving.plan import load_plan_report, plan_file
from serving.scoring.scorer import Scorer
from serving.scoring.value_layer import Standings, numbers_of

logger = logging.getLogger("cvm")
Places = NDArray[np.intp]
PLANNED = ("action", "basis", "cost", "expected_gain")


@dataclass(frozen=True)
class Customers:
    """One row per customer: `snapshot` has features, `scored` the numbers and the columns of the value layer.

    `plan` has the columns of the last plan where it is of the models that answer, in the same order.
    """

    manifest: Manifest
    project: Project
    snapshot: pd.DataFrame
    scored: pd.DataFrame
    plan: pd.DataFrame | None

    @classmethod
    def open(cls, project: Project, manifest: Manifest, scorer: Scorer, layer: Layer) -> Self:
        """Worked out from the snapshot, so that it is of the models that answer."""
        try:
            snapshot = load_snapshot(project, manifest.scored_at)
        except (OSError, pa.ArrowException) as error:
            raise BadInput(f"the snapshot of {manifest.scored_at} cannot be read: {error}") from None
        numbers = numbers_of(scorer, snapshot)
        standing = Standings(project, manifest, scorer, layer).on(manifest.scored_at, snapshot, numbers).standing
        scored = pd.concat([numbers, standing.columns], axis=1)
        return cls(manifest, project, snapshot, scored, _plan(project, manifest, scorer, snapshot))

    @cached_property
    def place(self) -> dict[str, int]:
        """The row of each customer_id."""
        return {one: k for k, one in enumerate(self.snapshot["customer_id"].astype(str).tolist())}

    @cached_property
    def why_not(self) -> list[NotEligible | None]:
        """Why each is not eligible; None for who is."""
        reasons = self.snapshot["not_eligible_because"].tolist()
        known = {why: not_eligible(why, self.project, self.manifest.words) for why in set(reasons) if isinstance(why, str)}
        return [known.get(why) for why in reasons]

    @cached_property
    def table(self) -> pd.DataFrame:
        """As much of the scored table as conditions of actions read: all but explanations and versions."""
        about = self.snapshot[["customer_id", "as_of", "not_eligible_because"]]
        eligible = about["not_eligible_because"].isna()
        return pd.concat([about.assign(eligible=eligible), self.scored], axis=1)

    @cached_property
    def inputs(self) -> Inputs:
        """Their features as bare numbers."""
        names = [name for name in self.snapshot.columns if name not in ("customer_id", "as_of", "not_eligible_because")]
        return Inputs(tuple(names), self.snapshot[names].to_numpy(dtype=np.float64))

    def rows(self, places: Places) -> Inputs:
        """The features of some."""
        return Inputs(self.inputs.columns, self.inputs.numbers[places])

    def columns(self, places: Places) -> dict[str, list[Any]]:
        """Numbers, value layer and plan of some, column by column; a column that the project does not have is absent."""
        return {name: values[places].tolist() for name, values in self._columns.items()}

    @cached_property
    def _columns(self) -> dict[str, NDArray[Any]]:
        plan = pd.DataFrame() if self.plan is None else self.plan
        frames = (self.scored, plan)
        return {str(name): _values(frame[name]) for frame in frames for name in frame.columns}


def not_eligible(reason: str, project: Project, words: Words) -> NotEligible:
    """A reason of a snapshot with its code; `other` is one of settings that have changed since."""
    return NotEligible(reason, next((rule.code for rule in rules(project.cohort, words) if rule.reason == reason), "other"))


def _values(column: pd.Series) -> NDArray[Any]:
    """Numbers as they are, words with None for what is missing."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64)
    return np.array([one if isinstance(one, str) else None for one in column.tolist()], dtype=object)


def _plan(project: Project, manifest: Manifest, scorer: Scorer, snapshot: pd.DataFrame) -> pd.DataFrame | None:
    if load_plan_report(project, manifest.scored_at, scorer.versions) is None:
        return None
    try:
        found = pd.read_parquet(plan_file(project), columns=["customer_id", *PLANNED])
    except (OSError, pa.ArrowException) as error:  # answers are worth giving without it
        logger.warning("%s cannot be read, so no next action is told; plan again: %s", plan_file(project), error)
        return None
    return found.set_index("customer_id").reindex(snapshot["customer_id"]).reset_index(drop=True)


def placed(customers: Customers, customer_ids: Sequence[str]) -> Places:
    """The rows of customers who are known."""
    return np.array([customers.place[one] for one in customer_ids], dtype=np.intp)
