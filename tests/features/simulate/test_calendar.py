"""Which calendars a made-up company can have."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from features.problems import BadInput
from features.simulate import Calendar, simulate
from tests.features.simulate.on_disk import Company


def test_a_calendar_that_cannot_be_is_refused() -> None:
    with pytest.raises(BadInput) as said:
        Calendar(
            starts_at=date(2021, 1, 1), ends_at=date(2021, 1, 1), horizon_days=0, as_of=(date(2021, 3, 1), date(2021, 2, 1))
        )
    assert said.value.problems == (
        "ends_at = 2021-01-01 is not after starts_at = 2021-01-01",
        "as_of = 2021-03-01 is not after starts_at = 2021-01-01 and up to ends_at = 2021-01-01",
        "as_of = 2021-02-01 is not after starts_at = 2021-01-01 and up to ends_at = 2021-01-01",
        "as_of = 2021-03-01, 2021-02-01: dates must ascend, each there once",
        "horizon_days = 0 is less than 1",
    )


@pytest.mark.parametrize(
    "calendar",
    [
        Calendar(ends_at=date(2021, 1, 2), as_of=(date(2021, 1, 2),)),
        Calendar(ends_at=date(2021, 7, 1), as_of=()),
        Calendar(horizon_days=365, as_of=(date(2022, 1, 1), date(2024, 1, 1))),
        Calendar(horizon_days=7, as_of=(date(2022, 1, 1),)),
    ],
    ids=["one day", "no date judged", "the horizon goes beyond the tables", "a week"],
)
def test_other_calendars_work(tmp_path: Path, calendar: Calendar) -> None:
    company = Company(simulate(tmp_path / "company", customers=500, seed=1, calendar=calendar))
    assert ("truth/expected" in company.made.rows) == bool(calendar.as_of)
    if calendar.as_of:
        expected = company.ask("SELECT * FROM {truth/expected}")
        assert set(expected.as_of.dt.date) == set(calendar.as_of)
        assert expected.churn_probability.between(0, 1).all()
