"""From tables to a file of rows per date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.build import build, each_snapshot, history_days, reach_of
from features.catalogue import catalogue
from features.engines.engine import connect
from features.executors import in_memory
from features.feature import Words
from features.project import CohortSection
from features.snapshot_hash import snapshot_hash
from tests.features.made_up import line, orders_table, random_lines
from tests.features.made_up_company import ALL_WORDS, LEAP_DAY, random_company, tables_of, types_of, words_of
from tests.reference.raw_rows import Company, Period

DATES = (LEAP_DAY, date(2012, 4, 10))
COMPANY = random_company(5, 60)
TYPES = types_of(COMPANY, ALL_WORDS)
WORDS = words_of(TYPES, ALL_WORDS)


def built(folder: Path, words: Words = WORDS) -> dict[date, str]:
    folder.mkdir()
    files = {day: folder / f"{day}.parquet" for day in DATES}
    return build(connect(), tables_of(COMPANY, TYPES), words, CohortSection(), files)


def test_each_date_gets_a_file_in_the_order_of_customers_and_its_hash(tmp_path: Path) -> None:
    hashes = built(tmp_path / "whole")
    for day in DATES:
        rows = pd.read_parquet(tmp_path / "whole" / f"{day}.parquet")
        assert list(rows.customer_id) == sorted(rows.customer_id)
        assert snapshot_hash(rows) == hashes[day]
        assert list(rows.columns[3:]) == [feature.name for feature in catalogue(WORDS)]


def test_a_build_in_parts_of_few_customers_gives_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = built(tmp_path / "whole")
    monkeypatch.setattr(in_memory, "CUSTOMERS_AT_ONCE", 3)
    assert built(tmp_path / "parts") == whole
    assert pq.ParquetFile(tmp_path / "parts" / f"{LEAP_DAY}.parquet").num_row_groups > 1


def test_of_unwanted_families_only_what_others_follow_from_is_computed_and_nothing_is_shown(tmp_path: Path) -> None:
    wanted = WORDS.model_copy(update={"families": ("loyalty", "complaint")})
    built(tmp_path / "few", wanted)
    built(tmp_path / "all")
    few, everything = (pd.read_parquet(tmp_path / name / f"{LEAP_DAY}.parquet") for name in ("few", "all"))
    names = [feature.name for feature in catalogue(wanted)]
    assert list(few.columns[3:]) == names
    assert "order_day_count" not in names  # has_reordered follows from it
    pd.testing.assert_frame_equal(few[names], everything[names])


def test_no_date_is_no_work() -> None:
    each_snapshot(connect(), {}, WORDS, CohortSection(), (), lambda *_: pytest.fail("no date was asked for"))


def test_a_date_on_which_nobody_is_known_has_an_empty_snapshot() -> None:
    found: dict[date, int] = {}
    tables = {"orders": orders_table([line("ada", "2021-01-01", 10)])}
    words = Words(windows_days=(30,), horizon_days=90, mapped={"orders": tuple(tables["orders"].columns)})
    days = (date(2021, 1, 1), date(2021, 1, 2))
    each_snapshot(connect(), tables, words, CohortSection(), days, lambda day, rows: found.update({day: rows.num_rows}))
    assert found == {date(2021, 1, 1): 0, date(2021, 1, 2): 1}


def test_the_reach_tells_each_day_on_which_the_data_was_found_to_go_further_back() -> None:
    lines = [
        line("ada", "2021-03-01", 10),
        line("ada", "2021-03-05", 10),
        line("bo", "2021-02-01", 10, recorded_at="2021-04-01"),
        line("bo", "2021-02-10", 10, recorded_at="2021-05-01"),  # not as far
        line("bo", "2020-12-01", 10, recorded_at="2021-06-01"),
    ]
    reach = reach_of(connect(), {"orders": orders_table(lines)})
    assert reach == (
        (date(2021, 3, 1), date(2021, 3, 1)),
        (date(2021, 4, 1), date(2021, 2, 1)),
        (date(2021, 6, 1), date(2020, 12, 1)),
    )
    assert [history_days(reach, date(2021, month, 1)) for month in (3, 4, 5, 7)] == [0, 31, 89, 212]


def test_without_orders_the_reach_is_that_of_the_subscriptions_and_without_them_of_the_labels() -> None:
    company = Company(subscriptions=[Period("ada", pd.Timestamp("2021-01-01").to_pydatetime())])
    labels = ibis.memtable(pd.DataFrame({"customer_id": ["ada"], "as_of": pd.to_datetime(["2021-02-01"])}))
    subscriptions = tables_of(company, types_of(company, ALL_WORDS))
    assert reach_of(connect(), subscriptions | {"labels": labels}) == ((date(2021, 1, 1), date(2021, 1, 1)),)
    assert reach_of(connect(), {"labels": labels}) == ((date(2021, 2, 1), date(2021, 2, 1)),)


def test_the_reach_holds_the_history_of_every_date() -> None:
    lines = random_lines(3, 100)
    reach = reach_of(connect(), {"orders": orders_table(lines)})
    for day in pd.date_range("2011-06-01", "2012-05-01", freq="13D").date:
        known = [each for each in lines if max(each.occurred_at, each.recorded_at or each.occurred_at).date() < day]
        assert history_days(reach, day) == max(((day - each.occurred_at.date()).days for each in known), default=0)
