"""The desk over what the main job leaves behind."""

from __future__ import annotations

import pyarrow.parquet as pq

from models.bundle import CHURN
from serving.desk.listing import customer_address
from serving.scoring.by_customer import events_folder
from serving.scoring.everybody import ROWS_AT_ONCE, predictions_file
from serving.scoring.value_layer import a_horizon_ago, before_file
from tests.serving.conftest import Demo
from tests.serving.desk.company import visit


def test_who_is_most_at_risk_is_first_and_has_a_whole_page(demo: Demo) -> None:
    scored = pq.read_table(predictions_file(demo.project)).to_pandas().sort_values("value_at_risk", ascending=False)
    first = scored.iloc[0]
    browser = visit(demo.project)
    page = browser.get("/desk?marked=all").text
    assert page.index(f">{first.customer_id}</a>") < page.index(f">{scored.iloc[1].customer_id}</a>")
    page = browser.get(customer_address(first.customer_id)).text
    assert f"{100 * first[CHURN]:.1f}".rstrip("0").rstrip(".") + " %" in page
    assert first[f"{CHURN}_explanation"]["reasons"][0]["text"].split("(")[0] in page
    assert 'class="kind order">order<' in page


def test_of_the_earlier_date_everybody_is_kept_who_was_known(demo: Demo) -> None:
    before = pq.read_table(before_file(demo.project))
    assert {"customer_id", "as_of", "tier", "life_stage", "quadrant", "customer_score", "potential_value"} <= set(
        before.column_names
    )
    as_of = a_horizon_ago(demo.manifest)
    assert as_of is not None
    assert set(before["as_of"].to_pylist()) == {as_of}
    cohort = demo.manifest.cohorts[as_of]
    assert before.num_rows == cohort.eligible + sum(cohort.not_eligible.values())


def test_rows_are_in_small_groups_so_that_one_is_found_at_once(demo: Demo) -> None:
    file = pq.ParquetFile(predictions_file(demo.project))
    assert max(file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)) <= ROWS_AT_ONCE
    ids = pq.read_table(events_folder(demo.project) / "orders.parquet", columns=["customer_id"])["customer_id"].to_pylist()
    assert ids == sorted(ids)
