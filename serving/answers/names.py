"""The names that answers can have, for programs to branch on, with what readers call them in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from features.cohort import rules
from features.feature import FAMILY_ZH
from features.tables import NO_ACTION
from models.contract import PROPENSITY_PREFIX
from models.value.life_stages import stages_of
from models.value.quadrants import QUADRANTS
from models.value.segments import SEGMENTS
from serving.answers.champions import UNKNOWN, Champions
from serving.answers.customers import Customers
from serving.answers.examples import NAMES
from serving.answers.messages import NotEligibleCode
from serving.report.translation import Chinese
from serving.scoring.what_next import PREFIX


class Named(Struct, frozen=True):
    """A name as answers have it, and what readers call it."""

    name: Annotated[str, Meta(description="as answers have it: stable as long as the mapping file keeps it")]
    label: Annotated[str, Meta(description="for readers, English")]
    label_zh: Annotated[str, Meta(description="for readers, Chinese")]


class NamedQuadrant(Struct, frozen=True):
    """A quadrant, and what it calls for."""

    name: Annotated[str, Meta(description="as answers have it")]
    label: Annotated[str, Meta(description="for readers, English")]
    label_zh: Annotated[str, Meta(description="for readers, Chinese")]
    strategy: Annotated[str, Meta(description="what it calls for, English")]
    strategy_zh: Annotated[str, Meta(description="the same in Chinese")]


class NotEligibleNamed(Struct, frozen=True):
    """A code of who is not eligible, and what is said of her."""

    name: Annotated[NotEligibleCode, Meta(description="as not_eligible_code has it")]
    label: Annotated[str, Meta(description="for readers, English")]
    label_zh: Annotated[str, Meta(description="for readers, Chinese")]


class Names(Struct, frozen=True):
    """Every name that stands in answers of this service. Groups are empty where no snapshot is at hand."""

    tiers: Annotated[list[Named], Meta(description="of standing.tier, the lowest first")]
    life_stages: Annotated[list[Named], Meta(description="of standing.life_stage, in the order in which they are asked")]
    quadrants: Annotated[list[NamedQuadrant], Meta(description="of standing.quadrant")]
    rfm_segments: Annotated[list[Named], Meta(description="of standing.rfm_segment")]
    actions: Annotated[list[Named], Meta(description="of next_action.action; none is to do nothing")]
    categories: Annotated[list[Named], Meta(description="keys of propensity; the label is as the company writes it")]
    families: Annotated[list[Named], Meta(description="of the family of a reason")]
    not_eligible: Annotated[list[NotEligibleNamed], Meta(description="of not_eligible_code")]


NamesSaid = Annotated[Names, Meta(examples=[NAMES])]


def names(champions: Champions) -> Names:
    """Those of the champions of now."""
    release, customers = champions.release, champions.customers
    scored = list(customers.scored.columns) if customers else []
    return Names(
        tiers=[Named(one.name, one.name, one.in_chinese) for one in release.layer.tiers.steps if "tier" in scored],
        life_stages=_stages(champions, customers) if customers else [],
        quadrants=[
            NamedQuadrant(one.name, one.name, one.name_zh, one.strategy, one.strategy_zh)
            for one in QUADRANTS
            if "quadrant" in scored
        ],
        rfm_segments=[Named(one.name, one.name, one.name_zh) for one in SEGMENTS if "rfm_segment" in scored],
        actions=[
            Named(NO_ACTION, "nothing", "无"),
            *(Named(action.name, action.said, action.said_zh) for action in release.actions),
        ],
        categories=_categories(champions),
        families=[Named(name, name, zh) for name, zh in FAMILY_ZH.items()],
        not_eligible=list(_not_eligible(champions)),
    )


def _stages(champions: Champions, customers: Customers) -> list[Named]:
    layer, words = champions.release.layer, champions.release.words
    stages = stages_of(layer.life_stages, list(customers.snapshot.columns), words.horizon_days, words.windows_days)
    return [Named(stage.name, stage.name, stage.in_chinese) for stage in stages]


def _categories(champions: Champions) -> list[Named]:
    propensity = champions.release.scorer.models.get("propensity")
    if propensity is None:
        return []
    spelt = {
        one.name.removeprefix(PROPENSITY_PREFIX): one.label.removeprefix(PREFIX) for one in propensity.bundle.contract.outputs
    }
    return [Named(key, name, name) for key, name in spelt.items()]


def _not_eligible(champions: Champions) -> Iterable[NotEligibleNamed]:
    yield NotEligibleNamed(UNKNOWN.code, UNKNOWN.because, "未知客户")
    yield NotEligibleNamed("not_known_yet", "not known before the date", "该日之前尚无此客户")
    chinese = Chinese({})
    for rule in rules(champions.release.project.cohort, champions.release.words):
        yield NotEligibleNamed(rule.code, rule.reason, chinese.say(rule.reason) or rule.reason)
    yield NotEligibleNamed("other", "not eligible by settings that have changed since", "依据此后已变更的设置，不符合条件")
