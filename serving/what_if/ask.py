"""What the models would say if something happened, and the smallest change after which the risk of leaving is low enough.

It is what the models say of such a customer, not what an action would bring: only random treatments can tell that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import pandas as pd

from features.changes import Change, Events, WhatIfSection, changed
from features.kept import customer_of, events_of
from features.online import Online
from features.problems import BadInput
from features.project import Project
from features.snapshots import Manifest, load_manifest
from models.bundle import CHURN
from serving.scoring.scorer import Explained, Scorer, load_scorer


@dataclass(frozen=True)
class Said:
    """What the models say of one customer, with reasons."""

    numbers: Mapping[str, float]
    explained: Explained


@dataclass(frozen=True)
class Tried:
    """Changes, and the risk of leaving after them."""

    changes: tuple[Change, ...]
    churn_probability: float


@dataclass(frozen=True)
class Nearest:
    """The smallest changes after which the risk of leaving is below a threshold."""

    below: float
    now: float
    enough: tuple[Tried, ...]  # empty: none of what was tried, or it is below already
    closest: Tried | None  # what came closest, whether or not it is enough; None where nothing was tried
    tried: int


class WhatIf:
    """Asks the champions about one customer and what could still happen to her."""

    def __init__(
        self, scorer: Scorer, manifest: Manifest, project: Project, section: WhatIfSection, online: Online | None = None
    ) -> None:
        """`online` makes features; where one is at hand it need not be made again."""
        self.scorer, self.manifest, self.section, self.as_of = scorer, manifest, section, manifest.scored_at
        self._project, self._online = (
            project,
            online or Online(manifest.words, project.cohort, manifest.reach, manifest.currency),
        )

    @classmethod
    def open(cls, project: Project, section: WhatIfSection) -> Self:
        """The champions of a project. Raises BadInput where they or the snapshots are not there."""
        manifest = load_manifest(project)
        return cls(load_scorer(project, manifest, [f.name for f in manifest.features()]), manifest, project, section)

    def events(self, customer_id: str) -> Events:
        """The raw rows of a customer. Raises BadInput where she is not known before the date."""
        events = events_of(self._project, self.manifest.words, customer_id)
        if not self._online.row(customer_id, events, self.as_of):
            own = customer_of(self._project, self.manifest.words, customer_id)
            instead = f"; by the table identities its rows are those of customer_id {own!r}" if own else ""
            raise BadInput(f"customer_id {customer_id!r}: not known before {self.as_of}{instead}")
        return events

    def said(self, customer_id: str, events: Events, changes: Sequence[Change] = ()) -> Said:
        """The numbers and reasons after some changes.

        Raises BadInput for what cannot happen, and where a customer is not eligible, before or after.
        """
        rows = self.rows(customer_id, events, changes)
        return Said(dict(self.scorer.numbers(rows).iloc[0]), self.scorer.explanations(rows)[0])

    def rows(self, customer_id: str, events: Events, changes: Sequence[Change]) -> pd.DataFrame:
        """Her features after some changes: one row. Raises BadInput for what cannot happen, and where she is not eligible."""
        events = changed(customer_id, events, changes, self.as_of, self.manifest.words, self.section)
        row = self._online.row(customer_id, events, self.as_of)
        if why := row["not_eligible_because"]:
            raise BadInput(f"customer_id {customer_id!r}: not eligible on {self.as_of}: {why}")
        return pd.DataFrame([row])[self.scorer.features].astype("float64")

    def nearest(self, customer_id: str, events: Events, options: Mapping[str, Sequence[Change]], *, below: float) -> Nearest:
        """The smallest changes that bring the risk of leaving below a threshold.

        `options` are by kind, the smallest first: of each kind the first that is enough alone. Where none is, what each kind
        can do at most is put together, two kinds, then three, until that is enough. Raises BadInput where leaving is not
        predicted.
        """
        if "churn" not in self.scorer.models:
            raise BadInput("the risk of leaving is not predicted here")
        if not 0 < below < 1:
            raise BadInput(f"below = {below:g}: expected a probability between 0 and 1")

        def ask(*changes: Change) -> Tried:
            return Tried(changes, self._risk(customer_id, events, changes))

        now = ask()
        if now.churn_probability < below or not any(options.values()):
            return Nearest(below, now.churn_probability, (), None, 0)
        alone = [[ask(change) for change in changes] for changes in options.values() if changes]
        tried = [one for of_kind in alone for one in of_kind]
        enough = [
            next(found for found in of_kind if found.churn_probability < below)
            for of_kind in alone
            if _is_enough(of_kind, below)
        ]
        most = [min(of_kind, key=_risk_of).changes[0] for of_kind in alone]
        for count in range(2, len(most) + 1):
            if not enough:
                together = [ask(*changes) for changes in combinations(most, count)]
                tried += together
                enough = [found for found in together if found.churn_probability < below]
        return Nearest(below, now.churn_probability, tuple(sorted(enough, key=_risk_of)), min(tried, key=_risk_of), len(tried))

    def _risk(self, customer_id: str, events: Events, changes: Sequence[Change]) -> float:
        churn = self.scorer.models["churn"].bundle
        return float(churn.predict(self.rows(customer_id, events, changes))[CHURN].iloc[0])


def _risk_of(one: Tried) -> float:
    return one.churn_probability


def _is_enough(some: Sequence[Tried], below: float) -> bool:
    return any(one.churn_probability < below for one in some)
