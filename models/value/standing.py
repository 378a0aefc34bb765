"""Where every customer stands on a date: value, score, tier, life stage, quadrant and segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.problems import BadConfig, nearest
from models.bundle import CHURN, Bundle
from models.tiers import Tiers
from models.value.life_stages import life_stages, stages_of
from models.value.quadrants import QUADRANTS, Quadrants
from models.value.score import customer_score, score_components
from models.value.segments import SEGMENTS, can_be_told, rfm_fifths, segments
from models.value.settings import Layer, Stage, ValueSettings
from models.value.worth import (
    AT_RISK,
    INFLUENCE,
    LIFETIME,
    POTENTIAL,
    REALISED,
    influence_value,
    keeping_cost,
    periods_ahead,
    realised_value,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
SCORE = "customer_score"
ABOUT = ("customer_id", "as_of", "not_eligible_because")  # columns of a snapshot that are no features
RFM_FIFTHS = ("rfm_recency", "rfm_frequency", "rfm_monetary")
GROUPS = ("tier", "life_stage", "quadrant", "rfm_segment")


@dataclass(frozen=True)
class Groups:
    """How a company's customers are told apart on a date, so that those of another date can be put beside them."""

    tiers: Tiers | None
    stages: tuple[Stage, ...]
    quadrants: Quadrants | None
    score_columns: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """One row per row of the snapshot: the columns of the value layer, and what they were put into groups by."""

    columns: pd.DataFrame
    groups: Groups


def stand(
    snapshot: pd.DataFrame,
    numbers: pd.DataFrame,
    *,
    clv: Bundle | None,
    brought: pd.DataFrame | None,
    layer: Layer,
    as_of: date,
    horizon_days: int,
    windows_days: Sequence[int],
    groups: Groups | None = None,
) -> Standing:
    """The value layer of all known customers of a date.

    `snapshot` has customer_id, not_eligible_because and the features, `numbers` the predictions for the same rows, missing
    where she is not eligible; `brought` says who brought whom, where that is recorded. `groups` are those of another date;
    without them they are fitted on the eligible customers of this one. Money is in the project's currency.
    """
    eligible = snapshot["not_eligible_because"].isna().to_numpy()
    churn = _of(numbers, CHURN)
    columns = _values(snapshot, numbers, clv, brought, layer.value, as_of, churn)
    components = _components(snapshot, columns, eligible, churn)
    for name, part in components.items():
        columns[f"score_{name}"] = part
    if components:
        columns[SCORE] = np.nan
        known = {name: part[eligible] for name, part in components.items()}
        columns.loc[eligible, SCORE] = customer_score(known, layer.score.weights)
    for name in groups.score_columns if groups else ():
        if name not in columns:  # on another date nothing told of it
            columns[name] = np.nan
    profit = _profit(columns)
    loyalty = components.get("loyalty", np.full(len(snapshot), np.nan))
    groups = groups or _groups(snapshot, eligible, columns, profit, loyalty, layer, horizon_days, windows_days)
    found = _grouped(snapshot, numbers, columns, eligible, groups, profit, loyalty)
    return Standing(found, groups)


def _values(
    snapshot: pd.DataFrame,
    numbers: pd.DataFrame,
    clv: Bundle | None,
    brought: pd.DataFrame | None,
    settings: ValueSettings,
    as_of: date,
    churn: Floats,
) -> pd.DataFrame:
    realised = realised_value(snapshot)
    found = pd.DataFrame({REALISED: realised}, index=snapshot.index)
    lifetime = realised
    if clv is not None:
        (output,) = clv.contract.outputs
        periods = periods_ahead(clv, snapshot, settings, as_of, churn)
        expected = numbers[output.name].to_numpy(dtype=np.float64)
        potential = expected * periods
        found[POTENTIAL] = potential
        if clv.intervals is not None:
            percent = round(clv.intervals.coverage * 100)
            for end in ("lower", "upper"):
                found[f"{POTENTIAL}_{end}_{percent}"] = numbers[f"{output.name}_{end}_{percent}"] * periods
        found[AT_RISK] = churn * expected
        kept = keeping_cost(snapshot, clv.contract.horizon_days, periods)
        lifetime = np.nan_to_num(realised) + potential - kept
        found[LIFETIME] = lifetime
    worth = np.where(np.isnan(lifetime), realised, lifetime)
    if brought is not None and not np.isnan(worth).all():
        found[INFLUENCE] = influence_value(snapshot["customer_id"].to_numpy(dtype=str), brought, worth)
    return found


def _components(snapshot: pd.DataFrame, columns: pd.DataFrame, eligible: Bools, churn: Floats) -> dict[str, Floats]:
    """The components of the score, among the eligible customers; missing for the others."""
    rows = snapshot[eligible]
    value = columns[POTENTIAL if POTENTIAL in columns else REALISED].to_numpy(dtype=np.float64)[eligible]
    found = {}
    for name, part in score_components(rows, value, churn[eligible]).items():
        found[name] = np.full(len(snapshot), np.nan)
        found[name][eligible] = part
    return found


def _profit(columns: pd.DataFrame) -> Floats:
    """Lifetime value, where it is not known the realised one."""
    realised = columns[REALISED].to_numpy(dtype=np.float64)
    if LIFETIME not in columns:
        return realised
    lifetime = columns[LIFETIME].to_numpy(dtype=np.float64)
    return np.where(np.isnan(lifetime), realised, lifetime)


def _groups(
    snapshot: pd.DataFrame,
    eligible: Bools,
    columns: pd.DataFrame,
    profit: Floats,
    loyalty: Floats,
    layer: Layer,
    horizon_days: int,
    windows_days: Sequence[int],
) -> Groups:
    _refuse_what_cannot_be_counted(snapshot, eligible, layer.tiers.by)
    return Groups(
        tiers=Tiers.fit(snapshot[eligible], layer.tiers) if eligible.any() else None,
        stages=stages_of(layer.life_stages, list(snapshot.columns), horizon_days, windows_days),
        quadrants=Quadrants.fit(profit[eligible], loyalty[eligible], layer.quadrants) if eligible.any() else None,
        score_columns=tuple(name for name in map(str, columns) if name.startswith("score_") or name == SCORE),
    )


def _refuse_what_cannot_be_counted(snapshot: pd.DataFrame, eligible: Bools, by: str | None) -> None:
    features = [str(name) for name in snapshot.columns if name not in ABOUT]
    if by is None:
        return
    if by not in features:
        raise BadConfig(f"tiers.by = {by!r}: no such feature; {nearest(by, features)}")
    if snapshot.loc[eligible, by].isna().all():
        raise BadConfig(f"tiers.by = {by!r}: no eligible customer has it, so nobody can be put into a tier by it")


def _grouped(
    snapshot: pd.DataFrame,
    numbers: pd.DataFrame,
    columns: pd.DataFrame,
    eligible: Bools,
    groups: Groups,
    profit: Floats,
    loyalty: Floats,
) -> pd.DataFrame:
    """Everybody in exactly one of each kind of group that can be told; segments are those of eligible customers."""
    found = columns.copy()
    if groups.tiers is not None:
        names = np.array([step.name for step in groups.tiers.steps], dtype=object)
        found["tier"] = names[np.maximum(groups.tiers.of(snapshot), 0)]  # of whom nothing is known is at the foot
    if groups.quadrants is not None:
        names = np.array([one.name for one in QUADRANTS], dtype=object)
        found["quadrant"] = names[groups.quadrants.of(profit, loyalty)]
    if can_be_told(snapshot):
        names = np.array([one.name for one in SEGMENTS], dtype=object)
        found["rfm_segment"] = pd.Series([None] * len(found), index=found.index, dtype=object)
        for name in RFM_FIFTHS:
            found[name] = np.nan
    if can_be_told(snapshot) and eligible.any():
        for name, fifth in zip(RFM_FIFTHS, rfm_fifths(snapshot[eligible]), strict=True):
            found.loc[eligible, name] = fifth
        found.loc[eligible, "rfm_segment"] = names[segments(snapshot[eligible])]
    if groups.stages:
        names = np.array([stage.name for stage in groups.stages], dtype=object)
        found["life_stage"] = names[life_stages(_scored_table(snapshot, numbers, found), groups.stages)]
    return found[[*columns.columns, *(name for name in (*GROUPS, *RFM_FIFTHS) if name in found)]]


def _scored_table(snapshot: pd.DataFrame, numbers: pd.DataFrame, columns: pd.DataFrame) -> pa.Table:
    """What conditions of the mapping file may speak of: ids, features, predictions and the columns of the value layer."""
    snapshot = snapshot.assign(eligible=snapshot["not_eligible_because"].isna())
    parts = [snapshot.reset_index(drop=True), numbers.reset_index(drop=True), columns.reset_index(drop=True)]
    return pa.Table.from_pandas(pd.concat(parts, axis=1), preserve_index=False)


def _of(numbers: pd.DataFrame, name: str) -> Floats:
    return numbers[name].to_numpy(dtype=np.float64) if name in numbers else np.full(len(numbers), np.nan)
