"""Learn what every action changes, say what is known of it, and keep it in uplift.json."""

from __future__ import annotations

from features.command import step
from features.outputs import whole_file
from features.project import Project
from features.snapshots import load_manifest
from features.tables import NO_ACTION
from models.actions.uplift import Effect, Estimate, Evidence, Uplift, uplift_file
from training.campaigns.balance import APART, SURE_Z, balance_table, why_not
from training.campaigns.tried import read_campaigns, say_actions_left_out, say_days_left_out
from training.campaigns.uplift import base_chances, learn_effect
from training.campaigns.uplift_figures import evidence
from training.settings import CampaignSettings, TrainingSettings


def learn_uplift(project: Project, settings: TrainingSettings, campaign_settings: CampaignSettings) -> Uplift:
    """Learn from all randomised campaigns whose windows have closed; what is refused is said and no error.

    Raises BadConfig or BadData where there is nothing to learn from.
    """
    manifest = load_manifest(project)
    with step("reading randomised campaigns"):
        campaigns = read_campaigns(project, manifest, campaign_settings)
    trial, left_out, effects = campaigns.trial, dict(campaigns.left_out), list[Effect]()
    refused = {action: why for action in trial.actions if (why := why_not(trial, action))}
    left_out |= refused
    if learnable := [action for action in trial.actions if action not in refused]:
        with step(f"learning what {len(learnable)} actions change from {len(trial):,} customers drawn by chance"):
            base = base_chances(trial, seed=settings.seed, threads=settings.threads)
            for action in learnable:
                learned = learn_effect(trial, action, base)
                own, treated = trial.against_controls(action)
                known = evidence(own, treated, learned, seed=settings.seed)
                known = known.model_copy(update={"balance": balance_table(own, treated)})
                effects.append(learned.effect.model_copy(update={"evidence": known}))
    uplift = Uplift(
        project=project.name,
        outcome=campaigns.outcome,
        horizon_days=manifest.horizon_days,
        campaigns=manifest.campaigns,
        effects=tuple(effects),
        left_out=left_out,
        days_left_out=manifest.campaigns_left_out,
        data_fingerprint=manifest.data_fingerprint,
    )
    with whole_file(uplift_file(project)) as unfinished:
        unfinished.write_text(uplift.model_dump_json(indent=1), encoding="utf-8")
    return uplift


def uplift_report(uplift: Uplift, currency: str) -> list[str]:
    """Lines for the terminal: of every action what it changes, how sure that is, and whether customers differ."""
    lines = []
    for effect in uplift.effects:
        known = effect.evidence
        if known is None:
            continue
        lines.append(
            f"{effect.action}: {known.treated:,} treated, {known.withheld:,} withheld ({NO_ACTION}); chance of "
            f"{uplift.outcome} {_points(known.on_chance)}"
            + (f"; {currency} per customer {_said(known.on_value)}" if known.on_value else "")
        )
        lines.append(f"  {_differences_said(effect)}")
        lines += [f"  {said}" for said in _policies_said(known, currency)]
        if known.balance:
            most = known.balance[0]
            lines.append(
                f"  before, of {len(known.balance)} features the furthest apart was {most.feature}, by {most.apart:+z.2f} "
                f"standard deviations (standard error {most.error:.2f}); refused is what is beyond {APART} and {SURE_Z:.0f} "
                "standard errors"
            )
    lines += [f"not learned: {said}" for said in say_actions_left_out(uplift.left_out)]
    return lines + [f"not learned from {said}" for said in say_days_left_out(uplift.days_left_out)]


def _differences_said(effect: Effect) -> str:
    """Whether some customers react more than others, in a sentence."""
    known = effect.evidence
    if known is None or not known.differs:
        return "no difference between customers was found"
    by = f"by {len(effect.weights)} features" if effect.weights else "with the chance they have anyway"
    return f"customers differ {by}: Qini {known.qini.value:.4f} ({known.qini.lower:.4f} to {known.qini.upper:.4f})"


def _policies_said(known: Evidence, currency: str) -> list[str]:
    """What customers would bring on average under each policy, on customers whom the predictions had not seen."""
    if not known.policies:
        return []

    def said(one: Estimate) -> str:
        return _said(one) if known.on_value else f"{100 * one.value:.1f} % ({100 * one.lower:.1f} to {100 * one.upper:.1f})"

    what = f"{currency} per customer" if known.on_value else "chance"
    by_name = "; ".join(f"{name} {said(one)}" for name, one in known.policies.items())
    return [f"{what} had these been treated: {by_name}"]


def _points(found: Estimate) -> str:
    return f"{100 * found.value:+z.1f} points (95 % interval {100 * found.lower:+z.1f} to {100 * found.upper:+z.1f})"


def _said(found: Estimate) -> str:
    return f"{found.value:+z,.2f} ({found.lower:+z,.2f} to {found.upper:+z,.2f})"
