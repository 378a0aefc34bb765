"""A made-up company in a folder: a mapping file and two years of order lines of customers who come, buy and leave."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

FIRST_DAY, JUDGED_AT, DATA_UNTIL = date(2020, 1, 1), date(2021, 3, 1), date(2021, 4, 1)
CONFIG = """
[project]
name = "{name}"
currency = "EUR"
horizon_days = 30

[tables.orders]
from = "{name}.csv"
customer_id = "customer"
order_id = "invoice"
occurred_at = "bought_at"
amount = "price"
category = "kind"

[dates]
judged_at = 2021-03-01
data_until = 2021-04-01
every_days = 30
history_days_min = 180

[features]
windows_days = [30, 90]

[training]
threads = 1
rounds_max = 30
learning_rate = 0.2
judged_dates = 2

[training.trials]
churn = 2
clv = 2
propensity = 1
"""


def order_lines(customers: int = 120, seed: int = 0) -> pd.DataFrame:
    """Customers with a rhythm, a basket and a taste of their own, who may leave after any order; some give back."""
    rng = np.random.default_rng(seed)
    start = datetime.combine(FIRST_DAY, datetime.min.time())
    lines = []
    for number in range(customers):
        gap, basket, likes_tea = rng.gamma(3, 9), rng.gamma(4, 10), rng.uniform() < 0.5
        at = rng.uniform(0, 300)
        while at < (DATA_UNTIL - FIRST_DAY).days:
            kind = "tea" if rng.uniform() < (0.8 if likes_tea else 0.1) else "toys"
            price = round(basket * rng.gamma(8, 1 / 8), 2)
            lines.append((f"c{number:03}", start + timedelta(days=at), price, kind))
            if rng.uniform() < 0.08:
                lines.append((f"c{number:03}", start + timedelta(days=at + 0.2), -price, kind))
            if rng.uniform() < 0.08:
                break
            at += rng.exponential(gap) + 0.5
    frame = pd.DataFrame(lines, columns=["customer", "bought_at", "price", "kind"])
    frame = frame[frame["bought_at"] < datetime.combine(DATA_UNTIL, datetime.min.time())]
    return frame.assign(invoice=[f"i{number}" for number in range(len(frame))])


def write_company(folder: Path, lines: pd.DataFrame, name: str = "shop", *changes: tuple[str, str]) -> Path:
    """The mapping file, with each old part replaced, and the lines beside it."""
    text = CONFIG.format(name=name)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    lines.to_csv(folder / f"{name}.csv", index=False)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder / f"{name}.toml"
