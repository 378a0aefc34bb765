"""Life stages: literal customers, and that everybody is in exactly one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.problems import BadConfig
from models.value.life_stages import default_stages, life_stages
from models.value.settings import Stage, read_layer

COLUMNS = (
    "order_day_count",
    "days_since_last_order",
    "days_since_first_order",
    "gap_days_mean",
    "order_count_90d",
    "order_count_365d",
    "referral_count",
    "nps_class",
)
STAGES = default_stages(COLUMNS, 90, (30, 90, 365))
ACTIVE = {"days_since_last_order": 10.0, "days_since_first_order": 300.0, "gap_days_mean": 30.0, "order_count_365d": 9.0}


def stage(**features: float) -> str:
    row = {name: [features.get(name, np.nan)] for name in COLUMNS}
    table = pa.table({name: pa.array(values, pa.float64(), from_pandas=True) for name, values in row.items()})
    return STAGES[life_stages(table, STAGES)[0]].name


def test_from_prospect_to_advocate() -> None:
    assert stage() == "prospect"
    assert stage(**ACTIVE, order_day_count=1) == "first-time"
    assert stage(**ACTIVE, order_day_count=3) == "repeat"
    assert stage(**ACTIVE, order_day_count=4) == "loyal"
    assert stage(**ACTIVE, order_day_count=2, referral_count=1) == "advocate"
    assert stage(**ACTIVE, order_day_count=2, nps_class=1) == "advocate"


def test_lapsing_and_lost_go_by_her_own_gaps_and_at_least_by_the_horizon() -> None:
    def silent(days: float, gap: float) -> str:
        return stage(**ACTIVE | {"days_since_last_order": days, "gap_days_mean": gap}, order_day_count=5)

    assert [silent(days, 10) for days in (90, 91, 180, 181)] == ["loyal", "lapsing", "lapsing", "lost"]
    assert [silent(days, 100) for days in (200, 201, 400, 401)] == ["loyal", "lapsing", "lapsing", "lost"]


def test_won_back_is_who_ordered_lately_after_the_rest_of_the_year_without_an_order() -> None:
    back = {"order_day_count": 5, "order_count_90d": 1.0, "order_count_365d": 1.0, "days_since_first_order": 800.0}
    assert stage(**ACTIVE | back) == "won back"
    assert stage(**ACTIVE | back | {"order_count_365d": 2.0}) == "loyal"
    assert stage(**ACTIVE | back | {"days_since_first_order": 200.0}) == "loyal"


def test_without_orders_there_are_no_stages_and_without_windows_nobody_is_won_back() -> None:
    assert default_stages(("age",), 90, (90, 365)) == ()
    assert "won back" not in [one.name for one in default_stages(COLUMNS, 90, (90, 180))]
    assert "advocate" not in [one.name for one in default_stages(COLUMNS[:6], 90, (90, 365))]


numbers = st.one_of(st.none(), st.integers(-5, 1000).map(float))


@settings(max_examples=30)  # every customer of one asks DuckDB
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, numbers)), min_size=1, max_size=8))
def test_everybody_is_in_exactly_one_stage_the_first_whose_condition_holds(customers: list[dict[str, float | None]]) -> None:
    table = pa.Table.from_pylist(customers, schema=pa.schema([(name, pa.float64()) for name in COLUMNS]))
    place = life_stages(table, STAGES)
    assert len(place) == len(customers)
    assert ((place >= 0) & (place < len(STAGES))).all()
    for k, row in enumerate(customers):
        alone = pa.Table.from_pylist([row], schema=table.schema)
        assert life_stages(alone, STAGES)[0] == place[k]  # nobody's stage depends on others


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ('[{name = "a", where = "true"}]', "life_stages.steps: the last stage, a, has a where"),
        ('[{name = "a"}, {name = "b"}]', "a: only the last stage goes without a where"),
        ('[{name = "a", where = "true"}, {name = "a"}]', "two stages have the same name"),
        ('[{name = "a", when = "true"}]', "unknown key life_stages.steps.0.when"),
    ],
)
def test_stages_that_leave_somebody_out_or_take_her_twice_are_refused(tmp_path: Path, steps: str, said: str) -> None:
    config = tmp_path / "shop.toml"
    config.write_text(f"[life_stages]\nsteps = {steps}\n", encoding="utf-8")
    with pytest.raises(BadConfig) as bad:
        read_layer(config)
    assert said in bad.value.problems[0]


def test_a_company_may_have_stages_of_its_own(tmp_path: Path) -> None:
    config = tmp_path / "shop.toml"
    config.write_text(
        '[life_stages]\nsteps = [{name = "new", where = "order_day_count < 2"}, {name = "old"}]\n', encoding="utf-8"
    )
    steps = read_layer(config).life_stages.steps
    assert steps == (Stage(name="new", where="order_day_count < 2"), Stage(name="old"))
    assert life_stages(pa.table({"order_day_count": [1.0, 5.0, None]}), steps).tolist() == [0, 1, 1]
