"""The value layer of the last date: columns of the scored table, value.json, and alerts.parquet with who moved and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.stats import norm

from features.figures import figure, figure_values
from features.kept import kept_table
from features.outputs import whole_file
from features.project import Project
from features.snapshots import Manifest, load_snapshot
from models.bundle import Bundle
from models.contract import InputColumn
from models.value.equity import Equity, Movement, customer_equity, equity_movement
from models.value.migration import Alert, alerts, migration_matrix
from models.value.report import Grouping, ScoreReport, SegmentFigure, ValueReport, kinds_in, parts_of, places_of, totals
from models.value.score import firmness
from models.value.segments import SEGMENTS, can_be_told, segments
from models.value.settings import COMPONENTS, Layer
from models.value.standing import SCORE, Groups, Standing, stand
from models.value.worth import AT_RISK, INFLUENCE, POTENTIAL, REALISED, unrecorded_costs
from serving.scoring.scorer import Scorer

Floats = NDArray[np.float64]
FIGURE_DATES = 13  # a year of monthly snapshots
REFERRED = "customers.referred_by"
BEFORE = ("tier", "life_stage", "quadrant", SCORE, REALISED, POTENTIAL, AT_RISK)  # what is kept of an earlier date
BEFORE_ROWS = 50_000  # at once: whoever looks one customer up reads few others


@dataclass(frozen=True)
class ValueLayer:
    """The columns, one row per row of the snapshot, what is read about them, and who is in another tier than before.

    `before` says where everybody stood a horizon earlier; None where there is no such snapshot.
    """

    columns: pd.DataFrame
    report: ValueReport
    alerts: list[Alert]
    before: pd.DataFrame | None


@dataclass(frozen=True)
class Dated:
    """The customers of one date and where they stand, row by row."""

    as_of: date
    rows: pd.DataFrame
    standing: Standing

    @property
    def ids(self) -> list[str]:
        """Their customer_ids."""
        return self.rows["customer_id"].astype(str).tolist()

    def by_id(self, values: Any) -> pd.Series:
        """Values of these customers, by customer_id."""
        return pd.Series(np.asarray(values), index=pd.Index(self.ids))

    @property
    def is_lost(self) -> NDArray[np.bool_]:
        """Who is in a stage that counts as having left."""
        lost = [stage.name for stage in self.standing.groups.stages if stage.is_lost]
        if "life_stage" not in self.standing.columns:
            return np.zeros(len(self.rows), dtype=bool)
        return self.standing.columns["life_stage"].isin(lost).to_numpy()


@dataclass(frozen=True)
class Standings:
    """Asks where the customers of a project stand on any date with a snapshot, by the champions of today."""

    project: Project
    manifest: Manifest
    scorer: Scorer
    layer: Layer

    @property
    def clv(self) -> Bundle | None:
        """The model of value, where there is one."""
        return self.scorer.models["clv"].bundle if "clv" in self.scorer.models else None

    def on(self, as_of: date, snapshot: pd.DataFrame, numbers: pd.DataFrame, groups: Groups | None = None) -> Dated:
        """`numbers` are the predictions for the rows of the snapshot, missing where she is not eligible."""
        found = stand(
            snapshot,
            numbers,
            clv=self.clv,
            brought=_brought(self.project, self.manifest, as_of),
            layer=self.layer,
            as_of=as_of,
            horizon_days=self.manifest.horizon_days,
            windows_days=self.manifest.words.windows_days,
            groups=groups,
        )
        return Dated(as_of, snapshot, found)

    def before(self, now: Dated) -> Dated | None:
        """A horizon earlier, in the groups of now; None where there is no such snapshot."""
        as_of = a_horizon_ago(self.manifest)
        if as_of is None or not self.manifest.cohorts[as_of].eligible:
            return None
        snapshot = load_snapshot(self.project, as_of)
        return self.on(as_of, snapshot, numbers_of(self.scorer, snapshot), now.standing.groups)


def value_file(project: Project) -> Path:
    """Where the value report of a project is."""
    return project.folder / "value.json"


def alerts_file(project: Project) -> Path:
    """Where those who changed tiers are."""
    return project.folder / "alerts.parquet"


def before_file(project: Project) -> Path:
    """Where it says where everybody stood a horizon earlier; there is none where there was no snapshot then."""
    return project.folder / "before.parquet"


def gather_value_layer(standings: Standings, snapshot: pd.DataFrame, numbers: pd.DataFrame) -> ValueLayer:
    """Of the last date; `numbers` are the predictions for the rows of its snapshot, missing where she is not eligible."""
    manifest, clv = standings.manifest, standings.clv
    now = standings.on(manifest.scored_at, snapshot, numbers)
    then = standings.before(now)
    moved = _alerts(now, then, manifest) if then else []
    report = ValueReport(
        as_of=now.as_of,
        models=standings.scorer.versions,
        before=then.as_of if then else None,
        horizon_days=standings.layer.value.horizon_days,
        discount_rate_per_year=standings.layer.value.discount_rate_per_year,
        unrecorded=tuple(unrecorded_costs(snapshot)),
        influence_unknown=_influence_unknown(manifest, now.standing.columns),
        totals=totals(now.standing.columns),
        equity=_equity(now.standing.columns, clv) if clv else None,
        movement=_movement(now, then) if clv and then else None,
        tiers=now.standing.groups.tiers,
        groupings=tuple(_groupings(now, then)),
        score=_score(now.standing.columns, standings.layer),
        alerts=len(moved),
        figures=tuple(_segment_figures(standings.project, manifest, snapshot)),
    )
    return ValueLayer(now.standing.columns, report, moved, _before(then) if then else None)


def write_value_layer(project: Project, layer: ValueLayer) -> None:
    """value.json, alerts.parquet and, where there is an earlier snapshot, before.parquet; each whole or not at all."""
    with whole_file(value_file(project)) as unfinished:
        unfinished.write_text(layer.report.model_dump_json(indent=1), encoding="utf-8")
    columns = {name: [getattr(one, name) for one in layer.alerts] for name in Alert.__dataclass_fields__}
    columns |= {"as_of": [layer.report.as_of for _ in layer.alerts]}
    types = {"rose": pa.bool_(), "moved": pa.float64(), "as_of": pa.date32()}
    table = pa.table({name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()})
    with whole_file(alerts_file(project)) as unfinished:
        pq.write_table(table, unfinished)
    if layer.before is None:
        before_file(project).unlink(missing_ok=True)  # that of an earlier run would be of another date
        return
    with whole_file(before_file(project)) as unfinished:
        pq.write_table(pa.Table.from_pandas(layer.before, preserve_index=False), unfinished, row_group_size=BEFORE_ROWS)


def numbers_of(scorer: Scorer, snapshot: pd.DataFrame) -> pd.DataFrame:
    """The predictions for all rows of a snapshot, missing where she is not eligible."""
    eligible = snapshot[snapshot["not_eligible_because"].isna()]
    return scorer.numbers(eligible).reindex(snapshot.index)


def a_horizon_ago(manifest: Manifest) -> date | None:
    """The last snapshot at least a horizon before the one that is scored: their horizons do not overlap."""
    ago = [as_of for as_of in manifest.cohorts if (manifest.scored_at - as_of).days >= manifest.horizon_days]
    return max(ago, default=None)


def _brought(project: Project, manifest: Manifest, as_of: date) -> pd.DataFrame | None:
    """Who had been brought by whom before a date; None where nobody records it."""
    if not manifest.words.has(REFERRED):
        return None
    dated = ["acquired_at"] if manifest.words.has("customers.acquired_at") else []
    rows = kept_table(project, "customers", ["customer_id", "referred_by", *dated])
    rows = rows.filter(pc.field("referred_by").is_valid())
    if dated:
        rows = rows.filter(pc.field("acquired_at").is_null() | (pc.field("acquired_at") < pc.scalar(as_of)))
    found: pd.DataFrame = rows.select(["customer_id", "referred_by"]).to_pandas().astype(str)
    return found


def _influence_unknown(manifest: Manifest, columns: pd.DataFrame) -> str | None:
    if not manifest.words.has(REFERRED):
        return f"nobody records who brought whom (tables.{REFERRED})"
    return None if INFLUENCE in columns else "nothing tells what customers are worth"


def _equity(columns: pd.DataFrame, clv: Bundle) -> Equity:
    """With how far the totals of the model have missed, on the judged date and on earlier ones."""
    (output,) = clv.contract.outputs
    earlier = [one.outputs.get(output.name, {}) for one in clv.evaluation.earlier]
    judged = [figures["sum_ratio"] for figures in earlier if "sum_ratio" in figures]
    if "sum_ratio" in clv.evaluation.outputs[output.name].metrics:
        judged.append(clv.evaluation.outputs[output.name].metrics["sum_ratio"].value)
    value, spread = columns[POTENTIAL].to_numpy(dtype=np.float64), np.zeros(len(columns))
    if clv.intervals is not None:
        percent = round(clv.intervals.coverage * 100)
        lower, upper = (columns[f"{POTENTIAL}_{end}_{percent}"].to_numpy(dtype=np.float64) for end in ("lower", "upper"))
        spread = (upper - lower) / (2 * float(norm.ppf((1 + clv.intervals.coverage) / 2)))
    return customer_equity(value, spread, judged, seed=clv.contract.seed)


def _movement(now: Dated, then: Dated) -> Movement:
    """Who is in a stage that counts as lost has left; who was in one before was not lost since."""
    had_left = then.by_id(then.is_lost).reindex(now.ids, fill_value=False).to_numpy()
    left = now.by_id(now.is_lost & ~had_left)
    was, is_now = (dated.by_id(dated.standing.columns[POTENTIAL]) for dated in (then, now))
    return equity_movement(was, is_now, left)


def _groupings(now: Dated, then: Dated | None) -> Iterator[Grouping]:
    groups, columns = now.standing.groups, now.standing.columns
    for kind in kinds_in(columns):
        parts, matrix = parts_of(kind, columns, groups), None
        if then is not None and kind in then.standing.columns:
            was, is_now = (places_of(dated.standing.columns, dated.ids, kind, groups) for dated in (then, now))
            matrix = tuple(tuple(row) for row in migration_matrix(was, is_now, len(parts)).tolist())
        yield Grouping(kind=kind, parts=parts, migration=matrix)


def _score(columns: pd.DataFrame, layer: Layer) -> ScoreReport | None:
    known = [name for name in COMPONENTS if f"score_{name}" in columns]
    if not known:
        return None
    rows = columns[columns[f"score_{known[0]}"].notna()]
    components = {name: rows[f"score_{name}"].to_numpy(dtype=np.float64) for name in known}
    return ScoreReport(weights=layer.score.weights, components=tuple(known), firmness=firmness(components, layer.score.weights))


def _before(then: Dated) -> pd.DataFrame:
    """Who was known then, and where they stood."""
    kept = [name for name in BEFORE if name in then.standing.columns]
    found = then.rows[["customer_id", "as_of"]].reset_index(drop=True)
    return pd.concat([found, then.standing.columns[kept].reset_index(drop=True)], axis=1).sort_values("customer_id")


def _alerts(now: Dated, then: Dated, manifest: Manifest) -> list[Alert]:
    tiers = now.standing.groups.tiers
    if tiers is None or "tier" not in then.standing.columns:
        return []
    place = {step.name: k for k, step in enumerate(tiers.steps)}
    was, is_now = (
        dated.rows.assign(tier=dated.standing.columns["tier"].map(place)).set_index("customer_id") for dated in (then, now)
    )
    names = [(step.name, step.in_chinese) for step in tiers.steps]
    counts = next(InputColumn.of(feature) for feature in manifest.features() if feature.name == tiers.counted.by)
    return alerts(was, is_now, tiers.counted, counts, names, (then.as_of, now.as_of), manifest.currency)


def _segment_figures(project: Project, manifest: Manifest, latest: pd.DataFrame) -> Iterator[SegmentFigure]:
    """Every figure of every segment and of all, on the snapshots of the last year or so."""
    for as_of in sorted(manifest.cohorts)[-FIGURE_DATES:]:
        rows = latest if as_of == manifest.scored_at else load_snapshot(project, as_of)
        table = pa.Table.from_pandas(rows.select_dtypes("number"), preserve_index=False)
        eligible = rows["not_eligible_because"].isna().to_numpy()
        place = np.full(len(rows), -1)
        if can_be_told(rows) and eligible.any():
            place[eligible] = segments(rows[eligible])
        for name, values in figure_values(table, manifest.horizon_days).items():
            for segment, members in _members(place):
                found = figure(name, values[members])
                if found is not None:
                    yield SegmentFigure(figure=name, segment=segment, as_of=as_of, **found.model_dump())


def _members(place: NDArray[np.intp]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    yield "all", np.ones(len(place), dtype=bool)
    for k, segment in enumerate(SEGMENTS):
        if (place == k).any():
            yield segment.name, place == k
