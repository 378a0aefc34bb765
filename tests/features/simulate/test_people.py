"""The customers of a made-up company live as real ones do."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.simulate import simulate
from tests.features.simulate.on_disk import Company


def test_some_customers_never_order_some_order_once_and_one_is_very_heavy(company: Company) -> None:
    orders = company.ask("""
        SELECT count(DISTINCT order_id) AS n FROM {customers} c LEFT JOIN {own orders} o USING (customer_id) GROUP BY customer_id
    """).n
    assert (orders == 0).mean() > 0.01
    assert (orders == 1).mean() > 0.05
    assert orders.max() > 500


def test_even_the_smallest_company_has_a_heavy_customer(tmp_path: Path) -> None:
    made = simulate(tmp_path / "company", customers=1, seed=1)
    assert made.rows["orders"] > 1000


def test_referrers_were_customers_earlier(company: Company) -> None:
    referred = company.ask("""
        SELECT c.acquired_at, r.acquired_at AS earlier FROM {customers} c LEFT JOIN {customers} r
        ON r.customer_id = c.referred_by WHERE c.referred_by IS NOT NULL
    """)
    assert (referred.earlier < referred.acquired_at).all()
    assert 0.1 < len(referred) / company.made.customers < 0.14


def test_nobody_orders_visits_or_answers_after_leaving_or_before_being_acquired(company: Company) -> None:
    for table in ("{own orders}", "(SELECT * FROM {own interactions} WHERE kind <> 'survey_invite')", "{surveys}"):
        bought = "AND amount > 0" if "orders" in table else ""
        impossible = company.one(f"""
            SELECT count(*) FROM {table} e JOIN {{truth/customers}} t USING (customer_id) JOIN {{customers}} c USING (customer_id)
            WHERE (date_trunc('second', e.occurred_at) > t.left_at OR e.occurred_at < c.acquired_at) {bought}
        """)
        assert impossible == 0


def test_subscriptions_end_when_the_customer_leaves_or_changes_the_plan(company: Company) -> None:
    periods = company.ask("""
        SELECT s.*, left_at, lead(started_at) OVER (PARTITION BY customer_id ORDER BY started_at) AS next
        FROM {subscriptions} s JOIN {truth/customers} USING (customer_id)
    """)
    changed = periods.ended_at == periods.next
    ended = periods.ended_at.notna() & ~changed & periods.next.isna()
    assert changed.sum() > 100
    # A period in the table may be without the next one, which is not known yet.
    assert (periods.ended_at[ended] == periods.left_at[ended]).mean() > 0.99
    assert periods.left_at[periods.ended_at.isna()].isna().all()
    assert (periods.ended_at.dropna() >= periods.started_at[periods.ended_at.notna()]).all()


def test_complaints_are_followed_by_contacts_and_settled_unless_the_customer_leaves(company: Company) -> None:
    complaints = company.ask("""
        SELECT c.occurred_at, c.resolved_at, t.left_at, count(f.kind) AS contacts
        FROM {own interactions} c JOIN {truth/customers} t USING (customer_id) LEFT JOIN {own interactions} f
            ON f.customer_id = c.customer_id AND f.kind = 'contact' AND f.occurred_at BETWEEN c.occurred_at AND c.occurred_at + INTERVAL 10 DAY
        WHERE c.kind = 'complaint' GROUP BY ALL
    """)
    assert (complaints.contacts > 0).mean() > 0.5
    assert (complaints.resolved_at.dropna() >= complaints.occurred_at[complaints.resolved_at.notna()]).all()
    long_ago = complaints[complaints.occurred_at < "2023-01-01"]
    assert 0.7 < long_ago.resolved_at.notna().mean() < 0.97
    assert long_ago.left_at[long_ago.resolved_at.isna()].notna().mean() > 0.97


def test_the_upset_order_half_as_much(company: Company) -> None:
    spells = company.ask("""
        SELECT orders_per_day * (epoch(resolved_at) - epoch(occurred_at)) / 86400 AS usual,
            (SELECT count(DISTINCT order_id) FROM {own orders} o WHERE o.customer_id = c.customer_id
                AND o.occurred_at > c.occurred_at AND o.occurred_at <= c.resolved_at AND amount > 0) AS orders
        FROM {own interactions} c JOIN {truth/customers} USING (customer_id) WHERE kind = 'complaint' AND resolved_at IS NOT NULL
    """).sum()
    assert 0.4 < spells.orders / spells.usual < 0.65  # vouchers and growth add a little


def test_the_dissatisfied_answer_so_complain_more_and_leave_sooner(company: Company) -> None:
    customers = company.ask("""
        SELECT satisfaction, leave_hazard_per_day AS hazard, (SELECT avg(score) FROM {surveys} s WHERE s.customer_id = t.customer_id AND instrument = 'nps') AS nps,
            (SELECT count(*) FROM {interactions} i WHERE i.customer_id = t.customer_id AND kind = 'complaint') AS complaints
        FROM {truth/customers} t
    """)
    by_quarter = customers.groupby(pd.qcut(customers.satisfaction, 4, labels=False)).mean()
    assert by_quarter.nps.is_monotonic_increasing
    assert by_quarter.complaints.is_monotonic_decreasing
    assert by_quarter.hazard.is_monotonic_decreasing


def test_known_duplicates_have_rows_under_both_names_and_are_one_customer(company: Company) -> None:
    names = company.ask("""
        SELECT alias, alias IN (SELECT customer_id FROM {customers}) AS is_customer, i.customer_id IN (SELECT customer_id FROM {customers}) AS is_known,
            (SELECT count(*) FROM {orders} o WHERE o.customer_id = alias) AS orders_alias,
            (SELECT count(*) FROM {orders} o WHERE o.customer_id = i.customer_id) AS orders_own
        FROM {identities} i
    """)
    assert not names.is_customer.any()
    assert names.is_known.all()
    assert names.alias.is_unique
    assert ((names.orders_alias > 0) & (names.orders_own > 0)).mean() > 0.3
    strangers = "SELECT count(*) FROM {own orders} WHERE customer_id NOT IN (SELECT customer_id FROM {customers})"
    assert company.one(strangers) == 0
