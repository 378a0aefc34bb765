"""What is worth doing: the plan, what else its money could do, and what finished campaigns brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow.compute as pc
import pyarrow.parquet as pq
from markupsafe import Markup

from features.project import Project
from features.records import read_record
from features.snapshots import Manifest
from features.tables import NO_ACTION
from models.actions.follow_up import CampaignResult, FollowUp, follow_up_file
from models.actions.plan_report import LostLine, PlanReport
from models.actions.settings import Action
from models.actions.uplift import Estimate, Evidence, Uplift, uplift_file
from models.plots import as_svg, gain_plot
from serving.plan import load_plan_report, plan_file, rests_on_one
from serving.report.model import Picture
from serving.report.wording import count, day, days, listed, money, percent, plain

BALANCE_SHOWN = 10
DAYS_SHOWN = 6  # of more only the first and the last are
PLANNED_SHOWN = 20
TREATED = {"nobody": "nobody", "everybody": "everybody", "largest effects": "the half with the largest predicted effect"}
GAP_SAID = 5e-8  # smaller ones are rounding
POLICIES = {
    "plan": "the plan",
    "nobody": "nobody",
    "everybody": "everybody, beyond the limits",
    "highest risk": "the highest risk of leaving first",
    "random": "in a random order",
}


@dataclass(frozen=True)
class ActionRow:
    """One action in the plan."""

    name: str
    basis: str
    assumed: bool
    effect: str
    cost_each: str
    capacity: str
    eligible: str
    customers: str
    cost: str
    gain: str


@dataclass(frozen=True)
class PlanPart:
    """Everything about the plan that the section shows."""

    tiles: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]
    assumed: bool
    actions: tuple[ActionRow, ...]
    policies: tuple[tuple[str, ...], ...]  # who is treated, customers, cost, expected gain, sure gain where some are measured
    has_measured: bool
    whom: tuple[tuple[str, str, str, str], ...]  # customer, action, cost, expected gain; the largest gain first
    curve: Picture
    curve_points: tuple[tuple[str, str, str], ...]
    lost: tuple[tuple[str, ...], ...]  # tier, customers, value at risk; in the plan, beyond its limits, not worth it
    chinese: dict[str, str]


@dataclass(frozen=True)
class CampaignRow:
    """One finished campaign."""

    action: str
    as_of: str
    iso: str
    treated: str
    withheld: str
    brought: str
    net: str
    seen: str
    controls: str


@dataclass(frozen=True)
class EffectRow:
    """What an action was measured to change."""

    action: str
    treated: str
    withheld: str
    points: str
    money: str
    differences: str
    tenths: tuple[tuple[str, str, str], ...]  # place, predicted, measured
    balance: tuple[tuple[str, str, str], ...]  # feature, how far apart, standard error by chance
    policies: tuple[tuple[str, str], ...]  # who is treated, what customers would bring on average


@dataclass(frozen=True)
class CampaignPart:
    """What trials taught."""

    campaigns: tuple[CampaignRow, ...]
    effects: tuple[EffectRow, ...]
    not_learned_from: tuple[str, ...]  # which actions and campaigns, and why, in sentences
    is_beyond: bool  # whether some campaign asks for more controls than there are customers
    chinese: dict[str, str]


def gather_plan(project: Project, manifest: Manifest, models: Mapping[str, str]) -> PlanPart | None:
    """The plan of the last date by the models that answer; None where nobody has planned so."""
    report = load_plan_report(project, manifest.scored_at, models)
    if report is None:
        return None
    currency = report.currency
    budget = money(report.budget, currency) if report.budget is not None else "no limit"
    tiles = (
        (count(report.treated), "customers in the plan"),
        (money(report.cost, currency), "spent"),
        (money(report.expected_gain, currency), f"expected gain within {report.horizon_days} days, net of cost"),
        (budget, "budget"),
    )
    bound = money(report.bound, currency)
    missed = f"; at most {100 * report.gap:.5f} % of it is missed" if report.gap >= GAP_SAID else ""
    sentences = [f"By these numbers no plan within the limits gains more than {bound}{missed}."]
    has_measured = report.rests_on_measured
    if has_measured:
        sure = f"it gains {money(report.sure_gain, currency)}"
        sentences = [
            f"The plan is made by what each measured effect exceeds with a chance of nine in ten: so counted, {sure}.",
            f"So counted, no plan within the limits can gain more than {bound}{missed}.",
        ]
    if rests_on_one(report):
        share = percent(report.largest_gain / report.expected_gain, 0)
        sentences.append(f"One customer brings {share} of the expected gain: plan.parquet says who.")
    if report.budget is not None:
        sentences.append(f"The next {money(report.next_money, currency)} would gain {money(report.next_gain, currency)}.")
    title = "What more money would gain"
    picture = gain_plot([(one.budget, one.sure_gain) for one in report.curve], report.cost, unit=currency)
    svg = Markup(as_svg(picture, name="gain-curve", label=title))
    return PlanPart(
        tiles=tiles,
        sentences=tuple(sentences),
        assumed=report.assumed,
        actions=tuple(
            ActionRow(
                name=one.label,
                basis=one.basis,
                assumed=one.basis == "assumed",
                effect=percent(one.effect, 0) if one.effect is not None else "-",
                cost_each=money(one.cost_each, currency),
                capacity=count(one.capacity) if one.capacity is not None else "-",
                eligible=count(one.eligible),
                customers=count(one.customers),
                cost=money(one.cost, currency),
                gain=money(one.expected_gain, currency),
            )
            for one in report.actions
        ),
        policies=tuple(
            (
                POLICIES[one.name],
                count(one.customers),
                *(money(amount, currency) for amount in (one.cost, one.expected_gain, one.sure_gain)),
            )
            for one in report.policies
        ),
        has_measured=has_measured,
        whom=tuple(_whom(project, report)),
        curve=Picture(
            svg, title, "The dot is the plan. Measured effects count with what they exceed with a chance of nine in ten."
        ),
        curve_points=tuple(
            (money(one.budget, currency), money(one.sure_gain, currency), f"{one.price:.2f}") for one in report.curve
        ),
        lost=tuple(_lost(one, currency) for one in report.lost),
        chinese={one.label: one.label_zh for one in report.actions},
    )


def _lost(one: LostLine, currency: str) -> tuple[str, ...]:
    beyond = one.customers - one.in_plan - one.not_worth_it
    return (
        one.tier,
        count(one.customers),
        money(one.value_at_risk, currency),
        *map(count, (one.in_plan, beyond, one.not_worth_it)),
    )


def _whom(project: Project, report: PlanReport) -> Iterator[tuple[str, str, str, str]]:
    """Those in the plan from whom most is expected."""
    if not plan_file(project).exists():  # somebody took it away
        return
    columns = ["customer_id", "action", "cost", "expected_gain"]
    planned = pq.read_table(plan_file(project), columns=columns, filters=pc.field("action") != NO_ACTION)
    names = {one.name: one.label for one in report.actions}
    for row in planned.sort_by([("expected_gain", "descending"), ("customer_id", "ascending")])[:PLANNED_SHOWN].to_pylist():
        cost, gain = (money(row[name], report.currency) for name in ("cost", "expected_gain"))
        yield str(row["customer_id"]), names[row["action"]], cost, gain


def gather_campaigns(project: Project, manifest: Manifest, actions: tuple[Action, ...]) -> CampaignPart | None:
    """What finished campaigns brought and what actions were measured to change; None where nobody has asked.

    `actions` are those of the mapping file, which give readers other names than the data do.
    """
    follow_up, uplift = read_record(follow_up_file(project), FollowUp), read_record(uplift_file(project), Uplift)
    own = manifest.data_fingerprint
    results = follow_up.campaigns if follow_up and follow_up.data_fingerprint == own else ()
    learned = uplift if uplift and uplift.data_fingerprint == own else None
    effects = [one for one in learned.effects if one.evidence] if learned else []
    refused, days_left_out = (learned.left_out, learned.days_left_out) if learned else ({}, ())
    if not results and not effects and not refused and not days_left_out:
        return None
    named = {one.name: one for one in actions}
    tried = [*(one.action for one in results), *(one.action for one in effects), *refused]
    names = {name: named[name].said if name in named else plain(name) for name in tried}
    customers = manifest.cohorts[manifest.scored_at].eligible
    features = {feature.name: feature for feature in manifest.features()}
    meanings = {name: feature.meaning for name, feature in features.items()}
    return CampaignPart(
        campaigns=tuple(_campaign(one, names[one.action], manifest.currency, customers) for one in results),
        effects=tuple(_effect(one.evidence, names[one.action], meanings, manifest.currency) for one in effects if one.evidence),
        not_learned_from=(
            *(f"Nothing was learned of {names[action]}: {why}." for action, why in refused.items()),
            *(f"Not learned from the campaigns of {_named(found)}: {why}." for why, found in days_left_out),
        ),
        is_beyond=any(_is_beyond(one, customers) for one in results),
        chinese={said: named[name].said_zh if name in named else said for name, said in names.items()}
        | {feature.meaning: feature.meaning_zh for feature in features.values()},
    )


def _named(dates: Sequence[date]) -> str:
    return listed([day(one) for one in dates]) if len(dates) <= DAYS_SHOWN else days(dates)


def _campaign(one: CampaignResult, action: str, currency: str, customers: int) -> CampaignRow:
    controls = "-"
    if one.controls_needed is not None:
        cannot = "cannot be made: " if _is_beyond(one, customers) else ""
        controls = f"{cannot}{count(one.controls_needed)} for {money(one.hoped, currency)} each"
    return CampaignRow(
        action=action,
        as_of=day(one.as_of),
        iso=str(one.as_of),
        treated=count(one.treated),
        withheld=count(one.withheld),
        brought=_amount(one.brought, currency),
        net=_amount(one.net, currency) if one.net else "-",
        seen="yes" if one.is_seen else "no",
        controls=controls,
    )


def _is_beyond(one: CampaignResult, customers: int) -> bool:
    """Whether the next campaign would have to withhold more customers than there are."""
    return one.controls_needed is not None and one.controls_needed > customers


def _effect(evidence: Evidence, action: str, meanings: Mapping[str, str], currency: str) -> EffectRow:
    return EffectRow(
        action=action,
        treated=count(evidence.treated),
        withheld=count(evidence.withheld),
        points=_points(evidence.on_chance),
        money=_amount(evidence.on_value, currency) if evidence.on_value else "-",
        differences="customers differ" if evidence.differs else "no difference between customers was found",
        tenths=tuple(
            (str(place), f"{100 * tenth.predicted:+z.1f}", _points(tenth.measured))
            for place, tenth in enumerate(evidence.tenths, start=1)
        ),
        balance=tuple(
            (meanings.get(each.feature, plain(each.feature)), f"{each.apart:+z.2f}", f"{each.error:.2f}")
            for each in evidence.balance[:BALANCE_SHOWN]
        ),
        policies=tuple(
            (TREATED[name], _amount(found, currency) if evidence.on_value else _points(found))
            for name, found in evidence.policies.items()
        ),
    )


def _amount(one: Estimate, currency: str) -> str:
    return f"{money(one.value, currency)} ({money(one.lower, currency)} to {money(one.upper, currency)})"


def _points(one: Estimate) -> str:
    return f"{100 * one.value:+z.1f} ({100 * one.lower:+z.1f} to {100 * one.upper:+z.1f})"
