"""configs/ravenstack_saas.toml: subscriptions with usage and tickets whose times do not fit together."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tests.configs.building import Built, build, data_of
from training.frame import training_frame

JUDGED_AT = date(2024, 11, 2)
DAY = pd.Timestamp(JUDGED_AT)


def source(name: str) -> pd.DataFrame:
    rows = pd.read_parquet(data_of("ravenstack_saas") / f"{name}.parquet")
    dates = [column for column in rows.columns if column.endswith(("_date", "_at"))]
    return rows.assign(**{column: pd.to_datetime(rows[column]) for column in dates})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build("ravenstack_saas", tmp_path_factory.mktemp("ravenstack_saas"))


@pytest.fixture(scope="module")
def signups() -> pd.Series:
    return source("accounts").set_index("account_id").signup_date


@pytest.fixture(scope="module")
def usage() -> pd.DataFrame:
    """Usage with the account of its subscription."""
    return source("feature_usage").merge(source("subscriptions")[["subscription_id", "account_id"]], on="subscription_id")


def test_nothing_breaks_the_contract(built: Built) -> None:
    assert {name: built.kept(name) for name in built.manifest.tables} == {
        "customers": (500, 500, 0),
        "interactions": (27_000, 27_000, 0),
        "surveys": (2_000, 1_175, 0),
        "subscriptions": (5_000, 5_000, 0),
        "identities": (5_000, 5_000, 0),
    }


def test_contacts_before_the_sign_up_are_kept_and_noted(built: Built, signups: pd.Series, usage: pd.DataFrame) -> None:
    tickets = source("support_tickets")
    early = (usage.usage_date < usage.account_id.map(signups)).sum()
    early += (tickets.submitted_at < tickets.account_id.map(signups)).sum()
    assert early == 14_275
    (note,) = built.manifest.tables["interactions"].notes.items()
    assert note == ("occurred_at (usage_date | submitted_at) is before acquired_at of the customer", early)
    answers = tickets[tickets.satisfaction_score.notna()]
    early = (answers.closed_at < answers.account_id.map(signups)).sum()
    (note,) = built.manifest.tables["surveys"].notes.items()
    assert note == ("occurred_at (closed_at) is before acquired_at of the customer", early)


def test_subscriptions_that_are_there_twice_are_noted(built: Built) -> None:
    columns = ["account_id", "start_date", "end_date", "plan_tier", "mrr_amount"]
    copies = int(source("subscriptions").duplicated(columns).sum())
    assert list(built.manifest.tables["subscriptions"].notes.values()) == [copies] == [17]


def test_usage_of_a_subscription_is_usage_of_its_account(built: Built, usage: pd.DataFrame) -> None:
    known = usage[usage.usage_date < DAY]
    rows = built.rows(JUDGED_AT)
    clean, total = known[known.error_count == 0].groupby("account_id").size(), known.groupby("account_id").size()
    assert rows.usage_count.tolist() == rows.index.map(clean).fillna(0).tolist()
    both = rows.usage_count + rows.usage_with_errors_count
    assert both.tolist() == rows.index.map(total).fillna(0).tolist()
    year = known[known.usage_date >= DAY - pd.Timedelta(days=365)].groupby("account_id").usage_count.sum()
    assert rows.interaction_value_sum_365d.tolist() == rows.index.map(year).fillna(0).tolist()


def test_tickets_are_contacts_too_and_escalated_ones_complaints(built: Built) -> None:
    tickets = source("support_tickets")
    known = tickets[tickets.submitted_at < DAY]
    complaints = known[known.escalation_flag]
    rows = built.rows(JUDGED_AT)
    plain = known[~known.escalation_flag].groupby("account_id").size()
    assert rows.ticket_count.tolist() == rows.index.map(plain).fillna(0).tolist()
    assert rows.complaint_count.tolist() == rows.index.map(complaints.groupby("account_id").size()).fillna(0).tolist()
    still_open = complaints[complaints.closed_at >= DAY].groupby("account_id").size()
    assert rows.complaint_open_count.tolist() == rows.index.map(still_open).fillna(0).tolist()


def test_scores_of_closed_tickets_are_satisfaction(built: Built) -> None:
    tickets = source("support_tickets")
    answers = tickets[(tickets.closed_at < DAY) & tickets.satisfaction_score.notna()].groupby("account_id").satisfaction_score
    rows = built.rows(JUDGED_AT)
    np.testing.assert_allclose(rows.csat_score_mean, rows.index.map(answers.mean()).to_numpy(float), equal_nan=True)
    assert rows.csat_answer_count.tolist() == rows.index.map(answers.size()).fillna(0).tolist()


def test_subscriptions_that_run_make_a_customer_eligible(built: Built) -> None:
    subscriptions = source("subscriptions")
    started = subscriptions[subscriptions.start_date < DAY]
    running = started[~(started.end_date < DAY)].groupby("account_id")
    rows = built.rows(JUDGED_AT)
    assert rows.running_subscription_count.tolist() == rows.index.map(running.size()).fillna(0).tolist()
    assert rows.running_fee.tolist() == rows.index.map(running.mrr_amount.sum()).fillna(0).tolist()
    cohort = built.manifest.cohorts[JUDGED_AT]
    assert (cohort.eligible, cohort.not_eligible) == (441, {"no subscription runs on the date": 11})
    assert running.ngroups == 441


def test_a_customer_churns_when_no_subscription_runs_at_the_end_of_the_window(built: Built) -> None:
    """Accounts have ten subscriptions each, so only two ever leave: too few to learn from."""
    subscriptions = source("subscriptions")
    frame = training_frame(built.project, built.manifest, "churn", built.manifest.grid)
    for as_of in built.manifest.grid:
        end = pd.Timestamp(as_of) + pd.Timedelta(days=60)
        runs = set(subscriptions[(subscriptions.start_date < end) & ~(subscriptions.end_date < end)].account_id)
        rows = frame.at(as_of)
        assert rows.outcomes[:, 0].tolist() == [float(who not in runs) for who in rows.customer_id]
    assert frame.outcomes.sum() == 2
