"""What may be sent to the service that answers: features of rows, tables and columns of events, changes of what-if."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from features.changes import HAPPENING, can_be_said, can_happen, known_values
from features.feature import Family, Unit, Words
from features.tables import CONTRACTS, Kind
from models.contract import Task
from serving.answers.champions import Champions
from serving.answers.examples import INPUTS

Needed = Annotated[bool, Meta(description="whether it has to be there and not null in every row")]


class FeatureSent(Struct, frozen=True):
    """A feature that a row of /v1/score_rows may have."""

    family: Annotated[Family, Meta(description="whose features these are")]
    unit: Annotated[Unit, Meta(description="the unit of its numbers; money is in the project's currency")]
    meaning: Annotated[str, Meta(description="what it is, with its window in days, English")]
    meaning_zh: Annotated[str, Meta(description="the same in Chinese")]
    models: Annotated[tuple[Task, ...], Meta(description="which models read it")]


class ColumnSent(Struct, frozen=True):
    """A column that a row of events or of a change may have."""

    kind: Annotated[Kind, Meta(description="text, a number, or a timestamp as ISO 8601 text")]
    needed: Needed
    meaning: Annotated[str, Meta(description="what it is")]
    values: Annotated[tuple[str, ...] | None, Meta(description="the only values it may have; null: any of its kind")] = None


class AttributeSent(Struct, frozen=True):
    """An attribute that a change of kind `set` may set."""

    kind: Annotated[Kind, Meta(description="text, or a number")]
    values: Annotated[tuple[str, ...] | None, Meta(description="the only values it may have; null: any of its kind")]


Columns = dict[str, ColumnSent]


class ChangesSent(Struct, frozen=True):
    """The changes that /v1/what_if takes."""

    add: Annotated[dict[str, Columns], Meta(description="by table and column, `values` of a change of kind `add`")]
    settle: Annotated[bool, Meta(description="whether open complaints can be settled, by a change of kind `settle`")]
    set: Annotated[dict[str, AttributeSent], Meta(description="by name, the attributes for changes of kind `set`")]


class Inputs(Struct, frozen=True):
    """Everything that this service takes, by its mapping file and its models. What is not listed is refused."""

    features: Annotated[
        dict[str, FeatureSent], Meta(description="by name, what `rows` of /v1/score_rows may have; none is needed")
    ]
    events: Annotated[
        dict[str, Columns],
        Meta(description="by table and column, what `events` of /v1/score_events may have; no table is needed"),
    ]
    changes: Annotated[ChangesSent, Meta(description="what `changes` of /v1/what_if may be")]


InputsSaid = Annotated[Inputs, Meta(examples=[INPUTS])]


def inputs(champions: Champions) -> Inputs:
    """Those of the champions of now."""
    release, words = champions.release, champions.release.words
    adds = {table: dict(_of_change(table, words)) for table in can_happen(words)}
    sets = {name: _attribute(name, words) for name in release.section.attributes}
    return Inputs(
        features=_features(champions),
        events={table: dict(_of_event(table, words)) for table in words.mapped if table != "identities"},
        changes=ChangesSent(add=adds, settle=words.has("interactions.resolved_at"), set=sets),
    )


def _features(champions: Champions) -> dict[str, FeatureSent]:
    models = champions.release.scorer.models
    columns = {column.name: column for model in models.values() for column in model.bundle.contract.inputs}
    readers = {task: set(model.bundle.contract.features) for task, model in models.items()}
    return {
        name: FeatureSent(
            family=column.family,
            unit=column.unit,
            meaning=column.meaning,
            meaning_zh=column.meaning_zh,
            models=tuple(task for task, read in readers.items() if name in read),
        )
        for name, column in columns.items()
    }


def _of_event(table: str, words: Words) -> Iterable[tuple[str, ColumnSent]]:
    """The customer is she who is asked about, and need not be named in her rows."""
    contract = {column.name: column for column in CONTRACTS[table].columns}  # type: ignore[index]
    for name in words.mapped[table]:
        if column := contract.get(name):
            needed = column.required and not column.nullable and name != "customer_id"
            yield name, ColumnSent(column.kind, needed, column.meaning)
        else:
            yield name, _further(table, name, words)


def _further(table: str, name: str, words: Words) -> ColumnSent:
    """A column that the mapping file names beyond the contract: an attribute of customers, or a given label."""
    if table != "customers":
        return ColumnSent("number", False, "1 where it happened, else 0")
    return ColumnSent("number" if name in words.numeric else "text", False, "an attribute of the customer")


def _of_change(table: str, words: Words) -> Iterable[tuple[str, ColumnSent]]:
    contract = {column.name: column for column in CONTRACTS[table].columns}  # type: ignore[index]
    limited, values = known_values(table, words)
    for name in can_be_said(table, words):
        column = contract[name]
        yield name, ColumnSent(column.kind, name in HAPPENING[table], column.meaning, values if name == limited else None)


def _attribute(name: str, words: Words) -> AttributeSent:
    return AttributeSent("number", None) if name in words.numeric else AttributeSent("text", words.levels[name])
