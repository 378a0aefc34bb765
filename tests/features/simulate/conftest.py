"""One made-up company for all tests that only look at it."""

from __future__ import annotations

import pandas as pd
import pytest

from features.simulate import simulate
from tests.features.simulate.on_disk import CALENDAR, HORIZON, Company


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("simulate") / "company"
    return Company(simulate(folder, customers=40_000, seed=7, calendar=CALENDAR))


@pytest.fixture(scope="session")
def judged(company: Company) -> pd.DataFrame:
    """What was expected, and what happened: one row per customer_id and as_of."""
    return company.ask(f"""
        SELECT e.*, coalesce(orders, 0) AS orders, coalesce(spend, 0) AS spend, coalesce(margin, 0) AS margin,
            orders IS NULL OR orders = 0 AS churned, left_at < e.as_of + INTERVAL {HORIZON.days} DAY AS leaves,
            t.action, c.segment
        FROM {{truth/expected}} e LEFT JOIN (
            SELECT customer_id, as_of, count(DISTINCT order_id) FILTER (amount > 0) AS orders,
                sum(amount) AS spend, sum(amount - cost) AS margin
            FROM {{own orders}}, (SELECT DISTINCT as_of FROM {{truth/expected}})
            WHERE occurred_at >= as_of AND occurred_at < as_of + INTERVAL {HORIZON.days} DAY
            GROUP BY ALL
        ) o ON o.customer_id = e.customer_id AND o.as_of = e.as_of
        JOIN {{customers}} c ON c.customer_id = e.customer_id
        JOIN {{truth/customers}} l ON l.customer_id = e.customer_id
        LEFT JOIN {{treatments}} t ON t.customer_id = e.customer_id AND t.occurred_at::DATE = e.as_of
    """)
