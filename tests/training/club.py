"""A made-up club in a folder: its members, their attributes, and who left after the one date there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

CONFIG = """
[project]
name = "club"
currency = "EUR"
horizon_days = 30

[tables.labels]
from = "members.csv"
customer_id = "id"
as_of = "DATE '2024-01-01'"
churned = '"left"'
value = "paid"
bought_visit = "visited"

[tables.customers]
from = "members.csv"
customer_id = "id"
numeric = { age = "age", fee = "try_cast(fee AS DOUBLE)" }
categorical = ["plan"]

[training]
threads = 1
rounds_max = 30
learning_rate = 0.2

[training.trials]
churn = 2
clv = 2
propensity = 1
"""


def members(count: int = 400, seed: int = 0) -> pd.DataFrame:
    """The young and those with the basic plan leave; who pays a high fee pays much and visits."""
    rng = np.random.default_rng(seed)
    age, fee, basic = rng.integers(18, 80, count), np.round(rng.gamma(4, 10, count), 2), rng.uniform(size=count) < 0.5
    leaving = -(age - 50) / 10 + 1.5 * basic - 0.7
    return pd.DataFrame(
        {
            "id": [f"m{number}" for number in range(count)],
            "age": age,
            "fee": fee,
            "plan": np.where(basic, "basic", "full"),
            "left": (rng.uniform(size=count) < 1 / (1 + np.exp(-leaving))).astype(int),
            "paid": np.where(rng.uniform(size=count) < 0.3, 0.0, np.round(fee * rng.gamma(3, 1, count), 2)),
            "visited": (rng.uniform(size=count) < 1 / (1 + np.exp(-(fee - 40) / 10))).astype(int),
        }
    )


def write_club(folder: Path, rows: pd.DataFrame, *changes: tuple[str, str]) -> Path:
    """The mapping file, with each old part replaced, and the members beside it."""
    text = CONFIG
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    rows.to_csv(folder / "members.csv", index=False)
    (folder / "club.toml").write_text(text, encoding="utf-8")
    return folder / "club.toml"
