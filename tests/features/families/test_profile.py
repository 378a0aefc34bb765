"""The profile and relationship families on tables small enough to work out by hand."""

from __future__ import annotations

import math
from datetime import datetime

from tests.features.made_up import line
from tests.features.made_up_company import Asked, at, online_row, online_rows
from tests.reference.raw_rows import Company, Customer

ASKED = Asked(numeric=("age",), levels={"region": ("north", "Far East")})


def customer(
    customer_id: str, acquired_at: str | None = None, referred_by: str | None = None, **attributes: float | str
) -> Customer:
    return Customer(customer_id, at(acquired_at), 12.5, referred_by, attributes)


def test_attributes_hold_from_the_day_she_was_acquired() -> None:
    company = Company(
        orders=[line("ada", "2021-01-01", 10)], customers=[customer("ada", "2021-02-01 09:00", age=40.0, region="north")]
    )
    rows = online_rows(company, "2021-02-01", "2021-02-11", asked=ASKED)
    names = ("age", "region_is_north", "region_is_far_east", "acquisition_cost", "days_since_acquired", "was_referred")
    assert all(math.isnan(rows[name][0]) for name in names)
    assert [rows[name][1] for name in names] == [40, 1, 0, 12.5, 10, 0]


def test_attributes_of_customers_without_a_date_hold_always() -> None:
    company = Company(orders=[line("bo", "1999-12-31", 10)], customers=[customer("ada", age=40.0)])
    row = online_row("ada", company, "2000-01-01", asked=ASKED)
    assert row["age"] == 40
    assert math.isnan(row["days_since_acquired"])


def test_a_level_is_1_for_those_who_have_it_0_for_others_and_missing_where_none_is_recorded() -> None:
    customers = [customer("1", region="north"), customer("2", region="Far East"), customer("3", region="south"), customer("4")]
    rows = online_rows(Company(orders=[line("1", "2021-01-01", 10)], customers=customers), "2021-02-01", asked=ASKED)
    assert list(rows.region_is_north[:3]) == [1, 0, 0]
    assert list(rows.region_is_far_east[:3]) == [0, 1, 0]
    assert math.isnan(rows.region_is_north[3])


def test_somebody_without_a_row_of_customers_has_no_attributes() -> None:
    company = Company(orders=[line("ada", "2021-01-01", 10)], customers=[customer("bo", age=3.0)])
    row = online_row("ada", company, "2021-02-01", asked=ASKED)
    assert all(math.isnan(row[name]) for name in ("age", "region_is_north", "was_referred", "acquisition_cost"))
    assert row["referral_count"] == 0


def test_a_referral_happens_on_the_day_the_other_was_acquired() -> None:
    customers = [
        customer("ada", "2019-01-01"),
        customer("bo", "2021-01-30", "ada"),  # 1 day before
        customer("cy", "2020-01-31", "ada"),  # 366
        customer("di", "2021-01-31", "ada"),  # on the date
        customer("ed", None, "ada"),  # nobody knows when
        customer("fi", "2020-01-01", "bo"),
    ]
    rows = online_rows(Company(orders=[line("ada", "2020-01-01", 1)], customers=customers), "2021-01-31", asked=Asked())
    ada = rows.set_index("customer_id").loc["ada"]
    assert (ada.referral_count, ada.referral_count_365d, ada.days_since_last_referral) == (2, 1, 1)
    assert dict(zip(rows.customer_id, rows.was_referred, strict=True)) == {"ada": 0, "bo": 1, "cy": 1, "ed": 1, "fi": 1}


def test_nobody_refers_themselves() -> None:
    company = Company(orders=[line("ada", "2021-01-01", 10)], customers=[customer("ada", "2021-01-01", "ada")])
    row = online_row("ada", company, "2021-02-01", asked=Asked())
    assert (row["was_referred"], row["referral_count"]) == (0, 0)
    assert math.isnan(row["days_since_last_referral"])


def test_without_acquired_at_there_are_no_referrals_made_and_no_days() -> None:
    company = Company(orders=[line("ada", "2021-01-01", 10)], customers=[Customer("ada", datetime(2020, 1, 1), None, "bo")])
    row = online_row("ada", company, "2021-02-01", asked=Asked(), without=["customers.acquired_at"])
    assert row["was_referred"] == 1
    assert not {"referral_count", "referral_count_365d", "days_since_last_referral", "days_since_acquired"} & set(row)
