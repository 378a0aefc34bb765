"""Answers to requests about single customers: by id, by feature row, by raw events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.problems import BadInput, nearest
from features.tables import NO_ACTION
from models.bundle import CHURN, DAYS_UNTIL_LEAVING, Reading
from models.contract import PROPENSITY_PREFIX, Task
from models.inputs import Inputs
from models.value.quadrants import QUADRANTS
from models.value.settings import COMPONENTS
from models.value.standing import SCORE
from models.value.worth import AT_RISK, INFLUENCE, LIFETIME, POTENTIAL, REALISED
from serving.answers.customers import Customers, placed
from serving.answers.errors import NotServed
from serving.answers.messages import Amount, Answer, AnswerList, NextAction, NotEligible, Standing, UntilLeaving, Worth
from serving.answers.release import Release
from serving.answers.requests import ScoreCustomers, ScoreRows
from serving.scoring.scorer import Explained
from serving.scoring.until_leaving import say_until_leaving
from serving.scoring.what_next import what_next

STRATEGIES = {one.name: one.strategy for one in QUADRANTS}
UNKNOWN = NotEligible("unknown customer", "unknown_customer")
UNASKED = Explained({}, None)
Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Champions:
    """The champions of a release, and the customers of the last snapshot where there is one: all requests ask these."""

    release: Release
    customers: Customers | None

    @classmethod
    def open(cls, release: Release) -> Champions:
        """With the customers of the release, worked out by its champions. Raises BadInput where they cannot be read."""
        if release.manifest is None:
            return cls(release, None)
        return cls(release, Customers.open(release.project, release.manifest, release.scorer, release.layer))

    def warm(self) -> Champions:
        """The same, with everything made that is made once: no request has to wait for it."""
        self.by_row(ScoreRows([{}]))
        if self.customers is not None:
            one = next((one for one, place in self.customers.place.items() if self.customers.why_not[place] is None), None)
            self.by_id(ScoreCustomers([one] if one is not None else []))
        return self

    @cached_property
    def versions(self) -> dict[str, str]:
        """Which version answers for each task."""
        return self.release.scorer.versions

    def known(self) -> Customers:
        """The customers. Raises NotServed where none are at hand."""
        if self.customers is None:
            project = self.release.project
            raise NotServed(
                f"customer_ids: no snapshot of {project.name} is here ({project.folder}); send feature rows or raw events"
            )
        return self.customers

    def why_not(self, customer_id: str) -> NotEligible | None:
        """Why nothing can be said of a customer; None where something can."""
        customers = self.known()
        place = customers.place.get(customer_id)
        return UNKNOWN if place is None else customers.why_not[place]

    def by_id(self, asked: ScoreCustomers) -> AnswerList:
        """One answer per id, in the order asked. Unknown and not eligible customers are answers, too."""
        customers, tasks = self.known(), self.tasks(asked.tasks)
        place, why_not = customers.place, customers.why_not
        known = [one for one in dict.fromkeys(asked.customer_ids) if one in place]
        scored = [one for one in known if why_not[place[one]] is None]
        places = placed(customers, scored)
        table = customers.columns(places)
        value = self.release.scorer.value_name
        explained = self._explained(
            customers.rows(places),
            asked.top_reasons,
            tasks,
            None if value is None else np.asarray(table[value], dtype=np.float64),
        )
        as_of = customers.manifest.scored_at
        answers = dict(zip(scored, self._answers(table, scored, as_of, tasks, explained), strict=True))
        others = [one for one in known if one not in answers]
        unscored = customers.columns(placed(customers, others))
        for one, *parts in zip(others, *self._placed(unscored, len(others)), strict=True):
            because = why_not[place[one]] or UNKNOWN
            answers[one] = Answer(one, as_of, False, *because, *parts)
        told = [answers.get(one) or Answer(one, None, False, *UNKNOWN) for one in asked.customer_ids]
        return self.signed(told, tasks)

    def by_row(self, asked: ScoreRows) -> AnswerList:
        """One answer per feature row, in the order given. Raises BadInput naming every unknown feature with its row."""
        rows, tasks = self._inputs(asked.rows), self.tasks(asked.tasks)
        return self.signed(self.of_rows(rows, [None] * len(rows), None, tasks, asked.top_reasons), tasks)

    def of_rows(
        self, rows: Inputs, ids: Sequence[str | None], as_of: date | None, tasks: Sequence[Task], top: int
    ) -> list[Answer]:
        """Answers for features, without what follows from comparing all customers."""
        if not len(rows):
            return []
        readings = self.release.scorer.readings(rows, tasks)
        numbers = self.release.scorer.answers(readings)
        value = numbers.get(self.release.scorer.value_name or "")
        explained = self._explained(rows, top, tasks, value, readings)
        table = {name: column.tolist() for name, column in numbers.items()}
        return self._answers(table, ids, as_of, tasks, explained, places=False)

    def signed(self, answers: list[Answer], tasks: Sequence[Task]) -> AnswerList:
        """With the versions that gave them, and what these give no number for."""
        models = self.release.scorer.models
        versions: dict[str, str] = {task: self.versions[task] for task in tasks}
        not_predicted = {label: why for task in tasks for label, why in models[task].bundle.contract.unpredictable.items()}
        return AnswerList(answers, self.release.scored_at, versions, not_predicted)

    def _inputs(self, rows: Sequence[Mapping[str, float | None]]) -> Inputs:
        names = self.release.scorer.features
        place = {name: k for k, name in enumerate(names)}
        numbers = np.full((len(rows), len(names)), np.nan)
        unknown = []
        for i, row in enumerate(rows):
            for name, value in row.items():
                k = place.get(name)
                if k is None:
                    unknown.append((i, name))
                elif value is not None:
                    numbers[i, k] = value
        if unknown:
            raise BadInput([f"rows[{i}].{name}: no such feature; {nearest(name, names)}" for i, name in unknown[:20]])
        return Inputs(tuple(names), numbers)

    def tasks(self, asked: Sequence[Task] | None) -> tuple[Task, ...]:
        """Those asked for that the project has a model of; all where none is named."""
        return tuple(task for task in self.release.scorer.models if asked is None or task in asked)

    def _explained(
        self,
        rows: Inputs,
        top: int,
        tasks: Sequence[Task],
        value: NDArray[np.float64] | None,
        readings: Mapping[Task, Reading] | None = None,
    ) -> Sequence[Explained]:
        if top == 0 or not len(rows):
            return [UNASKED] * len(rows)
        return self.release.scorer.explanations(rows, top=top, tasks=tasks, value=value, readings=readings)

    def _answers(
        self,
        table: Columns,
        ids: Sequence[str | None],
        as_of: date | None,
        tasks: Sequence[Task],
        explained: Sequence[Explained],
        *,
        places: bool = True,
    ) -> list[Answer]:
        """One for each customer of a table. Column by column, because a bulk request has thousands of them."""
        count = len(ids)
        nothing: list[None] = [None] * count
        parts = [
            *(self._placed(table, count) if places else (nothing, nothing, nothing)),
            *(self._churn(table) if "churn" in tasks else (nothing, [{} for _ in ids], nothing)),
            self._clv(table) if "clv" in tasks else nothing,
            *(self._propensity(table, count) if "propensity" in tasks else ([{}] * count, [()] * count)),
        ]
        told: Sequence[Sequence[Any]] = [[why.explanations for why in explained], [why.unavailable for why in explained]]
        return [Answer(one, as_of, True, None, None, *own) for one, *own in zip(ids, *parts, *told, strict=True)]

    def _churn(self, table: Columns) -> Iterator[Sequence[Any]]:
        """The chance of leaving, the same by horizon, the shortest first, and the days until leaving."""
        bundle = self.release.scorer.models["churn"].bundle
        names = {days: f"{CHURN}_{days}d" for days in bundle.other_horizons_days} | {bundle.contract.horizon_days: CHURN}
        keys = [str(days) for days in sorted(names)]
        yield table[CHURN]
        yield [dict(zip(keys, row, strict=True)) for row in zip(*(table[names[int(key)]] for key in keys), strict=True)]
        yield [
            UntilLeaving(days, lower, upper, *say_until_leaving(lower, days, upper)) if days == days else None
            for lower, days, upper in zip(*(table[name] for name in DAYS_UNTIL_LEAVING), strict=True)
        ]

    def _clv(self, table: Columns) -> Sequence[Amount]:
        bundle = self.release.scorer.models["clv"].bundle
        name, currency = bundle.contract.outputs[0].name, bundle.contract.currency
        if bundle.intervals is None:
            return [Amount(value, None, None, None, currency) for value in table[name]]
        coverage = bundle.intervals.coverage
        ends = (table[f"{name}_{end}_{round(coverage * 100)}"] for end in ("lower", "upper"))
        return [Amount(value, lower, upper, coverage, currency) for value, lower, upper in zip(table[name], *ends, strict=True)]

    def _propensity(self, table: Columns, count: int) -> Iterator[Sequence[Any]]:
        """The chances by category, and the categories in the order to look at."""
        bundle = self.release.scorer.models["propensity"].bundle
        names = [output.name for output in bundle.contract.outputs]
        keys = [name.removeprefix(PROPENSITY_PREFIX) for name in names]
        chances = list(zip(*(table[name] for name in names), strict=True)) if names else [()] * count
        yield [dict(zip(keys, row, strict=True)) for row in chances]
        yield what_next(bundle, np.array(chances, dtype=np.float64).reshape(count, len(names)))

    def _placed(self, table: Columns, count: int) -> Iterator[Sequence[Any]]:
        """What follows from comparing all customers: worth, standing and next action."""
        nothing: list[Any] = [None] * count
        project, layer = self.release.project, self.release.layer
        money = [table.get(name, nothing) for name in (REALISED, POTENTIAL, LIFETIME, INFLUENCE, AT_RISK)]
        days, currency = layer.value.horizon_days, project.project.currency
        yield [
            Worth(realised, potential, days, lifetime, influence, at_risk, currency)
            for realised, potential, lifetime, influence, at_risk in zip(*money, strict=True)
        ]
        places = [table.get(name, nothing) for name in (SCORE, "tier", "life_stage", "quadrant", "rfm_segment")]
        yield [
            Standing(score, components, tier, stage, quadrant, STRATEGIES.get(quadrant), segment)
            for components, score, tier, stage, quadrant, segment in zip(_components(table, count), *places, strict=True)
        ]
        plan = [table.get(name, nothing) for name in ("action", "basis", "cost", "expected_gain")]
        yield [
            NextAction(action, None if action == NO_ACTION else basis, cost, gain) if action else None
            for action, basis, cost, gain in zip(*plan, strict=True)
        ]


def _components(table: Columns, count: int) -> Sequence[dict[str, float]]:
    known = {name: table[f"score_{name}"] for name in COMPONENTS if f"score_{name}" in table}
    if not known:
        return [{}] * count
    return [
        {name: part for name, part in zip(known, row, strict=True) if part == part} for row in zip(*known.values(), strict=True)
    ]
