"""What each finished campaign brought in money, from those who were withheld from it by chance; kept in follow_up.json."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from features.command import step
from features.outputs import whole_file
from features.problems import BadData, BadInput
from features.project import Project
from features.snapshots import load_manifest
from features.tables import NO_ACTION
from models.actions.follow_up import CampaignResult, FollowUp, controls_needed, follow_up_file
from models.actions.uplift import Estimate
from models.languages import writer
from training.campaigns.balance import why_not
from training.campaigns.tried import Campaigns, read_campaigns, say_actions_left_out, say_days_left_out
from training.campaigns.uplift_figures import DRAWS, Measured, drawn, estimate
from training.settings import CampaignSettings

Floats = NDArray[np.float64]
SEED, HOPED_MIN = 0, 1e-9


def follow_up(project: Project, settings: CampaignSettings, hoped: float | None) -> FollowUp:
    """Every randomised campaign whose window has closed. `hoped` is the effect per customer the next one is to show.

    Without it that is what one touch cost, for a campaign must bring that much; where no cost is recorded, the effect found.
    Raises BadConfig or BadData where there is no campaign by chance, or nothing tells money.
    """
    if hoped is not None and not HOPED_MIN <= hoped < np.inf:
        raise BadInput(f"--hope {hoped:g}: expected money per customer, more than 0")
    manifest = load_manifest(project)
    with step("reading randomised campaigns"):
        campaigns = read_campaigns(project, manifest, settings)
    if campaigns.trial.value is None:
        raise BadData("nothing tells what customers brought after a campaign; map tables.orders or tables.labels.value")
    refused = {action: why for action in campaigns.trial.actions if (why := why_not(campaigns.trial, action))}
    with step("comparing the treated with those withheld"):
        results = tuple(
            _result(campaigns, action, as_of, manifest.horizon_days, hoped)
            for as_of in sorted(set(campaigns.trial.as_of))
            for action in campaigns.trial.actions
            if action not in refused and _has_both(campaigns, action, as_of)
        )
    found = FollowUp(
        campaigns=results,
        left_out=campaigns.left_out | refused,
        days_left_out=manifest.campaigns_left_out,
        data_fingerprint=manifest.data_fingerprint,
    )
    with whole_file(follow_up_file(project)) as unfinished:
        unfinished.write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return found


def say_follow_up(found: FollowUp, currency: str) -> list[str]:
    """Lines for the terminal."""
    money, lines = writer("money", currency, "en"), []

    def said(one: Estimate) -> str:
        return f"{money(one.value)} ({money(one.lower)} to {money(one.upper)})"

    for one in found.campaigns:
        net = f"; after {money(one.cost)} of cost {said(one.net)}" if one.cost is not None and one.net is not None else ""
        unseen = "" if one.is_seen else "; it may have been nothing"
        lines.append(
            f"{one.as_of} {one.action}: {one.treated:,} treated, {one.withheld:,} withheld; brought {said(one.brought)} within "
            f"{one.horizon_days} days{net}{unseen}"
        )
        if one.controls_needed is not None:
            lines.append(f"  to see {money(one.hoped)} per customer the next one needs {one.controls_needed:,} controls")
    left_out = [*say_actions_left_out(found.left_out), *say_days_left_out(found.days_left_out)]
    return lines + [f"not followed up: {said}" for said in left_out]


def _has_both(campaigns: Campaigns, action: str, as_of: date) -> bool:
    own = campaigns.trial.action[(campaigns.trial.as_of == as_of) & ~np.isnan(np.asarray(campaigns.trial.value))]
    return bool((own == action).sum() > 1 and (own == NO_ACTION).sum() > 1)


def _result(campaigns: Campaigns, action: str, as_of: date, horizon_days: int, hoped: float | None) -> CampaignResult:
    trial = campaigns.trial
    here = (trial.as_of == as_of) & np.isin(trial.action, (action, NO_ACTION)) & ~np.isnan(np.asarray(trial.value))
    treated, value = trial.action[here] == action, np.asarray(trial.value)[here]
    measured = Measured(value, treated, 1 / trial.propensity[here], np.arange(int(here.sum())))
    rng = np.random.default_rng(SEED)
    draws = np.array([measured.drawn(drawn(len(value), rng)).difference() for _ in range(DRAWS)])
    effect, number = estimate(measured.difference(), draws), int(treated.sum())
    brought = _times(effect, number)
    touches = None if campaigns.cost is None else campaigns.cost[here][treated]
    cost = float(touches.sum()) if touches is not None and np.isfinite(touches).all() else None  # what is missing is not 0
    wanted = hoped if hoped is not None else (cost / number if cost else effect.value)
    return CampaignResult(
        action=action,
        as_of=as_of,
        horizon_days=horizon_days,
        treated=number,
        withheld=int((~treated).sum()),
        per_customer=effect,
        brought=brought,
        cost=cost,
        net=None
        if cost is None
        else Estimate(value=brought.value - cost, lower=brought.lower - cost, upper=brought.upper - cost),
        hoped=wanted,
        controls_needed=controls_needed(
            float(value[~treated].std(ddof=1)), float(value[treated].std(ddof=1)), number / int((~treated).sum()), wanted
        ),
    )


def _times(effect: Estimate, number: int) -> Estimate:
    return Estimate(value=effect.value * number, lower=effect.lower * number, upper=effect.upper * number)
