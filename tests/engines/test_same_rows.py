"""PostgreSQL and Spark make of the same mapping the snapshots, reports and tables that DuckDB makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.project import Project
from features.snapshots import Manifest, snapshot_folder
from tests.engines.conftest import OTHERS

pytestmark = pytest.mark.parametrize("engine", OTHERS)
Built = Callable[[str], Manifest]
ProjectOn = Callable[..., Project]


def in_order(file: Path) -> pd.DataFrame:
    rows = pq.read_table(file).to_pandas()
    return rows.sort_values(list(rows.columns), ignore_index=True)


def test_every_table_has_the_same_counts_reasons_notes_and_examples(engine: str, built: Built) -> None:
    theirs, ours = built(engine).tables, built("duckdb").tables
    assert list(theirs) == list(ours)
    for name, report in ours.items():
        assert theirs[name].model_dump() == report.model_dump(), name


def test_the_nasty_company_breaks_every_rule(engine: str, built: Built) -> None:
    reasons = [reason for table in built(engine).tables.values() for reason in table.quarantine_reasons]
    assert len(reasons) > 20


def test_the_dates_the_words_and_the_reach_are_the_same(engine: str, built: Built) -> None:
    theirs, ours = built(engine), built("duckdb")
    for name in ("data_from", "data_until", "judged_at", "grid", "scored_at", "words", "reach"):
        assert getattr(theirs, name) == getattr(ours, name), name


def test_every_snapshot_has_the_same_customers_reasons_and_features(engine: str, built: Built, project_on: ProjectOn) -> None:
    for as_of in built("duckdb").cohorts:
        theirs, ours = (
            pq.read_table(snapshot_folder(project_on(name)) / "snapshots" / f"{as_of}.parquet")
            for name in (engine, "duckdb")
            if built(name)
        )
        assert theirs.schema == ours.schema
        assert theirs["customer_id"] == ours["customer_id"]
        assert theirs["not_eligible_because"] == ours["not_eligible_because"]
        pd.testing.assert_frame_equal(theirs.to_pandas(), ours.to_pandas(), rtol=1e-9, atol=1e-9)


def test_the_checked_tables_and_those_set_aside_are_written_alike(engine: str, built: Built, project_on: ProjectOn) -> None:
    for name in built("duckdb").tables:
        for file in (f"{name}.parquet", f"quarantine_{name}.parquet"):
            theirs, ours = (in_order(snapshot_folder(project_on(each)) / file) for each in (engine, "duckdb") if built(each))
            pd.testing.assert_frame_equal(theirs, ours, check_dtype=False)


def test_what_cohorts_say_of_the_company_is_the_same(engine: str, built: Built) -> None:
    theirs, ours = built(engine).cohorts, built("duckdb").cohorts
    for as_of, cohort in ours.items():
        assert (theirs[as_of].eligible, theirs[as_of].not_eligible) == (cohort.eligible, cohort.not_eligible)
        assert theirs[as_of].figures.keys() == cohort.figures.keys()
        for name, figure in cohort.figures.items():
            assert theirs[as_of].figures[name].customers == figure.customers
            assert theirs[as_of].figures[name].value == pytest.approx(figure.value, rel=1e-9)
