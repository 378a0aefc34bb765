"""What was tried on whom and what followed: the randomised treatments of past campaigns, as a trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.engines.engine import connect
from features.problems import BadConfig, BadData
from features.project import Project
from features.snapshots import Manifest, load_eligible, snapshot_folder
from features.tables import NO_ACTION
from models.actions.uplift import ORDER
from training.campaigns.trial import Trial
from training.frame import KEY
from training.labels import read_given, read_labels
from training.settings import CampaignSettings

BY_RULE = "all {count:,} treatments were assigned by a rule, so who got it differs from who did not"
DAYS_SAID = 6  # of more only the first and the last are


@dataclass(frozen=True)
class Campaigns:
    """The trial of a project, what it is about, and by action why some treatments are not in it.

    `cost`, what the touch cost where that is recorded, has one entry per row of the trial.
    """

    trial: Trial
    outcome: str
    left_out: dict[str, str]
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
    left_out = _by_rule(treatments)
    if not manifest.campaigns:
        why = [*say_actions_left_out(left_out), *say_days_left_out(manifest.campaigns_left_out)] or [
            "nothing was drawn by chance (assignment random)"
        ]
        raise BadData([f"tables.treatments: {said}" for said in why])
    rows = _what_followed(project, manifest, outcome, _with_features(project, manifest, treatments))
    trial = Trial(
        customer_id=rows["customer_id"].to_numpy(dtype=str),
        as_of=rows["as_of"].to_numpy(dtype=object),
        action=rows["_action"].to_numpy(dtype=str),
        propensity=rows["_propensity"].to_numpy(dtype=np.float64),
        rows=rows[[feature.name for feature in manifest.features()]],
        event=rows["_event"].to_numpy(dtype=np.float64),
        value=rows["_followed_value"].to_numpy(dtype=np.float64) if "_followed_value" in rows else None,
    )
    cost = rows["_touch_cost"].to_numpy(dtype=np.float64) if "_touch_cost" in rows else None
    return Campaigns(trial, outcome, left_out, cost)


def say_actions_left_out(left_out: Mapping[str, str]) -> list[str]:
    """Of which actions nothing is learned, and why."""
    return [f"{action}: {why}" for action, why in left_out.items()]


def say_days_left_out(days_left_out: Iterable[tuple[str, Sequence[date]]]) -> list[str]:
    """Which campaigns are not learned from, and why.

    >>> say_days_left_out([("it rained", [date(2024, 1, 1), date(2024, 1, 9)])])
    ['campaigns of 2024-01-01, 2024-01-09: it rained']
    """
    said = []
    for why, days in days_left_out:
        few = len(days) <= DAYS_SAID
        which = ", ".join(map(str, days)) if few else f"{len(days)} days from {days[0]} to {days[-1]}"
        said.append(f"campaigns of {which}: {why}")
    return said


def _treatments(project: Project) -> pd.DataFrame:
    rows = connect().read_parquet(snapshot_folder(project) / "treatments.parquet")
    table: pd.DataFrame = rows.mutate(as_of=rows.occurred_at.date()).execute()
    table["as_of"] = pd.to_datetime(table["as_of"]).dt.date
    return table


def _by_rule(treatments: pd.DataFrame) -> dict[str, str]:
    """Actions of which nothing was drawn by chance."""
    drawn = set(treatments.loc[treatments["assignment"] == "random", "action"])
    others = treatments.loc[~treatments["action"].isin([*drawn, NO_ACTION]), "action"].value_counts()
    return {str(action): BY_RULE.format(count=count) for action, count in others.items()}


def _with_features(project: Project, manifest: Manifest, treatments: pd.DataFrame) -> pd.DataFrame:
    """One row per customer and campaign, with the chance of what she drew; of several draws on a day the first."""
    drawn = treatments[(treatments["assignment"] == "random") & treatments["as_of"].isin(manifest.campaigns)]
    drawn = drawn.sort_values(["customer_id", "occurred_at", "action"], kind="stable").drop_duplicates(["customer_id", "as_of"])
    days = drawn.groupby("as_of")["customer_id"].transform("size")
    share = drawn.groupby(["as_of", "action"])["customer_id"].transform("size") / days
    stated = drawn["propensity"].astype(np.float64).fillna(share) if "propensity" in drawn else share
    drawn = drawn.assign(propensity=stated)
    if "cost" in drawn:
        drawn = drawn.assign(touch_cost=drawn["cost"].astype(np.float64))
    own = ["action", "propensity", *(["touch_cost"] if "touch_cost" in drawn else [])]
    return _beside(drawn, own).merge(load_eligible(project, *manifest.campaigns), on=KEY, validate="one_to_one")


def _beside(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Columns to join to features: no attribute of a company's has a name such as _action."""
    return rows[[*KEY, *columns]].set_axis([*KEY, *(f"_{name}" for name in columns)], axis="columns")


def _what_followed(project: Project, manifest: Manifest, outcome: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `event` and, where it is told, `followed_value`. Of given outcomes, whose is not told is left out."""
    folder = snapshot_folder(project)
    if outcome == ORDER:
        windows = {"horizon_days": manifest.horizon_days, "data_until": manifest.data_until}
        found = read_labels(folder / "orders.parquet", manifest.campaigns, categories=(), **windows)  # type: ignore[arg-type]
        told = found.rename(columns={"has_ordered": "event", "net_value": "followed_value"})
    else:
        given = read_given(folder / "labels.parquet", manifest.campaigns)
        told = given.rename(columns={outcome: "event", "value": "followed_value"})
        told = told[told["event"].notna()]
    told = _beside(told, ["event", *(["followed_value"] if "followed_value" in told else [])])
    told = told.assign(as_of=pd.to_datetime(told["as_of"]).dt.date)
    if outcome != ORDER:
        return rows.merge(told, on=KEY, how="inner", validate="one_to_one")
    return rows.merge(told, on=KEY, how="left", validate="one_to_one").fillna({"_event": 0, "_followed_value": 0})
