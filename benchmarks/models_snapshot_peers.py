"""Peers that take features, on the same snapshots and the same closed dates as our side, with the embargo kept.

How many rounds is asked of the last closed date, of a booster fitted on the dates whose windows had closed by then; where
there are fewer than three of those, of a fifth of the customers on the last closed date, of a booster that never saw them.
Then the booster is fitted on every closed date with that many rounds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from benchmarks.models_autogluon import autogluon, is_installed
from benchmarks.models_boosters import BOOSTERS, ROUNDS_MAX, Booster, Goal, Table
from benchmarks.models_btyd_peers import expectations, fit_rate, rhythm
from benchmarks.models_case import Floats, Peer
from benchmarks.models_data import Company
from models.bundle import booster_columns
from training.dates import closed_by
from training.frame import Frame

MODULES = ("models_snapshot_peers", "models_boosters", "models_data")
DATES_MIN, FIFTH = 3, 5
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class Snapshots:
    """A company's frames as tables to learn from."""

    company: Company
    with_btyd: bool = False  # what BG/NBD and Gamma-Gamma expect, as features besides

    @cached_property
    def x(self) -> pd.DataFrame:
        """The features of all rows; not the day of the year, by which a date is known by heart."""
        frame = self.company.buys
        x = booster_columns(frame.rows).astype(np.float64).reset_index(drop=True)
        return pd.concat([x, _btyd_columns(self.company, frame)], axis=1) if self.with_btyd else x

    @cached_property
    def is_closed(self) -> np.ndarray:
        """The rows to learn from."""
        return self.company.buys.as_of < self.company.judged_at

    @cached_property
    def split(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows to fit on, and those to stop on, while rounds are chosen."""
        as_of, closed, horizon = self.company.buys.as_of, self.company.closed, self.company.manifest.horizon_days
        inner, last = closed_by(closed[-1], closed, horizon), as_of == closed[-1]
        if len(inner) >= DATES_MIN:
            return np.isin(as_of, np.asarray(inner, dtype=object)), last
        held = np.array([_fifth(customer) for customer in self.company.buys.customer_id])
        return self.is_closed & ~held, last & held

    def table(self, outcomes: Floats, rows: np.ndarray) -> Table:
        """Some rows with outcomes."""
        return Table(self.x[rows], outcomes[rows])


def snapshot_peers(company: Company, *, with_intervals: bool = False, with_autogluon: bool = True) -> dict[str, Peer]:
    """Every peer that takes features."""
    peers = {}
    plain, richer = Snapshots(company), Snapshots(company, with_btyd=True)
    for name, booster in BOOSTERS.items():
        peers[f"{name} tweedie"] = _peer(lambda booster=booster: _tweedie(plain, booster, with_intervals=with_intervals))
        peers[f"{name} hurdle"] = _peer(lambda booster=booster: _hurdle(plain, booster))
        if with_intervals:
            peers[f"{name} tweedie, conformal"] = _peer(lambda booster=booster: _conformal(plain, booster))
    peers["mean of xgboost hurdle and tweedie, with BG/NBD features"] = _peer(
        lambda: _mean(_hurdle(richer, BOOSTERS["xgboost"]), _tweedie(richer, BOOSTERS["xgboost"])), "models_btyd_peers"
    )
    peers["logistic regression"] = _peer(lambda: {"chance": _logistic(plain)})
    if with_autogluon and is_installed():
        peers["autogluon"] = _peer(lambda: _autogluon(plain), "models_autogluon", "models_autogluon_run")
    return peers


def trailing_peer(company: Company) -> Peer:
    """What somebody spent in the last horizon she spends in the next, and who bought last is likeliest to buy."""

    def predict() -> dict[str, Floats]:
        orders, days = company.orders, company.manifest.horizon_days
        recent = orders[orders["day"] >= pd.Timestamp(company.judged_at) - pd.Timedelta(days=days)]
        spend = recent.groupby("customer_id")["amount"].sum().reindex(company.customers).fillna(0).clip(lower=0)
        return {"spend": spend.to_numpy(dtype=np.float64)}

    return Peer(predict, MODULES)


def _peer(predict: Callable[[], dict[str, Floats]], *modules: str) -> Peer:
    return Peer(predict, (*MODULES, *modules))


def _fifth(customer: str) -> bool:
    return int(hashlib.sha256(customer.encode()).hexdigest(), 16) % FIFTH == 0


def _tweedie(snapshots: Snapshots, booster: Booster, *, with_intervals: bool = False) -> dict[str, Floats]:
    spend = _spend(snapshots)
    answers = {"spend": _answers(snapshots, booster, "amount", spend)}
    if with_intervals:
        low, high = (np.maximum(_answers(snapshots, booster, end, spend), 0) for end in (LOW, HIGH))
        answers |= {"spend_low": low, "spend_high": np.maximum(low, high)}
    return answers


def _hurdle(snapshots: Snapshots, booster: Booster) -> dict[str, Floats]:
    """A chance to order times a log-normal amount of those who spent anything."""
    spend = _spend(snapshots)
    spent = spend > 0
    logs = np.log(np.where(spent, spend, 1.0))
    fit, stop = (rows & spent for rows in snapshots.split)
    asked = snapshots.table(logs, ~snapshots.is_closed)
    stopped_on = snapshots.table(logs, stop)
    known, rounds = booster("value", snapshots.table(logs, fit), stopped_on, stopped_on, ROUNDS_MAX)
    variance = float(np.mean((stopped_on.y - known) ** 2))
    mean, _ = booster("value", snapshots.table(logs, snapshots.is_closed & spent), None, asked, rounds)
    buys = _answers(snapshots, booster, "chance", snapshots.company.buys.outcomes[:, 0])
    return {"chance": buys, "spend": buys * np.exp(mean + variance / 2)}


def _conformal(snapshots: Snapshots, booster: Booster) -> dict[str, Floats]:
    """Split conformal: how far outcomes strayed, on a log scale, from what was predicted where rounds were chosen."""
    spend = _spend(snapshots)
    fit, stop = snapshots.split
    learned, stopped_on = snapshots.table(spend, fit), snapshots.table(spend, stop)
    strayed = np.log1p(stopped_on.y) - np.log1p(booster("amount", learned, stopped_on, stopped_on, ROUNDS_MAX)[0])
    low, high = np.quantile(strayed, (LOW, HIGH))
    answers = _tweedie(snapshots, booster)
    logs = np.log1p(answers["spend"])
    return answers | {"spend_low": np.maximum(np.expm1(logs + low), 0), "spend_high": np.maximum(np.expm1(logs + high), 0)}


def _answers(snapshots: Snapshots, booster: Booster, goal: Goal, outcomes: Floats) -> Floats:
    fit, stop = (snapshots.table(outcomes, rows) for rows in snapshots.split)
    _, rounds = booster(goal, fit, stop, stop, ROUNDS_MAX)
    asked = snapshots.table(outcomes, ~snapshots.is_closed)
    return booster(goal, snapshots.table(outcomes, snapshots.is_closed), None, asked, rounds)[0]


def _spend(snapshots: Snapshots) -> Floats:
    return snapshots.company.spends.outcomes[:, 0]


def _mean(one: dict[str, Floats], other: dict[str, Floats]) -> dict[str, Floats]:
    return {"chance": one["chance"], "spend": (one["spend"] + other["spend"]) / 2}


def _logistic(snapshots: Snapshots) -> Floats:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.sign(snapshots.x) * np.log1p(np.abs(snapshots.x))
    model = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), LogisticRegression(C=0.1, max_iter=2_000)
    )
    model.fit(x[snapshots.is_closed], snapshots.company.buys.outcomes[snapshots.is_closed, 0])
    return np.asarray(model.predict_proba(x[~snapshots.is_closed])[:, 1], dtype=np.float64)


def _autogluon(snapshots: Snapshots) -> dict[str, Floats]:
    """It chooses among its models on the last closed date, not on rows drawn at random."""
    fit, stop = snapshots.split
    asked, buys, spend = snapshots.x[~snapshots.is_closed], snapshots.company.buys.outcomes[:, 0], _spend(snapshots)
    chance, amount = (
        autogluon(goal, (snapshots.x[fit], y[fit]), (snapshots.x[stop], y[stop]), asked)
        for goal, y in (("chance", buys.astype(int)), ("value", spend))
    )
    return {"chance": chance, "spend": np.maximum(amount, 0)}


def _btyd_columns(company: Company, frame: Frame) -> pd.DataFrame:
    """What BG/NBD with Gamma-Gamma expects on each date, from the orders before it; one fit, on the last closed date."""
    days, model = company.manifest.horizon_days, "BG/NBD"
    columns = pd.DataFrame(index=range(len(frame.rows)), columns=["btyd_chance", "btyd_orders", "btyd_spend"], dtype=np.float64)
    last = rhythm(company.orders, company.closed[-1], frame.customer_id[frame.as_of == company.closed[-1]])
    fitted = fit_rate(model, last, days)
    for as_of in sorted(set(frame.as_of)):
        here = frame.as_of == as_of
        known = rhythm(company.orders, as_of, frame.customer_id[here])
        found = expectations(model, known, days, by_the_book=False, fitted=fitted)
        columns.loc[here] = np.column_stack([found["chance"], found["orders"], found["spend"]])
    return columns
