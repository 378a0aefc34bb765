"""Time rules that hold for any table, and the folder of snapshots."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.problems import BadInput
from features.project import Project, read_project
from features.snapshots import Manifest, build_snapshots, load_manifest, load_snapshot, snapshot_hash
from tests.features.conftest import CONFIG, HEADER, LINES, Shop, changed
from tests.features.made_up import LEAP_DAY, line, random_lines, snapshot
from tests.reference.rfm_reference import Line, is_known

MIDNIGHT = datetime.combine(LEAP_DAY, time())
CATEGORIES = ("Tea", "Toys & Games")
SEEDS = st.integers(0, 2**32)
TABLES = st.builds(random_lines, SEEDS, st.just(100))
FEW = settings(max_examples=3)  # of large tables: each snapshot takes half a second


def of_leap_day(lines: Sequence[Line]) -> pd.DataFrame:
    return snapshot(lines, LEAP_DAY, windows_days=(30,), categories=CATEGORIES)


def known(lines: Sequence[Line]) -> list[Line]:
    return [each for each in lines if is_known(each, LEAP_DAY)]


def unknown(lines: Sequence[Line]) -> list[Line]:
    """Lines nobody could know on the leap day: half of them are made to happen later, half to be recorded later."""
    later = []
    for number, each in enumerate(lines):
        after = MIDNIGHT + timedelta(days=number % 50)
        when = {"occurred_at": after, "recorded_at": None} if number % 2 else {"recorded_at": after}
        later.append(replace(each, **when))
    return later


@FEW
@given(lines=TABLES, seed=SEEDS)
def test_what_happens_or_is_recorded_from_the_date_on_changes_no_feature(lines: list[Line], seed: int) -> None:
    past, rng = [*known(lines), line("ada", "2012-02-01", 5)], random.Random(seed)
    before = of_leap_day(past)
    future = unknown(random_lines(seed, 80))
    rng.shuffle(future)
    newcomers = [replace(each, customer_id="new") for each in future[:10]]
    huge = [replace(each, amount=each.amount * 1e6, order_id=rng.choice(past).order_id) for each in future[10:]]
    for added in (future, newcomers + huge):
        mixed = past + added
        rng.shuffle(mixed)
        after = of_leap_day(mixed)
        pd.testing.assert_frame_equal(after, before, check_exact=True)
        assert snapshot_hash(after) == snapshot_hash(before)


@FEW
@given(lines=TABLES, seed=SEEDS)
def test_the_order_of_the_rows_changes_nothing(lines: list[Line], seed: int) -> None:
    shuffled = list(lines)
    random.Random(seed).shuffle(shuffled)
    dates = (LEAP_DAY, LEAP_DAY + timedelta(days=41))
    assert snapshot_hash(snapshot(shuffled, *dates)) == snapshot_hash(snapshot(lines, *dates))


@FEW
@given(lines=TABLES, seed=SEEDS)
def test_a_new_customer_changes_nobody_else(lines: list[Line], seed: int) -> None:
    first = line("ada", "2009-01-01", 5)  # how far the data reaches back is the one thing that customers share
    stranger = [replace(each, customer_id="stranger") for each in random_lines(seed, 30)]
    alone, together = of_leap_day([first, *lines]), of_leap_day([first, *lines, *stranger])
    others = together[together.customer_id != "stranger"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, alone, check_exact=True)


@FEW
@given(lines=TABLES)
def test_a_date_gets_the_same_rows_alone_and_among_other_dates(lines: list[Line]) -> None:
    past = [*lines, line("ada", "2012-02-01", 5)]
    dates = [LEAP_DAY + timedelta(days=days) for days in (-400, -1, 1, 30)]
    among = snapshot(past, LEAP_DAY, *dates, windows_days=(30,), categories=CATEGORIES)
    among = among[pd.to_datetime(among.as_of) == pd.Timestamp(LEAP_DAY)].reset_index(drop=True)
    pd.testing.assert_frame_equal(among, of_leap_day(past), check_exact=True)


def test_a_change_in_the_past_does_change_the_hash() -> None:
    lines = [line("ada", "2012-02-01", 10), line("bo", "2012-01-01", 10)]
    before = snapshot_hash(of_leap_day(lines))
    assert snapshot_hash(of_leap_day([lines[0], replace(lines[1], amount=10.01)])) != before
    assert snapshot_hash(of_leap_day([lines[0], replace(lines[1], customer_id="cy")])) != before
    assert snapshot_hash(of_leap_day(lines).rename(columns={"spend_sum": "spend"})) != before


def test_the_hash_of_a_snapshot_does_not_depend_on_the_order_of_its_rows() -> None:
    rows = of_leap_day([line("ada", "2012-02-01", 10), line("bo", "2012-01-01", 10), line("cy", "2012-01-01", -10)])
    assert snapshot_hash(rows.iloc[::-1]) == snapshot_hash(rows)


def the_project(shop: Shop, orders: str = HEADER + LINES, *changes: tuple[str, str]) -> Project:
    config = changed(CONFIG, ("every_days", "judged_at = 2020-11-02\nevery_days"), *changes)
    shop.write(config=config, orders=orders)
    return read_project(shop.folder / "shop.toml")


def test_the_folder_holds_every_date_and_says_what_it_was_made_from(shop: Shop) -> None:
    project = the_project(shop)
    manifest = build_snapshots(project)
    assert (manifest.project, manifest.currency, manifest.horizon_days) == ("shop", "EUR", 30)
    assert (manifest.data_from, manifest.data_until, manifest.judged_at) == (
        date(2020, 1, 1),
        date(2020, 12, 3),
        date(2020, 11, 2),
    )
    assert manifest.categories == ("tea", "toys")
    assert manifest.words.mapped == {"orders": ("customer_id", "order_id", "occurred_at", "amount", "category")}
    assert load_manifest(project) == manifest
    assert list(manifest.cohorts) == [*manifest.grid, manifest.scored_at]
    for as_of, cohort in manifest.cohorts.items():
        rows = load_snapshot(project, as_of)
        assert (len(rows), cohort.eligible, cohort.not_eligible) == (2, 2, {})
        assert snapshot_hash(rows) == cohort.snapshot_hash
        assert list(rows.columns[3:]) == [feature.name for feature in manifest.features()]
    several = load_snapshot(project, *manifest.grid[:2])
    assert set(pd.to_datetime(several.as_of).dt.date) == set(manifest.grid[:2])


def test_customers_who_are_not_eligible_are_counted_by_reason(shop: Shop) -> None:
    manifest = build_snapshots(the_project(shop, HEADER + LINES + "cy,cy1,2020-06-05,-3.0,tea\n"))
    assert manifest.cohorts[manifest.grid[0]].not_eligible == {}
    last = manifest.cohorts[manifest.scored_at]
    assert (last.eligible, last.not_eligible) == (2, {"no order before the date": 1})


def files_of(shop: Shop, manifest: Manifest) -> dict[date, int]:
    return {as_of: (shop.built / "snapshots" / f"{as_of}.parquet").stat().st_mtime_ns for as_of in manifest.cohorts}


LATER = "".join(f"ada,later{day},2020-12-{day},999.5,gifts\ncy,c{day},2020-12-{day},1.5,gifts\n" for day in range(10, 30))


def test_an_old_snapshot_gets_the_same_hash_when_later_data_has_come_in(shop: Shop) -> None:
    before = build_snapshots(the_project(shop))
    after = build_snapshots(the_project(shop, HEADER + LATER + LINES))
    assert after.scored_at == date(2020, 12, 30)
    assert after.data_fingerprint != before.data_fingerprint
    assert after.categories == before.categories
    hashes = [{as_of: manifest.cohorts[as_of].snapshot_hash for as_of in manifest.grid} for manifest in (before, after)]
    assert hashes[0] == hashes[1]


def test_the_same_data_settings_and_code_are_not_built_again(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    project = the_project(shop)
    first = build_snapshots(project)
    written = (shop.built / "snapshots" / "2020-11-02.parquet").stat().st_mtime_ns
    assert build_snapshots(project) == first
    assert (shop.built / "snapshots" / "2020-11-02.parquet").stat().st_mtime_ns == written
    assert "unchanged data, settings and code, kept" in capsys.readouterr().out


CHANGES: dict[str, dict[str, Any]] = {
    "data": {"orders": HEADER + LINES + "ada,x,2020-06-06,1.5,tea\n"},
    "settings": {"changes": [("history_days_min = 60", "history_days_min = 90")]},
}


@pytest.mark.parametrize("what", CHANGES)
def test_snapshots_made_from_something_else_are_refused_and_built_again(shop: Shop, what: str) -> None:
    first = build_snapshots(the_project(shop))
    project = the_project(shop, CHANGES[what].get("orders", HEADER + LINES), *CHANGES[what].get("changes", []))
    with pytest.raises(
        BadInput, match=r"made from other data, settings or code; build them again: python -m features build CONFIG"
    ):
        load_manifest(project)
    second = build_snapshots(project)
    assert second.made_from != first.made_from
    assert load_manifest(project) == second


def test_snapshots_that_were_never_built_are_asked_for(shop: Shop) -> None:
    with pytest.raises(BadInput, match=r"no snapshots in out/shop/features; build them first: python -m features build CONFIG"):
        load_manifest(the_project(shop))


def test_a_manifest_written_by_other_code_is_replaced(shop: Shop) -> None:
    project = the_project(shop)
    shop.built.mkdir(parents=True)
    (shop.built / "manifest.json").write_text('{"made_by": "an older version"}')
    with pytest.raises(BadInput, match="build them first"):
        load_manifest(project)
    assert isinstance(build_snapshots(project), Manifest)
    assert load_manifest(project).project == "shop"


def test_configured_categories_are_used_in_their_order(shop: Shop) -> None:
    manifest = build_snapshots(
        the_project(shop, HEADER + LINES, ("[dates]", '[features]\nmain_categories = ["toys"]\n[dates]'))
    )
    assert manifest.categories == ("toys",)
    names = [feature.name for feature in manifest.features()]
    assert "order_count_365d_of_toys" in names
    assert "order_count_365d_of_tea" not in names


def test_a_new_day_of_data_makes_one_new_snapshot_and_keeps_the_others(shop: Shop) -> None:
    before = build_snapshots(the_project(shop))
    written = files_of(shop, before)
    after = build_snapshots(the_project(shop, HEADER + LINES + "ada,new,2020-12-03,9.5,tea\n"))
    assert after.backfills == ()
    assert [day for day in after.cohorts if day not in before.cohorts] == [date(2020, 12, 4)]
    kept = files_of(shop, after)
    assert all(kept[as_of] == written[as_of] for as_of in before.grid)
    assert all(after.cohorts[as_of] == before.cohorts[as_of] for as_of in before.grid)


def test_a_row_of_the_past_that_comes_later_is_named_and_its_snapshots_are_made_again(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    before = build_snapshots(the_project(shop))
    written = files_of(shop, before)
    capsys.readouterr()
    after = build_snapshots(the_project(shop, HEADER + LINES + "ada,back,2020-08-20,7.5,tea\n"))
    earlier = [as_of for as_of in before.grid if as_of <= date(2020, 8, 20)]
    later = [as_of for as_of in before.grid if as_of > date(2020, 8, 20)]
    assert earlier
    assert later
    (said,) = after.backfills
    assert said.startswith(
        "tables.orders: rows that became known on 1 day before 2020-12-03 (first: 2020-08-20) are not as they were"
    )
    assert f"snapshots from {later[0]} on are made again" in said
    assert f"changed past: {said}" in capsys.readouterr().out
    kept = files_of(shop, after)
    assert all(kept[as_of] == written[as_of] for as_of in earlier)
    assert all(after.cohorts[as_of].snapshot_hash != before.cohorts[as_of].snapshot_hash for as_of in later)


def test_other_settings_make_every_snapshot_again_and_are_no_change_of_the_past(shop: Shop) -> None:
    before = build_snapshots(the_project(shop))
    written = files_of(shop, before)
    after = build_snapshots(the_project(shop, HEADER + LINES, ("[dates]", "[features]\nwindows_days = [7]\n[dates]")))
    assert after.backfills == ()
    assert all(files_of(shop, after)[as_of] != written[as_of] for as_of in before.cohorts)
