"""The interaction, complaint and campaign families on tables small enough to work out by hand."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pytest

from tests.features.made_up import line
from tests.features.made_up_company import Asked, at, online_row, online_rows
from tests.reference.raw_rows import Company, Contact, Period, Touch

SHE_IS_A_CUSTOMER = [Period("ada", datetime(2010, 1, 1))]


def contact(occurred_at: str, kind: str, channel: str = "web", **optional: Any) -> Contact:
    times = {name: at(optional.pop(name)) for name in ("recorded_at", "resolved_at") if name in optional}
    return Contact("ada", datetime.fromisoformat(occurred_at), channel, kind, **times, **optional)


def of_contacts(contacts: list[Contact], as_of: str, **asked: Any) -> dict[str, Any]:
    return online_row("ada", Company(interactions=contacts, subscriptions=SHE_IS_A_CUSTOMER), as_of, asked=Asked(**asked))


def test_contacts_are_counted_by_kind_and_window() -> None:
    ada = [
        contact("2021-03-30", "visit"),  # 1 day before
        contact("2021-03-01", "visit"),  # 30: in the last 30
        contact("2021-02-28", "visit"),  # 31: in the 30 before those
        contact("2021-01-30", "visit"),  # 60: the last day of them
        contact("2021-01-29", "visit"),  # 61: in neither
        contact("2021-03-15", "call"),
    ]
    row = of_contacts(ada, "2021-03-31", kinds=("visit",), windows_days=(30, 60))
    assert (row["visit_count"], row["visit_count_30d"], row["visit_count_60d"]) == (5, 2, 4)
    assert row["visit_count_change_30d"] == 0  # 2 less the 2 before
    assert row["days_since_last_visit"] == 1
    assert (row["interaction_count"], row["days_since_last_interaction"], row["days_since_first_interaction"]) == (6, 1, 61)


def test_a_kind_of_contact_she_never_had_is_counted_0_and_its_last_time_is_missing() -> None:
    row = of_contacts([contact("2021-03-30", "visit")], "2021-03-31", kinds=("call",))
    assert (row["call_count"], row["call_count_30d"], row["call_count_change_30d"]) == (0, 0, 0)
    assert math.isnan(row["days_since_last_call"])


def test_a_customer_without_contacts_has_counted_0_and_never_been_in_contact() -> None:
    row = of_contacts([], "2021-03-31", channels=("web",))
    assert (row["interaction_count"], row["interaction_value_sum_365d"]) == (0, 0)
    missing = ("days_since_last_interaction", "interaction_duration_mean_s", "interaction_share_365d_by_web")
    assert all(math.isnan(row[name]) for name in missing)


def test_channel_shares_are_of_all_contacts_in_the_last_365_days() -> None:
    ada = [
        contact("2021-03-30", "visit", "web"),
        contact("2020-03-31", "call", "phone"),  # 365 days before
        contact("2021-01-01", "call", "phone"),
        contact("2021-01-01", "visit", "shop"),
        contact("2020-03-30", "visit", "web"),  # 366
    ]
    row = of_contacts(ada, "2021-03-31", channels=("web", "phone"))
    assert (row["interaction_share_365d_by_web"], row["interaction_share_365d_by_phone"]) == (0.25, 0.5)


def test_the_mean_length_is_of_the_contacts_whose_length_is_known() -> None:
    ada = [
        contact("2021-03-01", "call", duration_s=60.0, value=0.1),
        contact("2021-03-02", "call", duration_s=0.0, value=0.2),
        contact("2021-03-03", "call"),
        contact("2020-03-30", "call", duration_s=90.0, value=5.0),  # 366 days before
    ]
    row = of_contacts(ada, "2021-03-31")
    assert row["interaction_duration_mean_s"] == 50
    assert row["interaction_value_sum_365d"] == 0.3


def test_clicks_are_over_opened_mails_and_missing_where_none_was_opened() -> None:
    mails = {"kinds": ("email_open", "email_click")}
    ada = [contact("2021-03-01", "email_open"), contact("2021-03-02", "email_open"), contact("2021-03-02", "email_click")]
    assert of_contacts(ada, "2021-03-31", **mails)["email_click_share_of_opens"] == 0.5
    assert math.isnan(of_contacts(ada[2:], "2021-03-31", **mails)["email_click_share_of_opens"])


def test_a_complaint_is_open_until_the_day_after_it_was_settled() -> None:
    ada = [
        contact("2021-03-01 10:00", "complaint", resolved_at="2021-03-01 18:00"),  # the same day: 0 days
        contact("2021-03-02", "complaint", resolved_at="2021-03-10 23:59"),  # 8 days
        contact("2021-03-03", "complaint"),
        contact("2021-03-03", "visit", resolved_at="2021-03-04"),  # no complaint
    ]
    rows = online_rows(
        Company(interactions=ada, subscriptions=SHE_IS_A_CUSTOMER),
        "2021-03-10",
        "2021-03-11",
        asked=Asked(kinds=("complaint",)),
    )
    assert list(rows.complaint_count) == [3, 3]
    assert list(rows.complaint_open_count) == [2, 1]
    assert list(rows.complaint_days_to_resolve_mean) == [0, 4]
    assert list(rows.complaint_days_to_resolve_max) == [0, 8]


def test_a_settlement_is_not_known_before_the_complaint_is() -> None:
    late = contact("2021-03-01", "complaint", recorded_at="2021-03-20", resolved_at="2021-03-05")
    company = Company(interactions=[late], subscriptions=SHE_IS_A_CUSTOMER)
    rows = online_rows(company, "2021-03-20", "2021-03-21", asked=Asked(kinds=("complaint",)))
    assert list(rows.complaint_count) == [0, 1]
    assert list(rows.complaint_open_count) == [0, 0]
    assert math.isnan(rows.complaint_days_to_resolve_mean[0])
    assert rows.complaint_days_to_resolve_mean[1] == 4


def test_the_complaint_rate_is_complaints_over_orders_of_the_last_365_days() -> None:
    company = Company(
        orders=[line("ada", "2021-01-01", 10), line("ada", "2021-02-01", 10), line("ada", "2020-03-30", 10)],
        interactions=[contact("2021-03-01", "complaint"), contact("2020-03-30", "complaint")],
    )
    row = online_row("ada", company, "2021-03-31", asked=Asked(kinds=("complaint",)))
    assert row["complaints_per_order_365d"] == 0.5


def test_contacts_of_somebody_who_is_no_customer_make_no_row() -> None:
    stranger = [Contact("bo", datetime(2021, 3, 1), "web", "visit")]
    rows = online_rows(Company(interactions=stranger, subscriptions=SHE_IS_A_CUSTOMER), "2021-03-31", asked=Asked())
    assert list(rows.customer_id) == ["ada"]


def test_a_withheld_control_is_no_campaign_touch() -> None:
    touches = [
        Touch("ada", datetime(2021, 3, 30), "none", cost=9.0),
        Touch("ada", datetime(2021, 3, 20), "voucher", cost=5.0),
        Touch("ada", datetime(2021, 1, 1), "call"),
    ]
    row = online_row(
        "ada", Company(treatments=touches, subscriptions=SHE_IS_A_CUSTOMER), "2021-03-31", asked=Asked(windows_days=(30,))
    )
    assert (row["treatment_count"], row["treatment_count_30d"]) == (2, 1)
    assert row["days_since_last_treatment"] == 11
    assert row["treatment_cost_sum"] == 5


@pytest.mark.parametrize("without", ["interactions.resolved_at", "interactions.duration_s", "interactions.value"])
def test_what_is_not_mapped_has_no_features(without: str) -> None:
    company = Company(interactions=[contact("2021-03-01", "complaint")], subscriptions=SHE_IS_A_CUSTOMER)
    row = online_row("ada", company, "2021-03-31", asked=Asked(kinds=("complaint",)), without=[without])
    absent = {
        "interactions.resolved_at": {"complaint_open_count", "complaint_days_to_resolve_mean", "complaint_days_to_resolve_max"},
        "interactions.duration_s": {"interaction_duration_mean_s"},
        "interactions.value": {"interaction_value_sum_365d"},
    }
    assert not absent.pop(without) & set(row)
    assert all(names <= set(row) for names in absent.values())
