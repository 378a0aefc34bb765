"""What the page says of tables and dates: conditions of every source, what each snapshot is for, whose rows are known."""

from __future__ import annotations

from datetime import date

from features.project import Project
from features.raw.duplicates import COPY
from features.snapshots import Manifest
from serving.report.claims import disclaim
from serving.report.data import gather_data
from serving.scoring.scorer import Scorer
from tests.serving.report.made_up_report import GRID, HORIZON, ROLES
from tests.serving.report.made_up_report import manifest as manifest
from tests.serving.report.made_up_report import project as project
from tests.serving.report.made_up_report import scorer as scorer
from tests.serving.report.made_up_report import snapshot as snapshot


def test_the_condition_of_every_source_of_a_table_is_shown(manifest: Manifest) -> None:
    columns = {"customer_id": "c", "order_id": "o", "occurred_at": "t", "amount": "a", "category": "k"}
    sources = [
        columns | {"from": "shop.csv", "once_per": ["o", "upper(k)"]},
        columns | {"from": "web.csv", "where": " state = 'paid' "},
        columns | {"from": "phone.csv", "where": "amount > 0"},
    ]
    project = Project.model_validate(
        {"project": {"name": "made_up", "currency": "EUR", "horizon_days": HORIZON}, "tables": {"orders": sources}}
    )
    (orders,) = gather_data(project, manifest, ROLES).tables
    assert orders.once_per == (("orders[1]", "o, upper(k)"),)
    assert orders.wheres == (("orders[2]", "state = 'paid'"), ("orders[3]", "amount > 0"))


def test_a_snapshot_of_a_campaign_is_used_for_its_effects(project: Project, manifest: Manifest) -> None:
    between, day_of_campaign = GRID[7], date(2023, 8, 1)
    cohorts = {**manifest.cohorts, day_of_campaign: manifest.cohorts[between]}
    other = manifest.model_copy(update={"campaigns": (GRID[0], day_of_campaign), "cohorts": cohorts})
    used = {one.iso: one.used for one in gather_data(project, other, ROLES).snapshots}
    assert used[f"{day_of_campaign}"] == "effects of campaigns"
    assert used[f"{GRID[0]}"] == "final fit, effects of campaigns"
    assert used[f"{GRID[6]}"] == "calibrate"
    assert used[f"{between}"] == "not used: outcomes not known by the judged date"


def test_a_copy_in_quarantine_is_no_row_of_which_nothing_is_known(manifest: Manifest, scorer: Scorer) -> None:
    def said(reasons: dict[str, int]) -> str:
        counts = {"rows_quarantined": sum(reasons.values()), "quarantine_reasons": reasons}
        report = manifest.tables["orders"].model_copy(update=counts)
        claims = disclaim(manifest.model_copy(update={"tables": {"orders": report}}), scorer.models)
        return " ".join(claim.text for claim in claims if claim.title == "Quarantined rows are nobody's")

    assert "Nothing is known from 2 of 4,321 rows of orders:" in said({COPY: 6, "amount (a) is not finite": 2})
    assert said({COPY: 6}) == ""
