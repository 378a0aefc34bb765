"""Does the customer score order what customers then brought? Asked on the judged date, whose outcomes no model has seen."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls

from features.command import step
from features.outputs import whole_file
from features.problems import BadInput
from features.project import Project
from features.snapshots import Manifest, load_manifest
from models.bundle import CHURN
from models.recipes import possible
from models.registry import Registered, champion
from models.value.score import customer_score, percentiles, score_components
from models.value.score_evaluation import ScoreEvaluation, score_file
from models.value.segments import can_be_told, rfm_fifths
from models.value.settings import Layer
from models.value.worth import periods_ahead
from training.frame import Frame, training_frame
from training.judging.metrics import gini_normalized, spearman, top_decile_capture
from training.judging.resampling import judged_beside

Floats = NDArray[np.float64]
FIGURES = (gini_normalized, spearman, top_decile_capture)


def back_test_score(project: Project, layer: Layer) -> ScoreEvaluation:
    """The score of the judged customers beside what they then brought, net of costs; written to score.json.

    The models that value and loyalty need are the champions, which had seen no outcome from that date on. Raises BadInput
    where there is no champion for value, or where the customers of the judged date were split between learning and judging.
    """
    manifest = load_manifest(project)
    clv = champion(project.name, "clv")
    churn = champion(project.name, "churn") if "churn" in possible(manifest) else None
    _refuse_informed(clv, *([churn] if churn else []))
    with step(f"back-testing the customer score on {clv.bundle.contract.roles.judge}"):
        found = _judged(project, manifest, layer, clv, churn)
    with whole_file(score_file(project)) as unfinished:
        unfinished.write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return found


def back_test_in_passing(project: Project, layer: Layer) -> None:
    """The same after training; why it cannot be done is said and no error."""
    if "clv" not in possible(load_manifest(project)):
        return
    try:
        print("\n".join(f"  {line}" for line in back_test_score(project, layer).verdict))
    except BadInput as bad:
        print("\n".join(f"  {problem}" for problem in bad.problems))


def _judged(project: Project, manifest: Manifest, layer: Layer, clv: Registered, churn: Registered | None) -> ScoreEvaluation:
    as_of = clv.bundle.contract.roles.judge
    if as_of not in manifest.cohorts:
        raise BadInput(
            f"the customer score cannot be back-tested: {clv.label} was judged on {as_of}, of which there is no "
            "snapshot any more; train again and promote"
        )
    asked = training_frame(project, manifest, "clv", (as_of,))
    kept = np.maximum(asked.outcomes[:, 0], 0)  # who only gave goods back brought nothing
    if kept.sum() <= 0:
        raise BadInput(f"the customers brought nothing in total after {as_of}: no order of them can be judged")
    expected = clv.bundle.predict(asked.rows).iloc[:, 0].to_numpy(dtype=np.float64)
    leaves = np.full(len(kept), np.nan)
    if churn is not None:
        leaves = churn.bundle.predict(asked.rows)[CHURN].to_numpy(dtype=np.float64)
    potential = expected * periods_ahead(clv.bundle, asked.rows, layer.value, as_of, leaves)
    components = score_components(asked.rows, potential, leaves)
    rivals = {"clv": expected, "learned": learned_order(components, kept, asked)}
    if can_be_told(asked.rows):
        rivals["rfm"] = rfm_order(asked.rows)
    beside = judged_beside(
        FIGURES, kept, customer_score(components, layer.score.weights), rivals, seed=clv.bundle.contract.seed
    )
    return ScoreEvaluation(
        judged_at=as_of,
        customers=len(asked.rows),
        weights=layer.score.weights,
        learned_weights=learned_weights(components, kept),
        metrics={"score": beside.ours, **beside.rivals},
        models={"clv": clv.label} | ({"churn": churn.label} if churn else {}),
    )


def rfm_order(rows: pd.DataFrame) -> Floats:
    """The usual RFM score: the fifths of recency, frequency and net spend added up, 3 to 15."""
    total: Floats = np.sum(rfm_fifths(rows), axis=0).astype(np.float64)
    return total


def learned_weights(components: Mapping[str, Floats], kept: Floats) -> dict[str, float]:
    """Weights, none below 0 and together 1, whose sum comes nearest to the percentile of what was kept (least squares)."""
    design = np.column_stack([part - part.mean() for part in components.values()])
    ranks = percentiles(kept)
    weights, _ = nnls(design, ranks - ranks.mean())
    if weights.sum() <= 0:
        weights = np.ones(len(weights))
    return dict(zip(components, map(float, weights / weights.sum()), strict=True))


def learned_order(components: Mapping[str, Floats], kept: Floats, asked: Frame) -> Floats:
    """The score of each half of the customers with the weights that the other half teaches."""
    half = np.array([crc32(f"half {customer}".encode()) % 2 for customer in asked.customer_id], dtype=bool)
    found = np.zeros(len(kept))
    for own in (half, ~half):
        if own.all() or not own.any():
            return np.full(len(kept), 50.0)
        weights = learned_weights({name: part[~own] for name, part in components.items()}, kept[~own])
        found[own] = customer_score({name: part[own] for name, part in components.items()}, weights)
    return found


def _refuse_informed(*models: Registered) -> None:
    """Models that may have seen what the score is judged by."""
    if len(dates := {model.bundle.contract.roles.judge for model in models}) > 1:
        raise BadInput(
            "the customer score cannot be back-tested: its models were judged on different dates, "
            f"{' and '.join(map(str, sorted(dates)))}, so that one may have learned from what the other is judged "
            "by; train both and promote what waits (python -m training promote)"
        )
    for model in models:
        if "judgement" in model.bundle.contract.roles.split_by_customers:
            raise BadInput(
                f"the customer score cannot be back-tested: {model.label} has learned from the judged date, whose customers "
                "were split because no later date has outcomes"
            )
