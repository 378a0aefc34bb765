"""Feature rows -> numbers and reasons, in plain Python. Service, batch and report all call it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from features.problems import BadInput, ContractMismatch
from features.project import Project
from features.snapshots import Manifest
from models.contract import Task
from models.outcomes import untold
from models.reasons import Explanation, explain
from models.recipes import RECIPES, possible
from models.registry import Registered, champion
from models.shares import ExplanationUnavailable

TOP_REASONS = 3


@dataclass(frozen=True)
class Scorer:
    """The champions of a project: of churn, value and propensity those that its tables can teach."""

    models: dict[Task, Registered]

    @property
    def versions(self) -> dict[str, str]:
        """Which version answers for each task."""
        return {task: model.label for task, model in self.models.items()}

    @property
    def features(self) -> list[str]:
        """The columns any of the models reads, in order."""
        return list(dict.fromkeys(name for model in self.models.values() for name in model.bundle.contract.features))

    @property
    def not_predicted(self) -> dict[str, str]:
        """By label, what a model gives no number for, and why."""
        return {label: why for model in self.models.values() for label, why in model.bundle.contract.unpredictable.items()}

    def numbers(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The served numbers of every model, one row per row."""
        return pd.concat([model.bundle.predict(rows) for model in self.models.values()], axis=1)

    def explanations(self, rows: pd.DataFrame, *, top: int = TOP_REASONS) -> list[dict[str, Explanation]]:
        """For every row an explanation of each number. Raises ExplanationUnavailable if one does not add up."""
        found: list[dict[str, Explanation]] = [{} for _ in range(len(rows))]
        for model in self.models.values():
            for answers, more in zip(found, explain(model.bundle, rows, top=top), strict=True):
                answers |= more
        return found

    def explained_if_possible(self, rows: pd.DataFrame) -> tuple[list[dict[str, Explanation]], str | None]:
        """The explanations, or none and the cause: a reason is never guessed."""
        try:
            return self.explanations(rows), None
        except ExplanationUnavailable as cause:
            return [{} for _ in range(len(rows))], str(cause)


def load_scorer(project: Project, manifest: Manifest, columns: list[str]) -> Scorer:
    """The champions of a project, checked against it and against the snapshot columns at hand.

    There is one for every model that the project's tables can teach. Raises BadInput naming each that is not trained yet, or
    where no model is possible, and ContractMismatch with everything that does not fit.
    """
    models: dict[Task, Registered] = {}
    missing: list[str] = []
    for task in possible(manifest):
        try:
            models[task] = champion(project.name, task)
        except ContractMismatch:
            raise
        except BadInput as bad:
            missing += bad.problems
    if missing:
        raise BadInput(missing)
    if not models:
        raise BadInput([f"{project.name} can have no {task} model: {untold(task)}" for task in RECIPES])
    problems = [problem for model in models.values() for problem in model.bundle.contract.problems_with(project, columns)]
    if problems:
        raise ContractMismatch(
            [*problems, f"train {project.name} again and promote the new versions: python -m training promote"]
        )
    return Scorer(models)
