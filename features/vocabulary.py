"""The words a company's own data brings to its features: main categories, kinds, channels, instruments and levels.

They are those most customers had before the first snapshot, so that no later row can change them. Attributes hold at any
time and are counted over all customers; of the four instruments each has features that is answered at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import ibis

from features.feature import Words, slug
from features.known import KNOWN_DAY, with_days
from features.problems import BadConfig, nearest
from features.project import FeaturesSection, Project
from features.tables import SCALES

Tables = Mapping[str, ibis.Table]
WORDS_LOOKED_AT = 10_000


def choose_words(project: Project, tables: Tables, before: date) -> Words:
    """The words of a project. Raises BadConfig for configured ones that no row has, or that share a column name."""
    settings = project.features
    customers = tables.get("customers")
    mapped = {name: tuple(table.columns) for name, table in tables.items()}
    mapping: Any = project.mappings().get("customers")
    return Words(
        windows_days=settings.windows_days,
        horizon_days=project.project.horizon_days,
        mapped=mapped,
        categories=_categories(settings, tables, before),
        kinds=_kinds(settings, tables, before),
        channels=_channels(settings, tables, before),
        instruments=_instruments(tables),
        numeric=tuple(mapping.numeric) if mapping else (),
        levels={
            name: _distinct_slugs(f"tables.customers.categorical.{name}", _most_common(customers, name, settings))
            for name in (mapping.categorical if mapping else ())
        },
        families=settings.families,
    )


def _categories(settings: FeaturesSection, tables: Tables, before: date) -> tuple[str, ...]:
    orders, wanted = tables.get("orders"), settings.main_categories
    if orders is None or "category" not in orders.columns:
        if wanted:
            raise BadConfig("features.main_categories is set, but tables.orders.category is not mapped")
        return ()
    if wanted:
        _refuse_unknown("features.main_categories", "no order has category", wanted, orders.category)
        return _distinct_slugs("tables.orders.category", wanted)
    chosen = _most_had(orders.filter(orders.amount > 0), "category", before, settings.main_category_count)
    return _distinct_slugs("tables.orders.category", chosen)


def _kinds(settings: FeaturesSection, tables: Tables, before: date) -> tuple[str, ...]:
    interactions, wanted = tables.get("interactions"), settings.main_kinds
    if interactions is None:
        if wanted:
            raise BadConfig("features.main_kinds is set, but tables.interactions is not mapped")
        return ()
    if wanted:
        _refuse_unknown("features.main_kinds", "no interaction has kind", wanted, interactions.kind)
        return _distinct_slugs("tables.interactions.kind", wanted)
    chosen = _most_had(interactions, "kind", before, settings.main_kind_count)
    return _distinct_slugs("tables.interactions.kind", chosen)


def _channels(settings: FeaturesSection, tables: Tables, before: date) -> tuple[str, ...]:
    chosen = _most_had(tables.get("interactions"), "channel", before, settings.main_channel_count)
    return _distinct_slugs("tables.interactions.channel", chosen)


def _instruments(tables: Tables) -> tuple[str, ...]:
    if "surveys" not in tables:
        return ()
    present = set(tables["surveys"].instrument.topk(len(SCALES)).execute()["instrument"].dropna())
    return tuple(name for name in SCALES if name in present)


def _most_had(table: ibis.Table | None, column: str, before: date, count: int) -> tuple[str, ...]:
    """The words of a column that most customers had in rows known before a date."""
    if table is None:
        return ()
    rows = with_days(table)
    known = rows.filter(rows[column].notnull() & (rows[KNOWN_DAY] < ibis.literal(before)))
    customers = known.group_by(column).agg(customers=known.customer_id.nunique())
    ranked = customers.order_by(ibis.desc("customers"), column).limit(count).execute()
    return tuple(ranked[column])


def _most_common(customers: ibis.Table | None, name: str, settings: FeaturesSection) -> tuple[str, ...]:
    assert customers is not None
    filled = customers.filter(customers[name].notnull())
    counts = filled.group_by(name).agg(rows=filled.count())
    found = counts.order_by(ibis.desc("rows"), name).limit(settings.main_level_count).execute()[name]
    return tuple(sorted(found))  # in an order that more customers do not change, or all snapshots would be made again


def _refuse_unknown(key: str, said: str, wanted: tuple[str, ...], column: ibis.Value) -> None:
    present = set(column.topk(WORDS_LOOKED_AT).execute()[column.get_name()].dropna())
    unknown = [word for word in wanted if word not in present]
    if unknown:
        raise BadConfig([f"{key}: {said} '{word}'; {nearest(word, present)}" for word in unknown])


def _distinct_slugs(key: str, words: tuple[str, ...]) -> tuple[str, ...]:
    slugs = [slug(word) for word in words]
    if clash := {name for name in slugs if slugs.count(name) > 1 or not name}:
        raise BadConfig(f"{key}: the words {words} share the column name {sorted(clash)}; rename one in the mapping")
    return words
