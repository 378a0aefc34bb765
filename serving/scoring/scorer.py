"""Feature rows -> numbers and reasons, in plain Python. Service, batch and report all call it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.problems import BadInput, ContractMismatch
from features.project import Project
from features.snapshots import Manifest
from models.bundle import Reading
from models.contract import Task
from models.inputs import Inputs
from models.outcomes import untold
from models.reasons.explanations import Column, Explanation
from models.reasons.strongest import Explainer
from models.recipes import RECIPES, possible
from models.registry import Registered, champion

Floats = NDArray[np.float64]
TOP_REASONS = 3


class Explained(NamedTuple):
    """The explanations of one customer by number, and why others are missing: a reason is never guessed."""

    explanations: dict[str, Explanation]
    unavailable: str | None

    def joined(self, answers: dict[str, Explanation | str]) -> Explained:
        """The same with those of another model."""
        more = {name: answer for name, answer in answers.items() if isinstance(answer, Explanation)}
        causes = [f"{name}: {cause}" for name, cause in answers.items() if isinstance(cause, str)]
        return Explained(self.explanations | more, "; ".join(filter(None, [self.unavailable, *causes])) or None)


@dataclass(frozen=True)
class Scorer:
    """The champions of a project: of churn, value and propensity those that its tables can teach."""

    models: dict[Task, Registered]

    @cached_property
    def explainers(self) -> dict[Task, Explainer]:
        """One for each model."""
        return {task: Explainer(model.bundle) for task, model in self.models.items()}

    @property
    def versions(self) -> dict[str, str]:
        """Which version answers for each task."""
        return {task: model.label for task, model in self.models.items()}

    @property
    def features(self) -> list[str]:
        """The columns any of the models reads, in order."""
        return list(dict.fromkeys(name for model in self.models.values() for name in model.bundle.contract.features))

    def numbers(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The served numbers of every model, one row per row."""
        return pd.concat([model.bundle.predict(rows) for model in self.models.values()], axis=1)

    def readings(self, rows: Inputs, tasks: Sequence[Task]) -> dict[Task, Reading]:
        """The rows as each of some models reads them: numbers and reasons both begin with it."""
        return {task: self.models[task].bundle.reading(rows) for task in tasks}

    def answers(self, readings: Mapping[Task, Reading]) -> dict[str, Floats]:
        """The numbers by column, without a frame: for one customer it costs more than the answer."""
        found: dict[str, Floats] = {}
        for task, reading in readings.items():
            bundle = self.models[task].bundle
            found |= bundle.answers(reading.inputs, reading.parts.margins(bundle))
        return found

    def explanations(
        self,
        rows: pd.DataFrame | Inputs,
        *,
        top: int = TOP_REASONS,
        tasks: Sequence[Task] | None = None,
        value: Floats | None = None,
        readings: Mapping[Task, Reading] | None = None,
    ) -> list[Explained]:
        """For every row an explanation of each number; where one would not add up there is none, and the cause is said.

        With a model of value the risk of leaving is explained in money, too: the expected value is at stake. `value` and
        `readings` are those of the rows, where they are at hand.
        """
        found = [Explained({}, None) for _ in range(len(rows))]
        for task, explainer in self.explainers.items():
            if tasks is None or task in tasks:
                stake = value if task == "churn" and value is not None else self._stake(task, rows)
                for row, answers in enumerate(explainer.explain((readings or {}).get(task, rows), top=top, stake=stake)):
                    found[row] = found[row].joined(answers)
        return found

    def explanation_columns(self, rows: pd.DataFrame) -> dict[str, Column]:
        """The same for many customers as columns of a table, by number."""
        found: dict[str, Column] = {}
        for task, explainer in self.explainers.items():
            found |= explainer.columns(rows, top=TOP_REASONS, stake=self._stake(task, rows), threads=os.cpu_count() or 1)
        return found

    @property
    def value_name(self) -> str | None:
        """The number that says what a customer will be worth, where there is one."""
        return self.models["clv"].bundle.contract.outputs[0].name if "clv" in self.models else None

    def _stake(self, task: Task, rows: pd.DataFrame | Inputs) -> Floats | None:
        if task != "churn" or self.value_name is None:
            return None
        clv = self.models["clv"].bundle
        read = clv.inputs(rows)
        return clv.answers(read, clv.margins(read))[self.value_name]


def load_scorer(
    project: Project,
    manifest: Manifest,
    columns: list[str],
    fetch: Callable[[str, Task], Registered] = champion,
) -> Scorer:
    """The champions of a project, checked against it and against the snapshot columns at hand.

    There is one for every model that the project's tables can teach. Raises BadInput naming each that is not trained yet, or
    where no model is possible, and ContractMismatch with everything that does not fit. `fetch` gets the champion of a task.
    """
    models: dict[Task, Registered] = {}
    missing: list[str] = []
    for task in possible(manifest):
        try:
            models[task] = fetch(project.name, task)
        except ContractMismatch:
            raise
        except BadInput as bad:
            missing += bad.problems
    if missing:
        raise BadInput(missing)
    if not models:
        raise BadInput([f"{project.name} can have no {task} model: {untold(task)}" for task in RECIPES])
    return fitting(models, project, columns)


def fitting(models: dict[Task, Registered], project: Project, columns: list[str]) -> Scorer:
    """Models that belong to a project and its snapshot columns. Raises ContractMismatch with everything that does not fit."""
    problems = [problem for model in models.values() for problem in model.bundle.contract.problems_with(project, columns)]
    if problems:
        raise ContractMismatch(
            [*problems, f"train {project.name} again and promote the new versions: python -m training promote"]
        )
    return Scorer(models)
