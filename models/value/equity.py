"""Customer equity: what all customers together are expected to bring, how sure that is, and how it moved between two dates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.contract import Frozen

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
DRAWS, DRAWS_MIN, WEIGHTS_MAX = 1_000, 200, 50_000_000  # of very many customers fewer draws: their sum is sure enough
ENDS = (0.025, 0.975)  # of a 95 % interval


class Equity(Frozen):
    """The sum of the potential values of some customers with a 95 % interval, in the project's currency.

    `usual_miss_factor` is by how much the totals of this model usually missed on judged dates (1.2: by a fifth, up or down);
    None where they were not judged, and then the interval does not know of it.
    """

    customers: int
    value: float
    lower: float
    upper: float
    usual_miss_factor: float | None


def customer_equity(value: Floats, spread: Floats, total_ratios: Sequence[float], *, seed: int) -> Equity:
    """From potential values and how far each strays (a standard deviation), one per customer; missing ones are left out.

    Three things are drawn 1,000 times (200 with millions of customers): which customers there are (bootstrap with Poisson
    weights: Hanley, MacGibbon 2006), what each then does (normal, as wide as her interval: of a sum of many the shape does not
    matter), and by which factor the whole total misses (log-normal, with the root mean square of the log of `total_ratios`,
    predicted over actual on judged dates).
    """
    known = ~np.isnan(value)
    value, spread = value[known], np.nan_to_num(spread[known])
    rng = np.random.default_rng(seed)
    misses = np.log([ratio for ratio in total_ratios if 0 < ratio < np.inf])
    off = float(np.sqrt(np.mean(misses**2))) if len(misses) else 0.0
    draws = int(np.clip(WEIGHTS_MAX // max(len(value), 1), DRAWS_MIN, DRAWS))
    totals = np.empty(draws)
    for k in range(draws):
        times = rng.poisson(1.0, len(value))
        totals[k] = times @ value + np.sqrt((times * spread**2).sum()) * rng.normal()
    totals *= np.exp(off * rng.normal(size=draws))
    low, high = np.quantile(totals, ENDS)
    return Equity(
        customers=len(value),
        value=float(value.sum()),
        lower=float(low),
        upper=float(high),
        usual_miss_factor=float(np.exp(off)) if len(misses) else None,
    )


class Movement(Frozen):
    """Where equity went from one date to the next: then = kept + shrunk + lost, now = kept + grown + won.

    `kept` is the smaller of both values of everybody who is a customer on both dates, `grown` and `shrunk` the difference of
    who is worth more or less, `lost` that of who has left since, `won` all of who is new or came back. Amounts, then customers.
    """

    then: float
    now: float
    kept: float
    grown: float
    shrunk: float
    lost: float
    won: float
    customers: dict[str, int]


def equity_movement(then: pd.Series, now: pd.Series, is_lost: pd.Series) -> Movement:
    """From potential values on two dates by customer_id, missing or absent where she was not a customer.

    `is_lost` says by customer_id who is taken to have left by the second date; who left by the first had left already.
    """
    ids = then.index.union(now.index)
    was, is_now = (values.reindex(ids).to_numpy(dtype=np.float64) for values in (then, now))
    left = is_lost.reindex(ids).fillna(False).to_numpy(dtype=bool)
    before, after = ~np.isnan(was), ~np.isnan(is_now)
    was, is_now = np.nan_to_num(was), np.nan_to_num(is_now)
    kept, both = np.where(before & after, np.minimum(was, is_now), 0.0), before & after
    less, more = was - kept, is_now - kept
    gone = before & (left | ~after)
    parts = {
        "kept": (kept, both),
        "grown": (np.where(before, more, 0.0), both & (more > 0)),
        "shrunk": (np.where(gone, 0.0, less), both & ~gone & (less > 0)),
        "lost": (np.where(gone, less, 0.0), gone),
        "won": (np.where(before, 0.0, more), after & ~before),
    }
    return Movement(
        then=float(was.sum()),
        now=float(is_now.sum()),
        **{name: float(amounts.sum()) for name, (amounts, _) in parts.items()},
        customers={name: int(who.sum()) for name, (_, who) in parts.items()},
    )
