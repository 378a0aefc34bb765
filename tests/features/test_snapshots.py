"""The folder of snapshots: what it holds, what is kept and what is made again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from features.problems import BadInput
from features.project import Project, read_project
from features.snapshot_hash import snapshot_hash
from features.snapshots import Manifest, build_snapshots, load_manifest, load_snapshot
from tests.features.conftest import CONFIG, HEADER, LINES, Shop, changed


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


@pytest.mark.parametrize("orders", [HEADER + LINES, HEADER + LATER + LINES])
def test_a_snapshot_that_is_gone_is_missed_and_made_again(shop: Shop, orders: str) -> None:
    first = build_snapshots(the_project(shop))
    gone = shop.built / "snapshots" / "2020-11-02.parquet"
    gone.unlink()
    with pytest.raises(BadInput, match=r"files are gone from .*; build them again: python -m features build CONFIG"):
        load_manifest(the_project(shop))
    project = the_project(shop, orders)
    assert build_snapshots(project).cohorts[date(2020, 11, 2)] == first.cohorts[date(2020, 11, 2)]
    assert gone.is_file()
    load_manifest(project)


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


CUSTOMERS = '[tables.customers]\nfrom = "customers.csv"\ncustomer_id = "id"\nacquired_at = "since"\n\n[dates]'


def test_rows_without_a_date_are_named_as_such(shop: Shop) -> None:
    rows = "id,since\nada,\nbo,2020-02-01\n"
    (shop.folder / "customers.csv").write_text(rows)
    first = build_snapshots(the_project(shop, HEADER + LINES, ("[dates]", CUSTOMERS))).grid[0]
    said = []
    for more in ("cy,\n", "di,\neve,2020-02-02\n"):
        (shop.folder / "customers.csv").write_text(rows + more)
        said += build_snapshots(the_project(shop, HEADER + LINES, ("[dates]", CUSTOMERS))).backfills
    assert said == [
        "tables.customers: rows without a date, which count at every date, are not as they were: the data have changed, or "
        f"what the mapping file makes of them; snapshots from {first} on are made again, their old hashes no longer hold",
        "tables.customers: rows without a date, which count at every date, and rows that became known on 1 day before "
        "2020-12-03 (first: 2020-02-02) are not as they were: the data have changed, or "
        f"what the mapping file makes of them; snapshots from {first} on are made again, their old hashes no longer hold",
    ]


IDENTITIES = '[tables.identities]\nfrom = "aliases.csv"\nalias = "alias"\ncustomer_id = "id"\n\n[dates]'


def test_a_new_alias_makes_only_the_snapshots_again_that_its_rows_are_in(shop: Shop) -> None:
    lines = HEADER + LINES + "adele,a1,2020-08-20,7.5,tea\n"
    (shop.folder / "aliases.csv").write_text("alias,id\nbobby,bo\n")
    before = build_snapshots(the_project(shop, lines, ("[dates]", IDENTITIES)))
    written = files_of(shop, before)
    (shop.folder / "aliases.csv").write_text("alias,id\nbobby,bo\nadele,ada\nnobody,ada\n")
    after = build_snapshots(the_project(shop, lines, ("[dates]", IDENTITIES)))
    (said,) = after.backfills
    assert said.startswith("tables.orders: rows that became known on 1 day before 2020-12-03 (first: 2020-08-20) are not")
    kept = files_of(shop, after)
    assert {day for day in after.cohorts if kept[day] != written[day]} == {
        day for day in after.cohorts if day > date(2020, 8, 20)
    }


def test_other_settings_make_every_snapshot_again_and_are_no_change_of_the_past(shop: Shop) -> None:
    before = build_snapshots(the_project(shop))
    written = files_of(shop, before)
    after = build_snapshots(the_project(shop, HEADER + LINES, ("[dates]", "[features]\nwindows_days = [7]\n[dates]")))
    assert after.backfills == ()
    assert all(files_of(shop, after)[as_of] != written[as_of] for as_of in before.cohorts)


def test_data_with_all_its_rows_in_another_order_is_no_change_of_the_past(shop: Shop) -> None:
    before = build_snapshots(the_project(shop))
    written = files_of(shop, before)
    after = build_snapshots(the_project(shop, HEADER + "".join(reversed(LINES.splitlines(keepends=True)))))
    assert after.data_fingerprint != before.data_fingerprint
    assert after.backfills == ()
    assert files_of(shop, after) == written


def test_a_row_of_the_past_that_is_gone_is_a_change_of_it(shop: Shop) -> None:
    before = build_snapshots(the_project(shop))
    gone = changed(HEADER + LINES, ("ada,ada11,2020-11-01,21.5,tea\n", ""))
    after = build_snapshots(the_project(shop, gone))
    (said,) = after.backfills
    assert "(first: 2020-11-01)" in said
    changed_dates = [day for day in before.cohorts if after.cohorts[day].snapshot_hash != before.cohorts[day].snapshot_hash]
    assert changed_dates == [date(2020, 11, 2), date(2020, 12, 3)]


def test_a_row_of_the_past_that_is_recorded_later_changes_only_later_snapshots(shop: Shop) -> None:
    """What is recorded late on record is no backfill: the dates before it could not have known."""
    header = HEADER.replace("kind\n", "kind,recorded\n")
    lines = "".join(line.replace("\n", ",\n") for line in LINES.splitlines(keepends=True))
    mapped = ("[tables.orders]", '[tables.orders]\nrecorded_at = "try_cast(recorded AS DATE)"')
    before = build_snapshots(the_project(shop, header + lines + "bo,x,2020-12-03,1.5,tea,\n", mapped))
    late = "ada,late,2020-08-20,7.5,tea,2020-12-04\nbo,y,2020-12-04,1.5,tea,\n"
    after = build_snapshots(the_project(shop, header + lines + "bo,x,2020-12-03,1.5,tea,\n" + late, mapped))
    assert after.backfills == ()
    assert all(after.cohorts[day] == cohort for day, cohort in before.cohorts.items() if day in after.cohorts)
    assert load_snapshot(read_project(shop.folder / "shop.toml"), after.scored_at).order_count.tolist() == [13, 14]


def test_a_date_that_is_no_longer_asked_for_is_left_out(shop: Shop) -> None:
    before = build_snapshots(the_project(shop))
    after = build_snapshots(the_project(shop, HEADER + LINES, ("every_days = 30", "every_days = 60")))
    assert set(after.grid) < set(before.grid)
    assert sorted(path.stem for path in (shop.built / "snapshots").iterdir()) == [str(day) for day in after.cohorts]
    assert all(after.cohorts[day] == before.cohorts[day] for day in after.cohorts)


def test_the_manifest_tells_the_figures_of_every_date(shop: Shop) -> None:
    manifest = build_snapshots(the_project(shop, HEADER + LINES + "cy,cy1,2020-06-05,3.0,tea\n"))
    figures = manifest.cohorts[manifest.scored_at].figures
    assert (figures["repurchase_rate"].value, figures["repurchase_rate"].customers) == (pytest.approx(2 / 3), 3)
    assert "nps" not in figures
