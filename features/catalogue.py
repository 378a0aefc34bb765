"""Every feature of a project, in column order, and the facts they are computed from.

One family is one file: what its features mean and how they are defined, and how raw rows become its facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import ibis

from features.definitions import OVER_FACTS, columns_read, facts_of
from features.families.calendar import calendar_features
from features.families.interactions import (
    interaction_facts,
    interaction_features,
    resolution_facts,
    treatment_facts,
    treatment_features,
)
from features.families.loyalty import comeback_facts, loyalty_features, price_rise_facts
from features.families.profile import profile_facts, profile_features, referral_facts, relationship_features
from features.families.rfm import rfm_features
from features.families.satisfaction import satisfaction_features, survey_facts
from features.families.subscriptions import subscription_facts, subscription_features
from features.feature import Feature, Words
from features.orders import first_facts, order_facts
from features.problems import BadConfig

Tables = Mapping[str, ibis.Table]

# Which table a company must bring for which features (None: any will do). Those may follow from features of the lines above.
FAMILIES: tuple[tuple[str | None, Callable[[Words], list[Feature]]], ...] = (
    ("orders", rfm_features),
    (None, calendar_features),
    ("subscriptions", subscription_features),
    ("interactions", interaction_features),
    ("treatments", treatment_features),
    ("surveys", satisfaction_features),
    ("orders", loyalty_features),
    ("customers", profile_features),
    ("customers", relationship_features),
)


@dataclass(frozen=True)
class FactsOf:
    """How facts are made: from which table (and which others, if they are there)."""

    table: str
    make: Callable[[Tables, Words], ibis.Table]


FACTS: dict[str, FactsOf] = {
    "orders": FactsOf("orders", lambda tables, words: order_facts(tables["orders"], words)),
    "firsts": FactsOf("orders", lambda tables, _: first_facts(tables["orders"])),
    "price_rises": FactsOf("orders", lambda tables, _: price_rise_facts(tables["orders"])),
    "comebacks": FactsOf("orders", lambda tables, _: comeback_facts(tables["orders"], tables.get("interactions"))),
    "subscriptions": FactsOf("subscriptions", lambda tables, _: subscription_facts(tables["subscriptions"])),
    "interactions": FactsOf("interactions", lambda tables, words: interaction_facts(tables["interactions"], words)),
    "resolutions": FactsOf("interactions", lambda tables, _: resolution_facts(tables["interactions"])),
    "treatments": FactsOf("treatments", lambda tables, _: treatment_facts(tables["treatments"])),
    "surveys": FactsOf("surveys", lambda tables, words: survey_facts(tables["surveys"], words)),
    "profile": FactsOf("customers", lambda tables, words: profile_facts(tables["customers"], words)),
    "referrals": FactsOf("customers", lambda tables, _: referral_facts(tables["customers"])),
}


def catalogue(words: Words) -> tuple[Feature, ...]:
    """The features of a project, in column order: those whose raw columns are mapped and whose family is wanted."""
    wanted = words.families
    return tuple(f for f in _possible(words) if not f.is_step and (wanted is None or f.family in wanted))


def steps_and_features(words: Words) -> tuple[Feature, ...]:
    """What has to be computed for the catalogue, each after what it follows from."""
    wanted = {feature.name for feature in catalogue(words)}
    needed = set(wanted)
    computed = []
    for feature in reversed(_possible(words)):
        if feature.name in needed:
            needed.update(columns_read(feature.definition))
            computed.append(replace(feature, is_wanted=feature.name in wanted))
    return tuple(reversed(computed))


def facts_needed(features: tuple[Feature, ...]) -> tuple[str, ...]:
    """The names of the facts that features are computed from."""
    return tuple(dict.fromkeys(facts_of(f.definition) for f in features if isinstance(f.definition, OVER_FACTS)))  # type: ignore[arg-type]


def make_facts(names: tuple[str, ...], tables: Tables, words: Words) -> dict[str, ibis.Table]:
    """The facts by name: rows of customer_id, `day` and `known_day` with their measures."""
    return {name: FACTS[name].make(tables, words) for name in names}


def _possible(words: Words) -> list[Feature]:
    features: dict[str, Feature] = {}
    for table, of_family in FAMILIES:
        if table is None or table in words.mapped:
            for feature in of_family(words):
                if all(words.has(need) for need in feature.needs):
                    _refuse_another(features.get(feature.name, feature), feature, table)
                    features.setdefault(feature.name, feature)
    return list(features.values())


def _refuse_another(there: Feature, feature: Feature, table: str | None) -> None:
    """Steps may be shared; two features of one name would be one column with the meaning of the first."""
    if there is not feature and not (feature.is_step and there == feature):
        raise BadConfig(
            f"two features would be called {feature.name}: '{there.meaning}' and, from tables.{table}, '{feature.meaning}'; "
            "rename the word of your data (the kind of interaction, the attribute) in the mapping"
        )
