"""What an engine cannot run is refused before any table is read in full, all of it at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from features.engines.engine import connect
from features.problems import BadData
from features.project import Project
from features.raw.quarantine import check_tables

CANNOT = {
    "postgres": {"amount": "try_cast(unit_price AS DOUBLE) * units", "product_id": "list_aggregate([sku], 'min')"},
    "pyspark": {"amount": "unit_price * units", "product_id": "list_aggregate([sku], 'min')"},
}


@pytest.mark.parametrize("engine", CANNOT)
def test_expressions_that_an_engine_cannot_run_are_named_with_engine_and_key(
    engine: str, project_on: Callable[..., Project]
) -> None:
    own = project_on(engine)
    mapping = own.tables.orders.model_dump(by_alias=True, exclude_none=True) | CANNOT[engine]  # type: ignore[attr-defined]
    refused = project_on(engine, tables={"orders": mapping})
    with pytest.raises(BadData) as bad:
        check_tables(connect(refused.source), refused)
    said = " ".join(bad.value.problems)
    assert f"tables.orders.product_id = '{CANNOT[engine]['product_id']}'" in said
    assert engine in said.lower()
    if engine == "postgres":
        assert "tables.orders.amount = 'try_cast" in said
