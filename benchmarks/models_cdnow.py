"""CDNOW, the whole of it: 39 weeks to learn from, 39 weeks to expect; orders are counted per customer and day.

Nobody sees an order of the second 39 weeks: the company that is trained on ends with the first. Boosters learn from windows
of 12 to 24 weeks that end there, as rates: how long a row was watched is where they start from, so the 39 weeks asked for are
an extrapolation, as they are for whoever has 39 weeks of data. Their chance of an order is that of the longest window, 24
weeks, raised to 39.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import models_ours
from benchmarks.models_boosters import BOOSTERS, ROUNDS_MAX, Booster, Goal, Table
from benchmarks.models_btyd_peers import Rhythm, btyd_peers, rhythm
from benchmarks.models_case import Case, Floats, Peer, Protocol
from benchmarks.models_data import Company, company, outside
from benchmarks.models_kept import fingerprint_of
from features.snapshots import load_snapshot
from models.bundle import booster_columns

CONFIG, FILE = Path("configs/cdnow.toml"), "cdnow/cdnow_master.parquet"
ASKED, UNTIL = date(1997, 10, 1), date(1998, 7, 1)
DAYS = (UNTIL - ASKED).days  # 273: 39 weeks
HORIZON_DAYS, EVERY_DAYS = 84, 21
JUDGED_AT = date(1997, 7, 9)  # the last window that closes with the calibration period


def cdnow() -> Protocol:
    """Orders, spend and activity in the second 39 weeks."""
    file = outside(FILE)
    orders = _orders(file)
    customers = np.sort(orders["customer_id"].unique())
    before, ahead = orders[orders["day"] < pd.Timestamp(ASKED)], orders[orders["day"] >= pd.Timestamp(ASKED)]
    actual = _outcomes(ahead, customers)
    made = _calibration(file)
    learned = Windows(made, before, customers)

    def known() -> tuple[Rhythm, float]:
        return rhythm(before, ASKED, customers, free_orders=True), DAYS

    modules = ("models_cdnow", "models_boosters", "models_data")
    peers = {name: Peer(lambda booster=booster: learned.answers(booster), modules) for name, booster in BOOSTERS.items()}
    return Protocol(
        key="cdnow",
        case=Case.simple(
            actual,
            "rmse_counts",
            "ngini",
            "decile_mape",
            "bias",
            "brier",
            "ece",
            also=("bias_spend", "wape", "spearman", "auc"),
        ),
        fingerprint=fingerprint_of([file]) + made.manifest.made_from,
        peers={"trailing spend": Peer(lambda: _trailing(before, customers), modules)} | btyd_peers(known) | peers,
        ours=lambda: models_ours.cdnow(made, before, customers, ASKED, DAYS),
        said=(
            f"{len(customers):,} customers, {actual['chance'].mean():.1%} active ahead, on {actual['orders'].sum():,.0f} days",
            "bias is that of orders; autogluon is not asked: it knows no exposure",
        ),
    )


class Windows:
    """The snapshots of the calibration period, with what followed up to a date."""

    def __init__(self, made: Company, orders: pd.DataFrame, customers: np.ndarray) -> None:
        self.made, self.orders, self.customers = made, orders, customers

    @cached_property
    def snapshots(self) -> dict[date, pd.DataFrame]:
        """Features by date, the one that is asked for among them."""
        return {as_of: _features(self.made, as_of) for as_of in (*self.made.manifest.grid, ASKED)}

    def answers(self, booster: Booster) -> dict[str, Floats]:
        """Orders, spend and activity of everybody."""
        dates = self.made.manifest.grid
        longest = (ASKED - dates[0]).days
        chance = self._asked(booster, "chance", "chance", longest)
        return {
            "orders": self._asked(booster, "count", "orders", DAYS),
            "spend": self._asked(booster, "amount", "spend", DAYS),
            "chance": 1 - (1 - chance) ** (DAYS / longest),
        }

    def _asked(self, booster: Booster, goal: Goal, outcome: str, days: int) -> Floats:
        """Rounds are chosen on the last window, of a booster fitted on windows that had closed when it opened."""
        dates = self.made.manifest.grid
        closed_then = [as_of for as_of in dates if (dates[-1] - as_of).days >= 2 * EVERY_DAYS]
        stop = self._table(goal, outcome, [dates[-1]], ASKED)
        _, rounds = booster(goal, self._table(goal, outcome, closed_then, dates[-1]), stop, stop, ROUNDS_MAX)
        asked = self._rows(goal, ASKED, days)
        offset = self._offset(goal, outcome, np.full(len(asked), float(days)))
        everything = self._table(goal, outcome, list(dates), ASKED)
        found, _ = booster(goal, everything, None, Table(asked, np.zeros(len(asked)), offset), rounds)
        return pd.Series(found, index=asked.index).reindex(self.customers).fillna(float(found.min())).to_numpy()

    def _rows(self, goal: Goal, as_of: date, days: int) -> pd.DataFrame:
        """For a chance, how long a row is watched is a feature."""
        rows = self.snapshots[as_of]
        return rows.assign(days_watched=float(days)) if goal == "chance" else rows

    def _table(self, goal: Goal, outcome: str, dates: list[date], until: date) -> Table:
        """The rows of some dates with what followed up to another."""
        rows = [self._rows(goal, as_of, (until - as_of).days) for as_of in dates]
        outcomes = [self._followed(x, as_of, until)[outcome] for x, as_of in zip(rows, dates, strict=True)]
        days = np.concatenate([np.full(len(x), float((until - as_of).days)) for x, as_of in zip(rows, dates, strict=True)])
        return Table(pd.concat(rows), np.concatenate(outcomes), self._offset(goal, outcome, days))

    def _followed(self, rows: pd.DataFrame, as_of: date, until: date) -> dict[str, Floats]:
        between = (self.orders["day"] >= pd.Timestamp(as_of)) & (self.orders["day"] < pd.Timestamp(until))
        return _outcomes(self.orders[between], rows.index.to_numpy())

    def _offset(self, goal: Goal, outcome: str, days: Floats) -> Floats | None:
        """The log of what the mean customer does in so many days, as in the first window."""
        if goal == "chance":
            return None
        first = self.made.manifest.grid[0]
        per_day = self._followed(self.snapshots[first], first, ASKED)[outcome].mean() / (ASKED - first).days
        return np.log(days * per_day)


def _orders(file: Path) -> pd.DataFrame:
    """What each customer spent on each day with an order, gifts of price 0 among them."""
    raw = pd.read_parquet(file)
    day = pd.to_datetime(raw["date"]).astype("datetime64[ns]")
    lines = pd.DataFrame({"customer_id": raw["customer_id"].astype(str), "day": day, "amount": raw["spend"]})
    return lines.groupby(["customer_id", "day"], as_index=False)["amount"].sum()


def _outcomes(orders: pd.DataFrame, customers: np.ndarray) -> dict[str, Floats]:
    """Orders, spend, and whether there was any order."""
    by = orders.groupby("customer_id")["amount"]
    count, spend = (found.reindex(customers).fillna(0).to_numpy(dtype=np.float64) for found in (by.size(), by.sum()))
    return {"orders": count, "spend": spend, "chance": (count > 0).astype(np.float64)}


def _calibration(file: Path) -> Company:
    """The company as it was known when the first 39 weeks had passed."""
    changes: dict[str, object] = {
        "project.horizon_days": HORIZON_DAYS,
        "tables.orders.from": file.as_posix(),
        "tables.orders.where": f"date < DATE '{ASKED}'",
        "dates.judged_at": JUDGED_AT,
        "dates.data_until": ASKED,
        "dates.every_days": EVERY_DAYS,
    }
    return company(CONFIG, "cdnow", changes)


def _features(made: Company, as_of: date) -> pd.DataFrame:
    """The eligible customers' features on a date, by customer."""
    snapshot = load_snapshot(made.project, as_of)
    eligible = snapshot[snapshot["not_eligible_because"].isna()]
    names = [feature.name for feature in made.manifest.features()]
    return booster_columns(eligible.set_index(eligible["customer_id"].astype(str))[names]).astype(np.float64)


def _trailing(orders: pd.DataFrame, customers: np.ndarray) -> dict[str, Floats]:
    """As many orders after the first, and as much spend with them, as in the first 39 weeks."""
    first = orders.groupby("customer_id")["day"].transform("min")
    found = _outcomes(orders[orders["day"] > first], customers)
    return {"orders": found["orders"], "spend": found["spend"]}
