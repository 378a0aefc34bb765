"""What is told of every customer of the last date beside predictions: worth, standing, and what the plan does about her."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from features.project import Project
from features.snapshots import Manifest
from features.tables import NO_ACTION
from models.quadrants import QUADRANTS
from models.score import COMPONENTS
from models.standing import SCORE, Layer
from models.value import AT_RISK, INFLUENCE, LIFETIME, POTENTIAL, REALISED
from serving.messages import NextAction, Standing, Worth
from serving.plan_command import load_plan_report, plan_file
from serving.scorer import Scorer
from serving.value_layer import Standings, numbers_of

STRATEGIES = {one.name: one.strategy for one in QUADRANTS}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Profiles:
    """The value layer by customer_id, and the plan where there is one for the date."""

    columns: pd.DataFrame
    plan: pd.DataFrame | None
    potential_days: int
    currency: str

    @classmethod
    def open(cls, project: Project, manifest: Manifest, scorer: Scorer, layer: Layer, snapshot: pd.DataFrame) -> Self:
        """Worked out again from the snapshot, so that it is of the models that answer."""
        standings, numbers = Standings(project, manifest, scorer, layer), numbers_of(scorer, snapshot)
        found = standings.on(manifest.scored_at, snapshot, numbers).standing
        columns = found.columns.set_axis(snapshot["customer_id"], axis=0)
        return cls(columns, _plan(project, manifest, scorer), layer.value.horizon_days, manifest.currency)

    def rows(self, customer_ids: list[str]) -> dict[str, Row]:
        """The columns of some known customers."""
        rows: list[dict[Any, Any]] = self.columns.loc[customer_ids].to_dict("records")
        return dict(zip(customer_ids, rows, strict=True))

    def worth(self, row: Row) -> Worth:
        """In money."""
        return Worth(
            realised=_number(row, REALISED),
            potential=_number(row, POTENTIAL),
            potential_days=self.potential_days,
            lifetime=_number(row, LIFETIME),
            influence=_number(row, INFLUENCE),
            at_risk=_number(row, AT_RISK),
            currency=self.currency,
        )

    def standing(self, row: Row) -> Standing:
        """Among all others."""
        components = {name: _number(row, f"score_{name}") for name in COMPONENTS}
        return Standing(
            score=_number(row, SCORE),
            components={name: part for name, part in components.items() if part is not None},
            tier=_text(row, "tier"),
            life_stage=_text(row, "life_stage"),
            quadrant=_text(row, "quadrant"),
            strategy=STRATEGIES.get(_text(row, "quadrant") or ""),
            rfm_segment=_text(row, "rfm_segment"),
        )

    def next_action(self, customer_id: str) -> NextAction | None:
        """By the plan; None where there is no plan, or it does not know her."""
        if self.plan is None or customer_id not in self.plan.index:
            return None
        row: dict[Any, Any] = self.plan.loc[customer_id].to_dict()
        return NextAction(
            action=row["action"],
            basis=None if row["action"] == NO_ACTION else row["basis"],
            cost=float(row["cost"]),
            expected_gain=float(row["expected_gain"]),
        )


def _plan(project: Project, manifest: Manifest, scorer: Scorer) -> pd.DataFrame | None:
    if load_plan_report(project, manifest.scored_at, scorer.versions) is None:
        return None
    return pd.read_parquet(plan_file(project)).set_index("customer_id")


def _number(row: Row, name: str) -> float | None:
    value = row.get(name)
    return None if value is None or math.isnan(value) else float(value)


def _text(row: Row, name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None
