"""What was tried on whom and what followed: the randomised treatments of past campaigns, as a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.dates import CAMPAIGNS_MAX
from features.engines.engine import connect
from features.problems import BadConfig, BadData
from features.project import Project
from features.snapshots import Manifest, load_eligible, snapshot_folder
from features.tables import NO_ACTION
from models.actions.uplift import ORDER
from training.campaigns.trial import Trial
from training.labels import read_given, read_labels
from training.settings import CampaignSettings

# Why a campaign by chance is not learned from.
NOBODY_WITHHELD = f"nobody was withheld by chance (action {NO_ACTION}), so nobody can tell what they changed"
EVERYBODY_WITHHELD = f"everybody was withheld (action {NO_ACTION})"
NOT_LABELLED = "no outcomes are given as of these days"
TOO_EARLY = "fewer than {days} days of data lie before them (dates.history_days_min)"
STILL_OPEN = "their windows of {days} days had not closed when the data ended"
TOO_MANY = f"only the {CAMPAIGNS_MAX} largest are learned from"
DAYS_SAID = 6  # of more only the first and the last are


@dataclass(frozen=True)
class Campaigns:
    """The trial of a project, what it is about, and why some treatments are not in it: by action, and by why the days.

    `cost`, what the touch cost where that is recorded, has one entry per row of the trial.
    """

    trial: Trial
    outcome: str
    left_out: dict[str, str]
    days_left_out: dict[str, tuple[date, ...]]
    cost: NDArray[np.float64] | None


def _outcome_of(project: Project, manifest: Manifest, settings: CampaignSettings) -> str:
    """What counts as success. Raises BadConfig where no table tells it."""
    mapped = manifest.words.mapped
    known = [*([ORDER] if "orders" in mapped else []), *(n for n in mapped.get("labels", ()) if n.startswith("bought_"))]
    if not known:
        raise BadConfig(
            f"{project.name}: nothing tells what campaigns bring about; map tables.orders or tables.labels.bought_<name>"
        )
    outcome = settings.outcome or known[0]
    if outcome not in known:
        raise BadConfig(f"campaigns.outcome = {outcome!r}: no table tells it; there is {' and '.join(known)}")
    return outcome


def read_campaigns(project: Project, manifest: Manifest, settings: CampaignSettings) -> Campaigns:
    """The eligible customers of the days of randomised campaigns, with what they drew, their features, and what followed.

    Raises BadConfig or BadData where there are no treatments, or none by chance.
    """
    mapped = manifest.words.mapped
    if "treatments" not in mapped:
        raise BadConfig(f"{project.name}: uplift is learned from randomised treatments; map tables.treatments")
    if "assignment" not in mapped["treatments"]:
        raise BadConfig(
            "tables.treatments: assignment is not mapped, so nobody knows whether chance or a rule decided who gets what, and "
            "nothing can be learned; map assignment (random or rule)"
        )
    outcome, treatments = _outcome_of(project, manifest, settings), _treatments(project)
    left_out, days_left_out = _by_rule(treatments), _days_left_out(project, manifest, treatments)
    if not manifest.campaigns:
        why = [*left_out.values(), *say_left_out(days_left_out)] or ["nothing was drawn by chance (assignment random)"]
        raise BadData([f"tables.treatments: {said}" for said in why])
    rows = _what_followed(project, manifest, outcome, _with_features(project, manifest, treatments))
    trial = Trial(
        customer_id=rows["customer_id"].to_numpy(dtype=str),
        as_of=rows["as_of"].to_numpy(dtype=object),
        action=rows["action"].to_numpy(dtype=str),
        propensity=rows["propensity"].to_numpy(dtype=np.float64),
        rows=rows[[feature.name for feature in manifest.features()]],
        event=rows["event"].to_numpy(dtype=np.float64),
        value=rows["followed_value"].to_numpy(dtype=np.float64) if "followed_value" in rows else None,
    )
    cost = rows["touch_cost"].to_numpy(dtype=np.float64) if "touch_cost" in rows else None
    return Campaigns(trial, outcome, left_out, days_left_out, cost)


def say_left_out(days_left_out: Mapping[str, Sequence[date]]) -> list[str]:
    """Which campaigns are not learned from, and why.

    >>> say_left_out({"it rained": [date(2024, 1, 1), date(2024, 1, 9)]})
    ['campaigns of 2024-01-01, 2024-01-09: it rained']
    """
    said = []
    for why, days in days_left_out.items():
        few = len(days) <= DAYS_SAID
        which = ", ".join(map(str, days)) if few else f"{len(days)} days from {days[0]} to {days[-1]}"
        said.append(f"campaigns of {which}: {why}")
    return said


def _days_left_out(project: Project, manifest: Manifest, treatments: pd.DataFrame) -> dict[str, tuple[date, ...]]:
    """By why, the days of campaigns by chance that have no snapshot (`features.dates`), ascending."""
    actions = treatments[treatments["assignment"] == "random"].groupby("as_of")["action"].agg(set)
    drawn: dict[date, set[str]] = dict(zip(actions.index, actions, strict=True))
    labelled, found = _labelled_days(project, manifest), dict[str, tuple[date, ...]]()
    for day in sorted(set(drawn) - set(manifest.campaigns)):
        why = _why_not(project, manifest, labelled, day, drawn[day])
        found[why] = (*found.get(why, ()), day)
    return found


def _labelled_days(project: Project, manifest: Manifest) -> set[date] | None:
    """None where no labels tell outcomes."""
    if "labels" not in manifest.tables:
        return None
    labels = pd.read_parquet(snapshot_folder(project) / "labels.parquet", columns=["as_of"])
    return set(pd.to_datetime(labels["as_of"]).dt.date)


def _why_not(project: Project, manifest: Manifest, labelled: set[date] | None, day: date, actions: set[str]) -> str:
    history_days, horizon_days = project.dates.history_days_min, manifest.horizon_days
    if NO_ACTION not in actions:
        return NOBODY_WITHHELD
    if len(actions) == 1:
        return EVERYBODY_WITHHELD
    if labelled is not None:
        return TOO_MANY if day in labelled else NOT_LABELLED
    if day < manifest.data_from + timedelta(days=history_days):
        return TOO_EARLY.format(days=history_days)
    if day + timedelta(days=horizon_days) > manifest.data_until:
        return STILL_OPEN.format(days=horizon_days)
    return TOO_MANY


def _treatments(project: Project) -> pd.DataFrame:
    rows = connect().read_parquet(snapshot_folder(project) / "treatments.parquet")
    table: pd.DataFrame = rows.mutate(as_of=rows.occurred_at.date()).execute()
    table["as_of"] = pd.to_datetime(table["as_of"]).dt.date
    return table


def _by_rule(treatments: pd.DataFrame) -> dict[str, str]:
    """Actions of which nothing was drawn by chance."""
    drawn = set(treatments.loc[treatments["assignment"] == "random", "action"])
    others = treatments.loc[~treatments["action"].isin([*drawn, NO_ACTION]), "action"].value_counts()
    return {
        str(action): f"{action}: all {count:,} treatments were assigned by a rule, so who got it differs from who did not"
        for action, count in others.items()
    }


def _with_features(project: Project, manifest: Manifest, treatments: pd.DataFrame) -> pd.DataFrame:
    """One row per customer and campaign, with the chance of what she drew; of several draws on a day the first."""
    drawn = treatments[(treatments["assignment"] == "random") & treatments["as_of"].isin(manifest.campaigns)]
    drawn = drawn.sort_values(["customer_id", "occurred_at"], kind="stable").drop_duplicates(["customer_id", "as_of"])
    days = drawn.groupby("as_of")["customer_id"].transform("size")
    share = drawn.groupby(["as_of", "action"])["customer_id"].transform("size") / days
    stated = drawn["propensity"].astype(np.float64).fillna(share) if "propensity" in drawn else share
    drawn = drawn.assign(propensity=stated)
    key = ["customer_id", "as_of"]
    if "cost" in drawn:
        drawn = drawn.assign(touch_cost=drawn["cost"].astype(np.float64))
    own = [*key, "action", "propensity", *(["touch_cost"] if "touch_cost" in drawn else [])]
    return drawn[own].merge(load_eligible(project, *manifest.campaigns), on=key, validate="one_to_one")


def _what_followed(project: Project, manifest: Manifest, outcome: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `event` and, where it is told, `followed_value`. Of given outcomes, whose is not told is left out."""
    folder, key = snapshot_folder(project), ["customer_id", "as_of"]
    if outcome == ORDER:
        windows = {"horizon_days": manifest.horizon_days, "data_until": manifest.data_until}
        found = read_labels(folder / "orders.parquet", manifest.campaigns, categories=(), **windows)  # type: ignore[arg-type]
        told = found.rename(columns={"has_ordered": "event", "net_value": "followed_value"})
    else:
        given = read_given(folder / "labels.parquet", manifest.campaigns)
        told = given.rename(columns={outcome: "event", "value": "followed_value"})
        told = told[told["event"].notna()]
    told = told[[*key, "event", *(["followed_value"] if "followed_value" in told else [])]]
    told = told.assign(as_of=pd.to_datetime(told["as_of"]).dt.date)
    if outcome != ORDER:
        return rows.merge(told, on=key, how="inner", validate="one_to_one")
    return rows.merge(told, on=key, how="left", validate="one_to_one").fillna({"event": 0, "followed_value": 0})
