"""What customers are worth, in money: what they brought, what is to come, and what those they brought are worth."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.families.calendar import DAY_OF_YEAR
from models.bundle import Bundle
from models.inputs import Columns, Inputs, column
from models.value.settings import ValueSettings

Floats = NDArray[np.float64]
YEAR_DAYS = 365.0
REALISED, POTENTIAL, INFLUENCE, LIFETIME, AT_RISK = (
    "realised_value",
    "potential_value",
    "influence_value",
    "lifetime_value",
    "value_at_risk",
)


GOODS_COST = "what goods cost (tables.orders.cost)"


def unrecorded_costs(rows: Columns) -> list[str]:
    """Which costs no column of the snapshots tells; they count as 0, and readers must be told."""
    costs = {
        "goods_cost_sum": GOODS_COST,
        "acquisition_cost": "what winning customers cost (tables.customers.acquisition_cost)",
        "treatment_cost_sum": "what campaign touches cost (tables.treatments.cost)",
    }
    return [said for name, said in costs.items() if name not in rows.columns]


def realised_value(rows: Columns) -> Floats:
    """Margin to date less the cost of winning and keeping, per customer: below 0 for whoever cost more than she brought.

    Spend less refunds less what the goods cost, less the cost of acquisition, less that of campaign touches; what is not
    recorded counts as 0 (see `unrecorded_costs`). Missing where the snapshots know nothing of orders.
    """
    if "spend_sum" not in rows.columns:
        return np.full(len(rows), np.nan)
    taken_off = ("refund_sum", "goods_cost_sum", "acquisition_cost", "treatment_cost_sum")
    return _or_nothing(rows, "spend_sum") - sum((_or_nothing(rows, name) for name in taken_off), np.zeros(len(rows)))


def periods_ahead(clv: Bundle, rows: pd.DataFrame | Inputs, settings: ValueSettings, as_of: date, churn: Floats) -> Floats:
    """How many times the value within the model's horizon the discounted value within `settings.horizon_days` is.

    The horizon is repeated until the end, the last one cut. The value of each period, beside that of the first, goes with
    the orders that the rhythm lets expect in it (MBG/NBD: what is left of a customer's chance to be one cancels out) and with
    the level of the season at its beginning, where one was learned. Where the rhythm is not known or does not speak for the
    value, whoever stays through a period (1 - churn; everybody, where that is not known) is there for the next. Money is
    discounted from the middle of a period: (1 + rate)^(-days / 365).
    """
    horizon = clv.contract.horizon_days
    begins = np.arange(0, settings.horizon_days, horizon, dtype=np.float64)
    ends = np.minimum(begins + horizon, settings.horizon_days)
    worth = (1 + settings.discount_rate_per_year) ** (-(begins + ends) / 2 / YEAR_DAYS)
    activity = _by_rhythm(clv, rows, begins, ends)
    unknown = np.isnan(activity).any(axis=1)
    stays = 1 - np.nan_to_num(churn)
    activity[unknown] = (stays[:, None] ** (begins / horizon) * (ends - begins) / horizon)[unknown]
    found: Floats = (activity * _seasons(clv, begins, as_of)) @ worth
    return found


def _by_rhythm(clv: Bundle, rows: pd.DataFrame | Inputs, begins: Floats, ends: Floats) -> Floats:
    """Orders to expect in each period over those in the first whole one: customers x periods; missing without a rhythm."""
    if clv.prior is None or not clv.contract.expects_orders:
        return np.full((len(rows), len(begins)), np.nan)
    horizon = float(clv.contract.horizon_days)
    until = {days: clv.prior.orders_of_the_living(rows, days) for days in {*begins[1:], *ends, horizon}}
    periods = zip(begins, ends, strict=True)
    return np.column_stack([(until[end] - (until[begin] if begin else 0.0)) / until[horizon] for begin, end in periods])


def _seasons(clv: Bundle, begins: Floats, as_of: date) -> Floats:
    """By how much value stands higher in each period than in the first, for the level of the season alone."""
    if clv.season is None or not clv.season.days:
        return np.ones(len(begins))
    days = [(as_of + timedelta(days=float(begin))).timetuple().tm_yday for begin in begins]
    level = clv.season.at(pd.DataFrame({DAY_OF_YEAR: days}, dtype="float64"))[:, 0]
    higher: Floats = np.exp(clv.calibrator.slopes[0] * (level - level[0]))
    return higher


def keeping_cost(rows: Columns, horizon_days: int, periods: Floats) -> Floats:
    """What campaign touches will cost as long as value is expected, if they go on as so far: per customer.

    Their cost so far per horizon of the time since her first order (at least one horizon), times `periods`.
    """
    first = "days_since_first_order"
    since = np.nan_to_num(column(rows, first)) if first in rows.columns else np.zeros(len(rows))
    known_days = np.maximum(since, horizon_days)
    return _or_nothing(rows, "treatment_cost_sum") * horizon_days / known_days * periods


def influence_value(customer_ids: NDArray[np.str_], brought: pd.DataFrame, lifetime: Floats) -> Floats:
    """The lifetime value of the customers each has brought: 0 for who has brought nobody.

    `brought` has `customer_id` and `referred_by`, one row per customer who was brought by somebody. A value that is theirs
    already: influence values are no part of the equity, and adding them to it would count customers twice. After the
    customer referral value of Kumar, Petersen, Leone (2010), as if none of them had come by herself.
    """
    own = pd.Series(np.nan_to_num(lifetime), index=customer_ids)
    others = brought[brought["referred_by"] != brought["customer_id"]]
    worth = own.reindex(others["customer_id"]).fillna(0.0).to_numpy()
    by_referrer = pd.Series(worth).groupby(others["referred_by"].to_numpy()).sum()
    return np.asarray(by_referrer.reindex(customer_ids).fillna(0.0), dtype=np.float64)


def _or_nothing(rows: Columns, name: str) -> Floats:
    """A column of money; 0 where it is not recorded."""
    return np.nan_to_num(column(rows, name)) if name in rows.columns else np.zeros(len(rows))
