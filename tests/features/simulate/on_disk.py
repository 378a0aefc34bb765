"""A made-up company on disk, asked in SQL, and the comparison of what happened with what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd

from features.simulate import Calendar, SimulatedCompany

CAMPAIGN_DAY, QUIET_DAY = date(2022, 5, 26), date(2023, 7, 5)  # QUIET_DAY: a call still works, nothing new begins
# Horizons end well before the tables do: what happened in them has been recorded, however late.
CALENDAR = Calendar(as_of=(CAMPAIGN_DAY, QUIET_DAY))
HORIZON = timedelta(days=CALENDAR.horizon_days)
SIGMAS = 4.0


@dataclass(frozen=True)
class Company:
    """A company on disk, asked in SQL: {orders}, {truth/expected} ... stand for its tables."""

    made: SimulatedCompany

    def ask(self, query: str) -> pd.DataFrame:
        tables = {name: f"read_parquet('{self.made.folder / name}.parquet')" for name in self.made.rows}
        # Rows under another name belong to the customer it stands for.
        own = "SELECT * REPLACE (coalesce(i.customer_id, o.customer_id) AS customer_id)"
        tables |= {
            f"own {name}": f"({own} FROM {tables[name]} o LEFT JOIN {tables['identities']} i ON o.customer_id = i.alias)"
            for name in ("orders", "interactions")
        }
        for name, table in tables.items():
            query = query.replace(f"{{{name}}}", table)
        return duckdb.sql(query).df()

    def one(self, query: str) -> float:
        return float(self.ask(query).iloc[0, 0])


def bytes_of(company: SimulatedCompany) -> dict[str, bytes]:
    return {name: (company.folder / f"{name}.parquet").read_bytes() for name in company.rows}


def assert_agree(happened: pd.Series, expected: pd.Series) -> None:
    """The mean surprise is 0 within its sampling error."""
    surprise = happened.astype(float) - expected
    assert abs(surprise.mean()) < SIGMAS * surprise.std() / np.sqrt(len(surprise)), (happened.mean(), expected.mean())
