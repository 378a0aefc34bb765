"""What the service says of itself: which models answer, how they did, how old the snapshot is, and what is wrong."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from serving.answers.examples import CARDS, HEALTH

Snapshot = Annotated[date, Meta(description="the date before which the customers of the service are known")]
Code = Literal["registry_unavailable", "not_taken_over", "snapshots_outdated"]


class ModelCard(Struct, frozen=True):
    """Which model speaks for a task, and how it did on the date it was judged."""

    version: Annotated[str, Meta(description="its registered name and version")]
    hash: Annotated[str, Meta(description="the content hash of its bundle, 16 hex digits")]
    target: Annotated[dict[str, str], Meta(description="by number, what it predicts, in words")]
    horizon_days: Annotated[int, Meta(description="days ahead that its numbers are about")]
    other_horizons_days: Annotated[tuple[int, ...], Meta(description="further days ahead for which churn is answered")]
    not_predicted: Annotated[dict[str, str], Meta(description="by label, what it gives no number for, and why, in words")]
    judged_at: Annotated[date, Meta(description="the date on which it was judged, once")]
    fitted_on: Annotated[tuple[date, ...], Meta(description="the dates whose snapshots it was fitted on")]
    customers_split_for: Annotated[
        tuple[str, ...],
        Meta(
            description="the steps (tuning, calibration, judgement) for which customers were split because no later date has "
            "outcomes: their figures do not show how the model does next time"
        ),
    ]
    metrics: Annotated[
        dict[str, dict[str, float]], Meta(description="by number and figure of docs/glossary.md, how it did on the judged date")
    ]
    features: Annotated[tuple[str, ...], Meta(description="the columns it reads, in its order; /v1/inputs says what they are")]
    contract: Annotated[dict[str, Any], Meta(description="all of its contract: inputs, outputs, settings, dates, hashes")]


class NotTaken(Struct, frozen=True):
    """Why what the registry or the disk has now was not taken over."""

    at: Annotated[str, Meta(description="since when this is so, ISO 8601, UTC")]
    because: Annotated[str, Meta(description="what is wrong, in words")]
    code: Annotated[Code, Meta(description="the same for programs, as in `codes` of /v1/health")]


class Cards(Struct, frozen=True):
    """What answers: a card for each model, the snapshot, and since when."""

    models: Annotated[dict[str, ModelCard], Meta(description="by task: churn, clv, propensity, as many as there are")]
    snapshot: Snapshot
    customers: Annotated[int | None, Meta(description="how many customers the snapshot has; null where none is at hand")]
    since: Annotated[str, Meta(description="since when these answer, ISO 8601, UTC")]
    swaps: Annotated[int, Meta(description="how often others have taken their place since the start of this process")]
    refused: Annotated[NotTaken | None, Meta(description="what was not taken over; null where all is as it should be")]


class Health(Struct, frozen=True):
    """Whether all is as it should be; answers are given in either case."""

    status: Annotated[
        Literal["ready", "degraded"], Meta(description="degraded where something is wrong, which codes and because say")
    ]
    because: Annotated[list[str], Meta(description="what is wrong, in words")]
    codes: Annotated[
        list[Code],
        Meta(
            description="the same for programs, in the same order: registry_unavailable, not_taken_over (something new failed "
            "its checks), snapshots_outdated (made from other data, settings or code)"
        ),
    ]
    models: Annotated[dict[str, str], Meta(description="by task, the version and content hash of the model that answers")]
    snapshot: Snapshot
    snapshot_age_days: Annotated[
        int, Meta(description="days from the snapshot to today, by the clock of the service in the company's time zone")
    ]


CardsSaid = Annotated[Cards, Meta(examples=[CARDS])]
HealthSaid = Annotated[Health, Meta(examples=[HEALTH])]
