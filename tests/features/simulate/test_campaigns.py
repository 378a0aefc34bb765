"""Treatments are a fair experiment, and what it finds is the true effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.features.simulate.on_disk import CAMPAIGN_DAY, SIGMAS, Company


def test_treatments_are_random_with_the_propensity_they_state(company: Company) -> None:
    shares = company.ask("""
        WITH counts AS (
            SELECT segment, action, any_value(propensity) AS stated, count(DISTINCT propensity) AS stated_count, count(*) AS n
            FROM {treatments} JOIN {customers} USING (customer_id) GROUP BY ALL
        )
        SELECT *, sum(n) OVER (PARTITION BY segment) AS n_segment FROM counts
    """)
    assert len(shares) == 9
    assert (shares.stated_count == 1).all()
    error = np.sqrt(shares.stated * (1 - shares.stated) / shares.n_segment)
    assert ((shares.n / shares.n_segment - shares.stated).abs() < SIGMAS * error).all()
    too_early = "SELECT count(*) FROM {treatments} JOIN {customers} USING (customer_id) WHERE acquired_at >= occurred_at"
    assert company.one(too_early) == 0


def test_the_experiment_finds_the_true_effects(company: Company, judged: pd.DataFrame) -> None:
    effects = company.ask("SELECT * FROM {truth/treatment_effects}")
    at_campaign = judged[judged.is_alive & (judged.as_of == pd.Timestamp(CAMPAIGN_DAY)) & judged.action.notna()]
    for action, change in (("voucher", "buy_probability_change"), ("call", "leave_probability_change")):
        own = effects[effects.action == action].drop(columns="action")
        rows = at_campaign.merge(own, on=["customer_id", "as_of"])
        happened = (
            ~rows.churned - rows.buy_probability_without if action == "voucher" else rows.leaves.fillna(False).astype(float)
        )
        found, variance = 0.0, 0.0
        for segment, members in rows.groupby("segment"):  # propensities differ between segments
            treated, held = (happened[members.index][members.action == name] for name in (action, "none"))
            weight = len(members) / len(rows)
            found += weight * (treated.mean() - held.mean())
            variance += weight**2 * (treated.var() / len(treated) + held.var() / len(held))
            assert len(treated) > 100, segment
        error = np.sqrt(variance)
        assert abs(found - rows[change].mean()) < SIGMAS * error
        assert abs(found) > SIGMAS * error  # large enough to be found at all


def test_effects_differ_between_customers_and_some_calls_do_harm(company: Company) -> None:
    effects = company.ask("SELECT * FROM {truth/treatment_effects} WHERE buy_probability_without > 0")
    voucher, call = (effects[effects.action == action] for action in ("voucher", "call"))
    assert (voucher.buy_probability_change >= -1e-9).all()
    assert voucher.buy_probability_change.quantile(0.9) > 5 * voucher.buy_probability_change.quantile(0.1)
    assert 0.02 < (call.leave_probability_change > 1e-9).mean() < 0.3
    assert call.leave_probability_change.mean() < -0.01


def test_a_voucher_works_for_thirty_days_and_a_call_for_ninety(company: Company) -> None:
    days = company.ask("""
        SELECT action, customer_id, t.occurred_at::DATE AS day, date_diff('day', t.occurred_at::DATE, left_at::DATE) AS left_after
        FROM {treatments} t JOIN {truth/customers} USING (customer_id)
    """)
    called = days.left_after[days.action == "call"]
    last_month, month_after = called.between(61, 90).sum(), called.between(91, 120).sum()
    assert last_month < 0.75 * month_after
    orders = company.ask("""
        SELECT action, date_diff('day', t.occurred_at::DATE, o.occurred_at::DATE) BETWEEN 1 AND 30 AS is_within, count(DISTINCT order_id) AS n
        FROM {treatments} t JOIN {own orders} o USING (customer_id) JOIN {customers} USING (customer_id)
        WHERE amount > 0 AND segment = 'consumer' AND date_diff('day', t.occurred_at::DATE, o.occurred_at::DATE) BETWEEN 1 AND 60
        GROUP BY ALL
    """).pivot_table(index="is_within", columns="action", values="n")
    # Consumers are given vouchers as often as they are withheld.
    assert orders.voucher[True] > 1.4 * orders["none"][True]
    assert orders.voucher[False] == pytest.approx(orders["none"][False], rel=0.1)
