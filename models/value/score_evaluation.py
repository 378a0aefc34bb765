"""How the customer score did on a judged date, beside simpler orders of the same customers. Made by `training`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from features.project import Project
from models.contract import Frozen
from models.evaluation import Metric, Standing

MAIN_FIGURE = "gini_normalized"
RIVALS = {"rfm": "RFM alone", "clv": "expected value alone", "learned": "the score with learned weights"}


def score_file(project: Project) -> Path:
    """Where the back-test of a project's score is."""
    return project.folder / "score.json"


class ScoreEvaluation(Frozen):
    """How the score as configured orders what customers then brought, and how RFM, expected value and learned weights do.

    `metrics` has one entry per order (`score` and those of RIVALS), by figure, with 95 % intervals; those of rivals know by
    how much the score is better. `learned_weights` are the best of the components on the judged customers; their order is that
    of weights learned from the other half of the customers.
    """

    judged_at: date
    customers: int
    weights: dict[str, float]
    learned_weights: dict[str, float]
    metrics: dict[str, dict[str, Metric]]
    models: dict[str, str]

    def standing_beside(self, rival: str) -> Standing | None:
        """Whether the score orders better than a rival, by more than chance."""
        if rival not in self.metrics:
            return None
        metric = self.metrics[rival][MAIN_FIGURE]
        return None if metric.ours_less_this is None else metric.ours_less_this.standing(metric.greater_is_better)

    @property
    def verdict(self) -> tuple[str, ...]:
        """In sentences, one for each rival: said plainly where the score is worse."""
        said = {
            "ahead": "orders the value that was then kept better than {rival}",
            "behind": "orders the value that was then kept worse than {rival}",
            "undecided": "cannot be told apart from {rival} in how it orders the value that was then kept",
        }
        found = []
        for rival, name in RIVALS.items():
            standing = self.standing_beside(rival)
            if standing is not None:
                found.append(f"The score as configured {said[standing].format(rival=name)}.")
        return tuple(found)
