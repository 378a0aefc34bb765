"""Model cards: which versions answer, what they predict and what not, and how they did."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from models.registry import Registered
from serving.answers.champions import Champions
from serving.answers.release import Release
from serving.answers.state import Cards, Code, Health, ModelCard
from serving.live.watch import Live


def cards(live: Live) -> Cards:
    """One for each model, and what has been taken over or refused since the start."""
    champions = live.champions
    return Cards(
        models=model_cards(champions),
        snapshot=champions.release.scored_at,
        customers=len(champions.customers.place) if champions.customers else None,
        since=live.since,
        swaps=live.swaps,
        refused=live.refused,
    )


def model_cards(champions: Champions) -> dict[str, ModelCard]:
    """What is to be known about each model."""
    return {task: _card(model) for task, model in champions.release.scorer.models.items()}


def health(live: Live) -> Health:
    """Whether all is as it should be."""
    release, wrong = live.champions.release, list[tuple[str, Code]]()
    if live.refused:
        wrong.append((live.refused.because, live.refused.code))
    if release.remark:
        wrong.append((release.remark, "snapshots_outdated"))
    return Health(
        status="degraded" if wrong else "ready",
        because=[because for because, _ in wrong],
        codes=[code for _, code in wrong],
        models=live.champions.versions,
        snapshot=release.scored_at,
        snapshot_age_days=age_days(release, datetime.now(UTC)),
    )


def age_days(release: Release, now: datetime) -> int:
    """Days from the snapshot to the day it is where the company is."""
    return (now.astimezone(ZoneInfo(release.project.source.time_zone)).date() - release.scored_at).days


def _card(model: Registered) -> ModelCard:
    bundle = model.bundle
    contract, evaluation = bundle.contract, bundle.evaluation
    return ModelCard(
        version=f"{model.name} v{model.version}",
        hash=model.hash,
        target={output.name: output.target for output in contract.outputs},
        horizon_days=contract.horizon_days,
        other_horizons_days=bundle.other_horizons_days,
        not_predicted=contract.unpredictable,
        judged_at=evaluation.judged_at,
        fitted_on=contract.roles.fitted_on,
        customers_split_for=tuple(contract.roles.split_by_customers),
        metrics={
            name: {metric: figure.value for metric, figure in output.metrics.items()}
            for name, output in evaluation.outputs.items()
        },
        features=tuple(contract.features),
        contract=contract.model_dump(mode="json"),
    )
