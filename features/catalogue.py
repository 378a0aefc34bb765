"""Every feature of a project, in column order, and the facts they are computed from.

One family is one file: what its features mean and how they are defined, and how raw rows become its facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import ibis

from features.definitions import OVER_FACTS, OverFacts, columns_read, facts_of
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
from features.known import FACT_KEY
from features.orders import first_facts, order_facts
from features.problems import BadConfig, nearest

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


# How the facts of a name are made from the tables.
FACTS: dict[str, Callable[[Tables, Words], ibis.Table]] = {
    "orders": lambda tables, words: order_facts(tables["orders"], words),
    "firsts": lambda tables, _: first_facts(tables["orders"]),
    "price_rises": lambda tables, _: price_rise_facts(tables["orders"]),
    "comebacks": lambda tables, _: comeback_facts(tables["orders"], tables.get("interactions")),
    "subscriptions": lambda tables, _: subscription_facts(tables["subscriptions"]),
    "interactions": lambda tables, words: interaction_facts(tables["interactions"], words),
    "resolutions": lambda tables, _: resolution_facts(tables["interactions"]),
    "treatments": lambda tables, _: treatment_facts(tables["treatments"]),
    "surveys": lambda tables, words: survey_facts(tables["surveys"], words),
    "profile": lambda tables, words: profile_facts(tables["customers"], words),
    "referrals": lambda tables, _: referral_facts(tables["customers"]),
}


def catalogue(words: Words) -> tuple[Feature, ...]:
    """The features of a project, in column order: those whose raw columns are mapped and whose family is wanted."""
    wanted = words.families
    return tuple(f for f in _possible(words) if not f.is_step and (wanted is None or f.family in wanted))


def steps_and_features(words: Words) -> tuple[Feature, ...]:
    """What has to be computed for the catalogue, each after what it follows from. Raises ValueError where that is nowhere."""
    wanted = {feature.name for feature in catalogue(words)}
    needed = set(wanted)
    computed = []
    for feature in reversed(_possible(words)):
        if feature.name in needed:
            needed.update(columns_read(feature.definition))
            computed.append(replace(feature, is_wanted=feature.name in wanted))
    if absent := needed - {feature.name for feature in computed}:
        raise ValueError(f"features follow from {', '.join(sorted(absent))}: no feature and no step before them")
    return tuple(reversed(computed))


def make_facts(features: tuple[Feature, ...], tables: Tables, words: Words) -> dict[str, ibis.Table]:
    """The facts that features are computed from, by name: rows of customer_id, `day` and `known_day` with their measures.

    Raises ValueError for a feature of a measure that is not there: `features` are ours, and the mistake is in a definition.
    """
    read: dict[str, OverFacts] = {f.name: f.definition for f in features if isinstance(f.definition, OVER_FACTS)}  # type: ignore[misc]
    named = dict.fromkeys(map(facts_of, read.values()))
    facts = {name: FACTS[name](tables, words) for name in named if name in FACTS}
    measures = [f"{name}.{column}" for name, rows in facts.items() for column in rows.columns if column not in FACT_KEY]
    for feature, definition in read.items():
        if definition.measure not in measures:
            hint = nearest(definition.measure, measures)
            raise ValueError(f"feature {feature}: no facts have the measure {definition.measure}; {hint}")
    return facts


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
