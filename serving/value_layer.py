"""The value layer of the last date: columns of the scored table, value.json, and alerts.parquet with who moved and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

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
from models.equity import Equity, Movement, customer_equity, equity_movement
from models.migration import Alert, alerts, migration_matrix
from models.score import COMPONENTS, firmness
from models.segments import SEGMENTS, can_be_told, segments
from models.standing import Groups, Layer, Standing, stand
from models.value import POTENTIAL, unrecorded_costs
from models.value_report import Grouping, ScoreReport, SegmentFigure, ValueReport, kinds_in, parts_of, places_of, totals
from serving.scorer import Scorer

Floats = NDArray[np.float64]
FIGURE_DATES = 13  # a year of monthly snapshots
REFERRED = "customers.referred_by"


@dataclass(frozen=True)
class ValueLayer:
    """The columns, one row per row of the snapshot, what is read about them, and who is in another tier than before."""

    standing: Standing
    report: ValueReport
    alerts: list[Alert]


def value_file(project: Project) -> Path:
    """Where the value report of a project is."""
    return project.folder / "value.json"


def alerts_file(project: Project) -> Path:
    """Where those who changed tiers are."""
    return project.folder / "alerts.parquet"


def gather_value_layer(
    project: Project, manifest: Manifest, scorer: Scorer, layer: Layer, snapshot: pd.DataFrame, numbers: pd.DataFrame
) -> ValueLayer:
    """`numbers` are the predictions for the rows of the snapshot of the last date, missing where she is not eligible."""
    now = standing(project, manifest, scorer, layer, snapshot, numbers, manifest.scored_at)
    before = a_horizon_ago(manifest)
    then = earlier = None
    if before is not None:
        earlier = load_snapshot(project, before)
        then = standing(project, manifest, scorer, layer, earlier, numbers_of(scorer, earlier), before, groups=now.groups)
    moved = list(_alerts(manifest, before, now, then, snapshot, earlier))
    report = _report(project, manifest, scorer, layer, now, then, snapshot, earlier, before, len(moved))
    return ValueLayer(now, report, moved)


def write_value_layer(project: Project, layer: ValueLayer) -> None:
    """value.json and alerts.parquet, each whole or not at all."""
    with whole_file(value_file(project)) as unfinished:
        unfinished.write_text(layer.report.model_dump_json(indent=1), encoding="utf-8")
    columns = {name: [getattr(one, name) for one in layer.alerts] for name in Alert.__dataclass_fields__}
    types = {"rose": pa.bool_(), "moved": pa.float64()}
    table = pa.table({name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()})
    with whole_file(alerts_file(project)) as unfinished:
        pq.write_table(table, unfinished)


def numbers_of(scorer: Scorer, snapshot: pd.DataFrame) -> pd.DataFrame:
    """The predictions for all rows of a snapshot, missing where she is not eligible."""
    eligible = snapshot[snapshot["not_eligible_because"].isna()]
    return scorer.numbers(eligible).reindex(snapshot.index)


def standing(
    project: Project,
    manifest: Manifest,
    scorer: Scorer,
    layer: Layer,
    snapshot: pd.DataFrame,
    numbers: pd.DataFrame,
    as_of: date,
    groups: Groups | None = None,
) -> Standing:
    """Where the customers of a date stand."""
    return stand(
        snapshot,
        numbers,
        clv=scorer.models["clv"].bundle if "clv" in scorer.models else None,
        brought=_brought(project, manifest, as_of),
        layer=layer,
        as_of=as_of,
        horizon_days=manifest.horizon_days,
        windows_days=manifest.words.windows_days,
        groups=groups,
    )


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


def _report(
    project: Project,
    manifest: Manifest,
    scorer: Scorer,
    layer: Layer,
    now: Standing,
    then: Standing | None,
    snapshot: pd.DataFrame,
    earlier: pd.DataFrame | None,
    before: date | None,
    moved: int,
) -> ValueReport:
    clv = scorer.models["clv"].bundle if "clv" in scorer.models else None
    recorded = manifest.words.has(REFERRED)
    return ValueReport(
        as_of=manifest.scored_at,
        before=before,
        horizon_days=layer.value.horizon_days,
        discount_rate_per_year=layer.value.discount_rate_per_year,
        unrecorded=tuple(unrecorded_costs(snapshot)),
        influence_unknown=None if recorded else "nobody records who brought whom (tables.customers.referred_by)",
        totals=totals(now.columns),
        equity=_equity(now.columns, clv) if clv else None,
        movement=_movement(now, then, snapshot, earlier) if clv and then is not None and earlier is not None else None,
        tiers_by=now.groups.tiers.by if now.groups.tiers else None,
        groupings=tuple(_groupings(now, then, snapshot, earlier)),
        score=_score(now.columns, layer),
        alerts=moved,
        figures=tuple(_segment_figures(project, manifest, snapshot)),
    )


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


def _movement(now: Standing, then: Standing, snapshot: pd.DataFrame, earlier: pd.DataFrame) -> Movement:
    """Who is in a stage that counts as lost has left; who was in one before was not lost since."""
    was, is_now = (
        pd.Series(standing.columns[POTENTIAL].to_numpy(), index=rows["customer_id"].astype(str))
        for standing, rows in ((then, earlier), (now, snapshot))
    )
    left, had_left = (
        pd.Series(_is_lost(standing), index=rows["customer_id"].astype(str))
        for standing, rows in ((now, snapshot), (then, earlier))
    )
    left &= ~had_left.reindex(left.index).fillna(False).astype(bool)
    return equity_movement(was, is_now, left)


def _is_lost(standing: Standing) -> NDArray[np.bool_]:
    lost = [stage.name for stage in standing.groups.stages if stage.is_lost]
    if "life_stage" not in standing.columns:
        return np.zeros(len(standing.columns), dtype=bool)
    return standing.columns["life_stage"].isin(lost).to_numpy()


def _groupings(
    now: Standing, then: Standing | None, snapshot: pd.DataFrame, earlier: pd.DataFrame | None
) -> Iterator[Grouping]:
    ids = snapshot["customer_id"].astype(str)
    for kind in kinds_in(now.columns):
        matrix = None
        if then is not None and earlier is not None and kind in then.columns:
            was = places_of(then.columns, earlier["customer_id"].astype(str).tolist(), kind, now.groups)
            is_now = places_of(now.columns, ids.tolist(), kind, now.groups)
            parts = len(parts_of(kind, now.columns.head(0), now.groups))
            matrix = tuple(tuple(row) for row in migration_matrix(was, is_now, parts).tolist())
        yield Grouping(kind=kind, parts=parts_of(kind, now.columns, now.groups), migration=matrix)


def _score(columns: pd.DataFrame, layer: Layer) -> ScoreReport | None:
    known = [name for name in COMPONENTS if f"score_{name}" in columns]
    if not known:
        return None
    rows = columns[columns[f"score_{known[0]}"].notna()]
    components = {name: rows[f"score_{name}"].to_numpy(dtype=np.float64) for name in known}
    return ScoreReport(weights=layer.score.weights, components=tuple(known), firmness=firmness(components, layer.score.weights))


def _alerts(
    manifest: Manifest,
    before: date | None,
    now: Standing,
    then: Standing | None,
    snapshot: pd.DataFrame,
    earlier: pd.DataFrame | None,
) -> list[Alert]:
    tiers = now.groups.tiers
    if before is None or then is None or earlier is None or tiers is None or "tier" not in then.columns:
        return []
    place = {step.name: k for k, step in enumerate(tiers.steps)}
    was, is_now = (
        frame.assign(tier=standing.columns["tier"].map(place)).set_index("customer_id")
        for frame, standing in ((earlier, then), (snapshot, now))
    )
    names = [(step.name, step.in_chinese) for step in tiers.steps]
    return alerts(was, is_now, tiers.by, names, (before, manifest.scored_at), manifest.currency)


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
