"""Online Retail II: who orders and what they spend, judged on two dates, from windows that had closed by then."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from benchmarks import models_ours
from benchmarks.models_btyd_peers import Rhythm, btyd_peers, rhythm
from benchmarks.models_case import Case, Protocol
from benchmarks.models_data import Company, company
from benchmarks.models_snapshot_peers import snapshot_peers, trailing_peer

CONFIG = Path("configs/online_retail.toml")


def in_90_days() -> Protocol:
    """Judged on 2011-09-09: orders and net spend of the autumn."""
    return _protocol("online_retail_ii_90d", date(2011, 9, 9), 90, "wape", "spearman", "sum_ratio", "auc", "brier", "ece")


def in_180_days() -> Protocol:
    """Judged on 2011-06-01: half a year's net spend, with an interval."""
    figures = ("wape", "spearman", "sum_ratio", "coverage_80", "coverage_80_top_decile", "auc", "brier")
    return _protocol("online_retail_ii_180d", date(2011, 6, 1), 180, *figures)


def order_peers(made: Company) -> dict:
    """The peers that need nothing but orders."""

    def known() -> tuple[Rhythm, float]:
        return rhythm(made.orders, made.judged_at, made.customers), made.manifest.horizon_days

    return {"trailing spend": trailing_peer(made)} | btyd_peers(known)


def _protocol(key: str, judged_at: date, horizon_days: int, *metrics: str) -> Protocol:
    made = company(CONFIG, key, {"dates.judged_at": judged_at, "project.horizon_days": horizon_days})
    case = Case.simple({"chance": made.outcome(made.buys), "spend": made.outcome(made.spends)}, *metrics)
    return Protocol(
        key=key,
        case=case,
        fingerprint=made.manifest.made_from,
        peers=order_peers(made) | snapshot_peers(made, with_intervals="coverage_80" in metrics),
        ours=lambda: models_ours.online_retail(made),
        said=(
            f"{len(made.customers):,} customers on {judged_at}, learned from {len(made.closed)} dates from {made.closed[0]} to "
            f"{made.closed[-1]}; net spend of {horizon_days} days, floored at 0",
        ),
    )
