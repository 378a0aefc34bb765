"""Answers to requests: the champions over the latest snapshot, held in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import pandas as pd

from features.problems import BadInput, nearest
from features.project import Project
from features.snapshots import load_manifest, load_snapshot
from models.reasons import Explanation
from serving.messages import Amount, Answer, Answers, ModelCard
from serving.scorer import Scorer, load_scorer

ROWS_MAX = 10_000


@dataclass(frozen=True)
class Desk:
    """A scorer and the customers it can be asked about, one row per customer_id."""

    scorer: Scorer
    snapshot: pd.DataFrame

    @classmethod
    def open(cls, project: Project) -> Self:
        """The champions and the latest snapshot of a project. Raises BadInput when either is not there."""
        snapshot = load_snapshot(project, load_manifest(project).scored_at)
        return cls(load_scorer(project, list(snapshot.columns)), snapshot.set_index("customer_id"))

    def by_id(self, customer_ids: list[str]) -> Answers:
        """One answer per id, in the order asked."""
        _refuse_too_many(len(customer_ids), "customer_ids")
        known = self.snapshot.reindex([one for one in dict.fromkeys(customer_ids) if one in self.snapshot.index])
        scored = known[known["not_eligible_because"].isna()]
        answers = dict(zip(scored.index, self._answers(scored, list(scored.index)), strict=True))
        others = known[known["not_eligible_because"].notna()]
        for one, as_of, why in zip(others.index, others["as_of"], others["not_eligible_because"], strict=True):
            answers[one] = Answer(customer_id=one, as_of=as_of, eligible=False, not_eligible_because=why)
        return self._signed(
            [
                answers.get(one) or Answer(customer_id=one, as_of=None, eligible=False, not_eligible_because="unknown customer")
                for one in customer_ids
            ]
        )

    def by_row(self, rows: list[dict[str, float | None]]) -> Answers:
        """One answer per feature row, in the order given. Raises BadInput naming every unknown feature with its row."""
        _refuse_too_many(len(rows), "rows")
        names = self.scorer.features
        known = set(names)
        unknown = [(i, name) for i, row in enumerate(rows) for name in row if name not in known]
        if unknown:
            raise BadInput([f"rows[{i}].{name}: no such feature; {nearest(name, names)}" for i, name in unknown[:20]])
        frame = pd.DataFrame(rows, columns=names, dtype="float64")
        return self._signed(self._answers(frame, [None] * len(rows)))

    def cards(self) -> dict[str, ModelCard]:
        """What is to be known about each model."""
        return {
            task: ModelCard(
                version=f"{model.name} v{model.version}",
                hash=model.hash,
                target={output.name: output.target for output in model.bundle.contract.outputs},
                horizon_days=model.bundle.contract.horizon_days,
                judged_at=model.bundle.evaluation.judged_at,
                fitted_on=model.bundle.contract.roles.fitted_on,
                metrics={
                    name: {metric: figure.value for metric, figure in output.metrics.items()}
                    for name, output in model.bundle.evaluation.outputs.items()
                },
                features=tuple(model.bundle.contract.features),
            )
            for task, model in self.scorer.models.items()
        }

    def _answers(self, rows: pd.DataFrame, ids: list[str | None]) -> list[Answer]:
        if rows.empty:
            return []
        table = self.scorer.numbers(rows)
        numbers = [dict(zip(table.columns, row, strict=True)) for row in table.to_numpy().tolist()]
        explanations, unavailable = self.scorer.explained_if_possible(rows)
        dates = rows["as_of"] if "as_of" in rows.columns else [None] * len(rows)
        return [
            self._answer(one, as_of, number, explanation, unavailable)
            for one, as_of, number, explanation in zip(ids, dates, numbers, explanations, strict=True)
        ]

    def _answer(
        self,
        customer_id: str | None,
        as_of: object,
        numbers: dict[str, float],
        explanations: dict[str, Explanation],
        unavailable: str | None,
    ) -> Answer:
        clv = self.scorer.models["clv"].bundle
        value, lower, upper = (number for name, number in numbers.items() if name.startswith("clv_"))
        coverage = clv.intervals.coverage if clv.intervals else 0.0
        return Answer(
            customer_id=customer_id,
            as_of=as_of,
            eligible=True,
            churn_probability=numbers["churn_probability"],
            clv=Amount(value=value, lower=lower, upper=upper, coverage=coverage, currency=clv.contract.currency),
            propensity={
                name.removeprefix("propensity_"): number for name, number in numbers.items() if name.startswith("propensity_")
            },
            explanations=explanations,
            explanation_unavailable=unavailable,
        )

    def _signed(self, answers: list[Answer]) -> Answers:
        return Answers(answers=tuple(answers), models=self.scorer.versions)


def _refuse_too_many(asked: int, what: str) -> None:
    if asked > ROWS_MAX:
        raise BadInput(f"{what}: {asked:,} in one request, at most {ROWS_MAX:,}; split the request")
