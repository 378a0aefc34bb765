"""The truth is true: what was expected is what happened, on average, within sampling error."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.features.simulate.on_disk import CAMPAIGN_DAY, Company, assert_agree


def test_true_churn_probabilities_are_right_on_average_and_by_stratum(judged: pd.DataFrame) -> None:
    for _, rows in judged.groupby("as_of"):
        assert_agree(rows.churned, rows.churn_probability)
    alive = judged[judged.is_alive]
    strata = pd.cut(alive.churn_probability, np.linspace(0, 1, 11))
    assert strata.value_counts().min() > 1000
    for _, rows in alive.groupby(strata, observed=True):
        assert_agree(rows.churned, rows.churn_probability)
    assert_agree(alive.churned[alive.is_upset], alive.churn_probability[alive.is_upset])


def test_true_expectations_are_right_on_average_and_by_stratum(judged: pd.DataFrame) -> None:
    for _, rows in judged.groupby("as_of"):
        assert_agree(rows.spend, rows.spend_expected)
        assert_agree(rows.margin, rows.margin_expected)
    alive = judged[judged.is_alive]
    for _, rows in alive.groupby(pd.qcut(alive.orders_expected, 5)):
        assert_agree(rows.orders, rows.orders_expected)
        assert_agree(rows.spend, rows.spend_expected)
        assert_agree(rows.leaves.fillna(False), rows.leave_probability)


def test_the_truth_knows_who_was_treated(judged: pd.DataFrame) -> None:
    at_campaign = judged[judged.is_alive & (judged.as_of == pd.Timestamp(CAMPAIGN_DAY))]
    for action in ("none", "voucher", "call"):
        rows = at_campaign[at_campaign.action == action]
        assert_agree(rows.churned, rows.churn_probability)
        assert_agree(rows.leaves.fillna(False), rows.leave_probability)


def test_who_has_left_is_expected_to_do_nothing_but_give_back(judged: pd.DataFrame) -> None:
    gone = judged[~judged.is_alive]
    assert (gone.churn_probability == 1).all()
    assert gone.churned.all()
    assert (gone.orders_expected == 0).all()
    assert_agree(gone.spend, gone.spend_expected)


def test_what_those_who_left_may_still_give_back_is_computed_line_by_line(company: Company) -> None:
    # A line of age a (days) comes back in the horizon with probability q (1 - F(a)) / (1 - q F(a)) unless it is back already;
    # F(a) = (a - 1) / 29 between 1 and 30 days.
    wanted = company.ask("""
        WITH lines AS (
            SELECT e.customer_id, e.as_of, b.order_id, b.product_id, b.amount, return_probability AS q,
                least(1, greatest(0, ((epoch(e.as_of::TIMESTAMP) - epoch(b.occurred_at)) / 86400 - 1) / 29)) AS f,
                count(*) AS alike
            FROM {truth/expected} e JOIN {truth/customers} USING (customer_id) JOIN {own orders} b USING (customer_id)
            WHERE NOT is_alive AND b.amount > 0 AND b.occurred_at < e.as_of AND b.occurred_at >= e.as_of - INTERVAL 30 DAY
            GROUP BY ALL
        ), open AS (  -- an order may have two lines that are alike, and one of them back
            SELECT *, alike - (
                SELECT count(*) FROM {orders} r WHERE r.order_id = lines.order_id AND r.product_id = lines.product_id
                AND r.amount = -lines.amount AND r.occurred_at < lines.as_of
            ) AS left_open FROM lines
        )
        SELECT customer_id, as_of, -sum(left_open * amount * q * (1 - f) / (1 - q * f)) AS wanted FROM open GROUP BY ALL
    """)
    gone = company.ask("SELECT * FROM {truth/expected} WHERE NOT is_alive").merge(
        wanted, how="left", on=["customer_id", "as_of"]
    )
    assert len(wanted) > 100
    np.testing.assert_allclose(gone.spend_expected, gone.wanted.fillna(0), rtol=1e-3, atol=1e-3)


def test_the_latent_rates_are_those_that_the_customers_live_by(company: Company) -> None:
    # While content and untreated the rate is orders_per_day x demand; over whole years demand is about 1, and growing.
    rates = company.ask("""
        SELECT orders_per_day, order_value_mean, order_margin_mean,
            (epoch(coalesce(left_at, TIMESTAMP '2024-01-01')) - epoch(acquired_at)) / 86400 AS days,
            (SELECT count(DISTINCT order_id) FROM {own orders} o WHERE o.customer_id = t.customer_id AND occurred_at > acquired_at) AS orders
        FROM {truth/customers} t JOIN {customers} USING (customer_id)
    """)
    busy = rates[rates.days > 700].assign(orders_wanted=lambda rows: rows.orders_per_day * rows.days)
    by_fifth = busy.groupby(pd.qcut(busy.orders_per_day, 5, labels=False)).sum()
    ratio = by_fifth.orders / by_fifth.orders_wanted
    assert ratio.between(0.95, 1.25).all()
    assert (rates.order_margin_mean > 0).all()
    assert (rates.order_margin_mean < rates.order_value_mean).all()
