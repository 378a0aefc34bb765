"""A customer's row from raw events equals the row of the batch, to the last bit."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.online import Online
from features.problems import BadData
from features.project import Project, read_project
from features.simulate import simulate
from features.snapshots import Manifest, build_snapshots, load_snapshot, snapshot_folder
from tests.configs.building import build
from tests.features.conftest import Shop

DAY = datetime(2012, 1, 5)


class Replay:
    """Historical rows of a project, computed again from the raw rows that its build kept."""

    def __init__(self, project: Project, manifest: Manifest) -> None:
        self.manifest, self.project = manifest, project
        folder = snapshot_folder(project)
        tables = [name for name in manifest.words.mapped if name != "identities"]
        self.tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in tables}
        self.online = Online(manifest.words, project.cohort, manifest.reach, manifest.currency)

    def events(self, customer_id: str) -> dict[str, list[dict[str, Any]]]:
        found = {}
        for name, table in self.tables.items():
            own = table["customer_id"] == customer_id
            if "referred_by" in table:
                own |= table["referred_by"] == customer_id
            rows = table[own].astype(object)
            found[name] = rows.where(rows.notna(), None).to_dict("records")
        return found

    def row(self, customer_id: str, as_of: date) -> dict[str, Any]:
        return self.online.row(customer_id, self.events(customer_id), as_of)


def assert_equal(replay: Replay, sample: pd.DataFrame) -> None:
    for row in sample.astype(object).where(sample.notna(), None).to_dict("records"):
        as_of = pd.Timestamp(row["as_of"]).date()
        assert replay.row(row["customer_id"], as_of) == {**row, "as_of": as_of}


@pytest.mark.parametrize("rows", [20, pytest.param(500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("config", ["online_retail", "ravenstack_saas", "simulated"])
def test_historical_rows_come_out_equal(config: str, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if config == "simulated":
        monkeypatch.chdir(tmp_path)
        project = read_project(simulate(Path("company"), customers=400, seed=1).config)
        manifest = build_snapshots(project)
    else:
        built = build(config, tmp_path)
        project, manifest = built.project, built.manifest
    history = load_snapshot(project, *list(manifest.cohorts)[-6:])
    assert_equal(Replay(project, manifest), history.sample(rows, random_state=0))


def test_a_row_costs_milliseconds_because_nothing_is_compiled_for_it(shop: Shop) -> None:
    project = read_project(shop.folder / "shop.toml")
    replay = Replay(project, build_snapshots(project))
    events, as_of = replay.events("ada"), replay.manifest.scored_at
    started = time.perf_counter()
    for _ in range(20):
        replay.online.row("ada", events, as_of)
    assert (time.perf_counter() - started) / 20 < 0.2  # compiling the queries alone takes longer


def test_somebody_unknown_before_the_date_has_no_row(shop: Shop) -> None:
    project = read_project(shop.folder / "shop.toml")
    replay = Replay(project, build_snapshots(project))
    assert replay.row("ada", date(2019, 1, 1)) == {}
    assert replay.online.row("nobody", {}, replay.manifest.scored_at) == {}


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ({"order": []}, "events.order: no such table is mapped; did you mean 'orders'?"),
        ({"orders": [{"custmer_id": "ada"}]}, "events.orders.custmer_id: not a mapped column; did you mean 'customer_id'?"),
        (
            {"orders": [{"amount": "much"}]},
            "events.orders[0].amount: expected a number of less than 1e+13, found 'much'",
        ),
        (
            {"orders": [{"customer_id": "ada", "order_id": "1", "occurred_at": datetime(1820, 1, 1), "amount": 1}]},
            "events.orders[0].occurred_at: is before 1900-01-01 or after 2199-12-31",
        ),
        ({"orders": [{"occurred_at": "noon"}]}, "events.orders[0].occurred_at: expected a time, found 'noon'"),
    ],
)
def test_events_that_do_not_fit_are_named(shop: Shop, events: dict[str, Any], said: str) -> None:
    project = read_project(shop.folder / "shop.toml")
    online = Online(build_snapshots(project).words, project.cohort, (), "EUR")
    with pytest.raises(BadData) as bad:
        online.row("ada", events, date(2020, 12, 1))
    assert said in bad.value.problems[0]


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("surveys", {"occurred_at": DAY, "instrument": "nps", "score": 11}, "score: is outside its scale"),
    ("surveys", {"occurred_at": DAY, "instrument": "happy", "score": 1}, "instrument: is not one of nps, csat, ces, rating"),
    ("subscriptions", {"started_at": DAY, "ended_at": datetime(2010, 1, 1)}, "ended_at: is before started_at"),
    ("orders", {"occurred_at": DAY, "order_id": "1", "amount": 1, "discount": -5}, "discount: is below 0"),
    ("treatments", {"occurred_at": DAY, "action": "call", "assignment": "dice"}, "assignment: is not random or rule"),
]


@pytest.mark.parametrize(("table", "row", "said"), BROKEN)
def test_rows_that_the_batch_sets_aside_are_refused(
    whole_company: tuple[Project, Manifest], table: str, row: dict[str, Any], said: str
) -> None:
    project, manifest = whole_company
    online = Online(manifest.words, project.cohort, manifest.reach, manifest.currency)
    with pytest.raises(BadData) as bad:
        online.row("ada", {table: [{"customer_id": "ada", **row}]}, manifest.scored_at)
    assert bad.value.problems[0].startswith(f"events.{table}[0].{said}")


def test_two_rows_of_one_customer_are_refused(whole_company: tuple[Project, Manifest]) -> None:
    project, manifest = whole_company
    online = Online(manifest.words, project.cohort, manifest.reach, manifest.currency)
    twice = [{"customer_id": "ada", "acquired_at": DAY}] * 2
    with pytest.raises(BadData, match=r"events.customers\[1\].customer_id: another row has the same customer_id"):
        online.row("ada", {"customers": twice}, manifest.scored_at)
