"""Feature rows -> numbers and reasons, in plain Python. Service, batch and report all call it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from features.problems import ContractMismatch
from features.project import Project
from models.contract import TASKS, Task
from models.reasons import Explanation, explain
from models.registry import Registered, champion, find
from models.shares import ExplanationUnavailable

TOP_REASONS = 3


@dataclass(frozen=True)
class Scorer:
    """The champions of a project."""

    models: dict[Task, Registered]

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


def load_scorer(project: Project, columns: list[str]) -> Scorer:
    """The champions of a project, checked against it and against the snapshot columns at hand.

    Propensity is left out where the project has no such model. Raises BadInput without a champion for churn and
    clv, and ContractMismatch with everything that does not fit.
    """
    models: dict[Task, Registered] = {}
    for task in TASKS:
        model = find(project.name, task, "champion") if task == "propensity" else champion(project.name, task)
        if model is not None:
            models[task] = model
    problems = [problem for model in models.values() for problem in model.bundle.contract.problems_with(project, columns)]
    if problems:
        raise ContractMismatch(
            [*problems, f"train {project.name} again and promote the new versions: python -m training promote"]
        )
    return Scorer(models)
