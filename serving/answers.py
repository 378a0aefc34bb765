"""Answers to requests: the champions over the latest snapshot, held in memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import pandas as pd

from features.problems import BadInput, nearest
from features.project import Project
from features.snapshots import load_manifest, load_snapshot
from models.bundle import CHURN, DAYS_UNTIL_LEAVING, Bundle
from models.contract import TASKS
from models.standing import Layer
from serving.messages import Amount, Answer, Answers, ModelCard, UntilLeaving
from serving.profiles import Profiles, Row
from serving.scorer import Explained, Scorer, load_scorer
from serving.until_leaving import say_until_leaving
from serving.what_next import what_next

ROWS_MAX = 10_000


@dataclass(frozen=True)
class Desk:
    """A scorer, the customers it can be asked about, one row per customer_id, and the profiles of them all."""

    scorer: Scorer
    snapshot: pd.DataFrame
    profiles: Profiles

    @classmethod
    def open(cls, project: Project, layer: Layer | None = None) -> Self:
        """The champions and the latest snapshot of a project. Raises BadInput when either is not there."""
        manifest = load_manifest(project)
        snapshot = load_snapshot(project, manifest.scored_at)
        scorer = load_scorer(project, manifest, list(snapshot.columns))
        profiles = Profiles.open(project, manifest, scorer, layer or Layer(), snapshot)
        return cls(scorer, snapshot.set_index("customer_id"), profiles)

    def by_id(self, customer_ids: list[str]) -> Answers:
        """One answer per id, in the order asked."""
        _refuse_too_many(len(customer_ids), "customer_ids")
        known = self.snapshot.reindex([one for one in dict.fromkeys(customer_ids) if one in self.snapshot.index])
        scored = known[known["not_eligible_because"].isna()]
        answers = dict(zip(scored.index, self._answers(scored, list(scored.index)), strict=True))
        others = known[known["not_eligible_because"].notna()]
        for one, as_of, why in zip(others.index, others["as_of"], others["not_eligible_because"], strict=True):
            answers[one] = Answer(customer_id=one, as_of=as_of, eligible=False, not_eligible_because=why)
        answers |= {one: self._placed(answers[one], one, row) for one, row in self.profiles.rows(list(known.index)).items()}
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
                other_horizons_days=model.bundle.other_horizons_days,
                not_predicted=model.bundle.contract.unpredictable,
                judged_at=model.bundle.evaluation.judged_at,
                fitted_on=model.bundle.contract.roles.fitted_on,
                customers_split_for=tuple(model.bundle.contract.roles.split_by_customers),
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
        explained = self.scorer.explanations(rows)
        dates = rows["as_of"] if "as_of" in rows.columns else [None] * len(rows)
        return [
            self._answer(one, as_of, number, why)
            for one, as_of, number, why in zip(ids, dates, numbers, explained, strict=True)
        ]

    def _answer(
        self,
        customer_id: str | None,
        as_of: object,
        numbers: dict[str, float],
        why: Explained,
    ) -> Answer:
        models = self.scorer.models
        churn, clv, propensity = (models[task].bundle if task in models else None for task in TASKS)
        return Answer(
            customer_id=customer_id,
            as_of=as_of,
            eligible=True,
            churn_probability=numbers[CHURN] if churn else None,
            churn_by_horizon_days=_by_horizon(churn, numbers) if churn else {},
            days_until_leaving=_until_leaving(numbers) if churn else None,
            clv=_amount(clv, numbers) if clv else None,
            propensity={
                name.removeprefix("propensity_"): number for name, number in numbers.items() if name.startswith("propensity_")
            },
            what_next=what_next(propensity, numbers) if propensity else (),
            explanations=why.explanations,
            explanation_unavailable=why.unavailable,
        )

    def _placed(self, answer: Answer, customer_id: str, row: Row) -> Answer:
        """The same with what follows from comparing all customers."""
        profiles = self.profiles
        more = {
            "worth": profiles.worth(row),
            "standing": profiles.standing(row),
            "next_action": profiles.next_action(customer_id),
        }
        return answer.model_copy(update=more)

    def _signed(self, answers: list[Answer]) -> Answers:
        return Answers(answers=tuple(answers), models=self.scorer.versions, not_predicted=self.scorer.not_predicted)


def _by_horizon(churn: Bundle, numbers: dict[str, float]) -> dict[int, float]:
    """The chance of leaving by horizon, the model's own included, the shortest first."""
    found = {days: numbers[f"{CHURN}_{days}d"] for days in churn.other_horizons_days}
    return dict(sorted((found | {churn.contract.horizon_days: numbers[CHURN]}).items()))


def _until_leaving(numbers: dict[str, float]) -> UntilLeaving | None:
    lower, days, upper = (numbers[name] for name in DAYS_UNTIL_LEAVING)
    if math.isnan(days):
        return None
    return UntilLeaving(days=days, lower_80=lower, upper_80=upper, text=say_until_leaving(lower, days, upper))


def _amount(clv: Bundle, numbers: dict[str, float]) -> Amount:
    name, currency = clv.contract.outputs[0].name, clv.contract.currency
    if clv.intervals is None:
        return Amount(value=numbers[name], lower=None, upper=None, coverage=None, currency=currency)
    coverage = clv.intervals.coverage
    lower, upper = (numbers[f"{name}_{end}_{round(coverage * 100)}"] for end in ("lower", "upper"))
    return Amount(value=numbers[name], lower=lower, upper=upper, coverage=coverage, currency=currency)


def _refuse_too_many(asked: int, what: str) -> None:
    if asked > ROWS_MAX:
        raise BadInput(f"{what}: {asked:,} in one request, at most {ROWS_MAX:,}; split the request")
