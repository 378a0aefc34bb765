"""Which days of campaigns get a snapshot, so that what actions change can be learned, and why the others get none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import ibis
import pandas as pd

from features.tables import NO_ACTION

CAMPAIGNS_MAX = 12
NOBODY_WITHHELD = f"nobody was withheld by chance (action {NO_ACTION}), so nobody can tell what they changed"
EVERYBODY_WITHHELD = f"everybody was withheld (action {NO_ACTION})"
BY_RULE = "nothing was drawn by chance (assignment rule), so who was treated differs from who was not"
TOO_MANY = f"only the {CAMPAIGNS_MAX} largest are learned from"


@dataclass(frozen=True)
class CampaignDays:
    """The days with a snapshot, ascending, and by why the others. As of such a day nothing of the campaign is known yet."""

    days: tuple[date, ...] = ()
    left_out: tuple[tuple[str, tuple[date, ...]], ...] = ()


def _why_not_by_chance(drawn: int, withheld: int) -> str | None:
    if not drawn:
        return BY_RULE
    return NOBODY_WITHHELD if not withheld else EVERYBODY_WITHHELD if withheld == drawn else None


def campaign_days(treatments: ibis.Table, why_not: Callable[[date], str | None]) -> CampaignDays:
    """The days on which both an action and withholding it were drawn by chance; of very many those with most rows.

    `why_not` says why a day cannot have a snapshot, None where it can.
    """
    if "assignment" not in treatments.columns:
        return CampaignDays()
    dated = treatments.mutate(day=treatments.occurred_at.date(), is_drawn=treatments.assignment == "random")
    drawn = dated.is_drawn.fill_null(False)
    counts = dated.group_by("day").agg(rows=drawn.sum(), withheld=(drawn & (dated.action == NO_ACTION)).sum())
    found = counts.order_by([ibis.desc("rows"), ibis.desc("day")]).execute()
    chosen, left_out = list[date](), dict[str, list[date]]()
    for moment, rows, withheld in zip(found["day"], found["rows"], found["withheld"], strict=True):
        day = pd.Timestamp(moment).date()
        why = _why_not_by_chance(int(rows), int(withheld)) or why_not(day)
        if why is None and len(chosen) == CAMPAIGNS_MAX:
            why = TOO_MANY
        if why is None:
            chosen.append(day)
        else:
            left_out.setdefault(why, []).append(day)
    return CampaignDays(tuple(sorted(chosen)), tuple((why, tuple(sorted(days))) for why, days in sorted(left_out.items())))
