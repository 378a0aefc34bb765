"""How old the snapshot is depends on the day it is where the company is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from serving.live.cards import age_days


@pytest.mark.parametrize(("zone", "days"), [("UTC", 3), ("Asia/Shanghai", 4), ("America/New_York", 3)])
def test_a_snapshot_ages_at_the_midnight_of_the_company(zone: str, days: int) -> None:
    project = SimpleNamespace(source=SimpleNamespace(time_zone=zone))
    release: Any = SimpleNamespace(scored_at=date(2024, 5, 28), project=project)
    assert age_days(release, datetime(2024, 5, 31, 17, 0, tzinfo=UTC)) == days
