"""Our side: one function per protocol. Each is given what the peers are given and answers for the same rows."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.models_case import Floats, Predicted
from benchmarks.models_data import Company
from features.families.calendar import DAY_OF_YEAR
from models.bundle import DAYS_UNTIL_LEAVING
from models.contract import Roles, Task, Teller
from models.intervals import Intervals
from models.recipes import RECIPES
from training.dates import assign_roles, closed_by
from training.frame import Frame, training_frame
from training.job import Job

TELCO_TRIALS = 3  # 25 folds, each tuned within


def online_retail(made: Company) -> Predicted:
    """`chance` of an order, `spend` and its interval for `made.customers` on `made.judged_at`."""
    return trained(made)


def cdnow(made: Company, orders: pd.DataFrame, customers: np.ndarray, asked: date, days: int) -> Predicted:
    """`chance`, `orders` and `spend` in the days from `asked` on, for `customers`.

    `made` ends on the day `asked`, which has a snapshot; `orders` are the order days before it (customer_id, day, amount).
    Learned, as a project of so short a history learns, from windows of a third of the days asked for. For the number of
    orders each is taken to be worth 1.
    """
    from features.snapshots import load_snapshot
    from training.dates import learned_horizon

    window = learned_horizon((*made.manifest.grid, asked), judged_at=asked, horizon_days=days)
    grid = closed_by(asked, made.manifest.grid, window)
    roles = assign_roles((*grid, asked), judged_at=asked, horizon_days=window)
    snapshot = load_snapshot(made.project, asked)
    names = [feature.name for feature in made.manifest.features()]

    def answers(task: Task, change: Callable[[Frame], Frame]) -> Floats:
        past = change(training_frame(made.project, made.manifest, task, grid, horizon_days=window, known_by=asked))
        nothing = np.zeros((len(snapshot), 1))
        dates = np.repeat(np.array([asked], dtype=object), len(snapshot))
        here = change(Frame(snapshot["customer_id"].to_numpy(dtype=str), dates, snapshot[names], nothing, days))
        found, _ = fitted_and_asked(task, "orders", past, here, roles, known_directions(made))
        return pd.Series(found, index=here.customer_id).reindex(customers).to_numpy()

    def counted(frame: Frame) -> Frame:
        rows = frame.rows.assign(spend_sum=frame.rows["order_day_count"], refund_sum=0.0)
        return replace(frame, rows=rows, outcomes=_order_days(orders, frame))

    return {
        "chance": 1 - answers("churn", lambda frame: frame),
        "spend": answers("clv", lambda frame: frame),
        "orders": answers("clv", counted),
    }


def _order_days(orders: pd.DataFrame, frame: Frame) -> Floats:
    """How many days with an order follow each row within its horizon, as far as they are known."""
    counts = np.zeros((len(frame.customer_id), 1))
    for as_of in set(frame.as_of):
        here = frame.as_of == as_of
        ahead = (orders["day"] >= pd.Timestamp(as_of)) & (
            orders["day"] < pd.Timestamp(as_of) + pd.Timedelta(days=frame.horizon_days)
        )
        found = orders[ahead].groupby("customer_id").size()
        counts[here, 0] = found.reindex(frame.customer_id[here]).fillna(0).to_numpy()
    return counts


def telco(table: pd.DataFrame, churned: Floats, folds: list[np.ndarray]) -> Predicted:
    """`chance` of churn; folds hold the rows to answer for, each learned without them; answers in the order of the folds."""
    rows, when = encoded(table), date(2018, 9, 1)  # the data bears no date; this one stands for it
    roles = assign_roles((when,), judged_at=when, horizon_days=30)
    found = []
    for asked in folds:
        learn = np.setdiff1d(np.arange(len(rows)), asked)
        past, here = (_one_date(rows.iloc[some], churned[some], when) for some in (learn, asked))
        found.append(fitted_and_asked("churn", "labels", past, here, roles, {}, TELCO_TRIALS)[0])
    return {"chance": np.concatenate(found)}


def bank_marketing(learn: pd.DataFrame, yes: Floats, asked: pd.DataFrame, months: np.ndarray) -> Predicted:
    """`chance` of a yes for the rows asked, learned from earlier ones; `months` are those of all rows, in their order.

    All rows asked are asked as of the month after those learned from. Their own month, which the peers are given too, says
    from which month of last year their level may be taken.
    """
    rows = encoded(pd.concat([learn, asked]).drop(columns="month"))
    rows[DAY_OF_YEAR] = [float(month.timetuple().tm_yday) for month in months]
    months = months[: len(learn)]
    judged = max(months) + timedelta(days=31)
    past = Frame(np.arange(len(learn)).astype(str), months, rows[: len(learn)], yes[:, None], 30)
    dates = np.repeat(np.array([judged], dtype=object), len(asked))
    here = Frame(
        np.arange(len(asked)).astype(str), dates, rows[len(learn) :].reset_index(drop=True), np.zeros((len(asked), 1)), 30
    )
    roles = assign_roles((*sorted(set(months)), judged), judged_at=judged, horizon_days=30)
    return {"chance": fitted_and_asked("propensity", "labels", past, here, roles, {})[0]}


def simulated(made: Company) -> Predicted:
    """`chance` of an order and `spend` for `made.customers` of one company."""
    return trained(made)


def encoded(table: pd.DataFrame) -> pd.DataFrame:
    """One column per level of a text, as the project's own snapshots have them."""
    return pd.get_dummies(table, dtype=float).astype(float)


def _one_date(rows: pd.DataFrame, outcome: Floats, when: date) -> Frame:
    dates = np.repeat(np.array([when], dtype=object), len(rows))
    return Frame(rows.index.to_numpy().astype(str), dates, rows.reset_index(drop=True), outcome[:, None], 30)


def known_directions(made: Company) -> dict[str, int]:
    """Which way features are known to point."""
    return {feature.name: int(feature.direction) for feature in made.manifest.features() if feature.direction}


def fitted_and_asked(
    task: Task, told_by: Teller, past: Frame, here: Frame, roles: Roles, directions: dict[str, int], trials: int | None = None
) -> tuple[Floats, Intervals | None]:
    """The served numbers for the rows asked, of a model fitted as `training.train` fits it, without a bundle and a registry."""
    from training.fitting.fit import fit, tuned_for
    from training.settings import TrainingSettings, Trials

    recipe = RECIPES[task] if told_by == "orders" else replace(RECIPES[task], starts_from_prior=False)
    settings = TrainingSettings() if trials is None else TrainingSettings(trials=Trials(**{task: trials}))
    with contextlib.redirect_stdout(io.StringIO()):
        job = Job(recipe, told_by, roles, past, here, (), {}, directions)
        fitted = fit(job, tuned_for(job, settings), settings)
        margins = fitted.margins(here.with_prior(fitted.prior, recipe), settings)
    return fitted.rehearsed.calibrator.served(margins)[:, 0], fitted.rehearsed.intervals


def trained(made: Company) -> Predicted:
    """What the churn and clv models answer, trained as `python -m training` trains them, in a registry of their own."""
    from features.project import read_section
    from features.snapshots import load_snapshot
    from training.settings import TrainingSettings
    from training.train import train

    settings = read_section(made.config, "training", TrainingSettings)
    with _own_registry():
        churn, clv = (train(made.project, settings, task).bundle for task in ("churn", "clv"))
    rows = load_snapshot(made.project, made.judged_at)
    rows = rows.set_index(rows["customer_id"].astype(str)).loc[list(made.customers)]
    leaving = churn.predict(rows)
    amount = clv.predict(rows).to_numpy(dtype=np.float64)
    days = leaving[list(DAYS_UNTIL_LEAVING)].to_numpy(dtype=np.float64).sum(axis=1)  # most medians are 0 or five years
    answers = {"chance": 1 - leaving.to_numpy(dtype=np.float64)[:, 0], "gone": -days, "spend": amount[:, 0]}
    return answers | {"spend_low": amount[:, 1], "spend_high": amount[:, 2]}


@contextmanager
def _own_registry() -> Iterator[None]:
    """A registry in a folder that is gone afterwards."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    with TemporaryDirectory(prefix="cvm_bench_models_") as folder:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{Path(folder) / 'mlflow.db'}"
        try:
            yield
        finally:
            if before is None:
                del os.environ["MLFLOW_TRACKING_URI"]
            else:
                os.environ["MLFLOW_TRACKING_URI"] = before
