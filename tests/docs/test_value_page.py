"""The sections that docs/value.md shows are read as they stand there, and say what the defaults are."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from features.settings import read_section
from models.actions.settings import PlanSettings, read_actions
from models.rules import holds
from models.value.life_stages import life_stages
from models.value.settings import Layer, read_layer
from tests.configs.building import REPOSITORY

PAGE = (REPOSITORY / "docs" / "value.md").read_text(encoding="utf-8")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """All sections of the page in one file."""
    found = tmp_path / "shop.toml"
    found.write_text("\n".join(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)), encoding="utf-8")
    return found


def test_every_section_is_read(config: Path) -> None:
    layer, defaults = read_layer(config), Layer()
    assert layer.value == defaults.value
    assert layer.score == defaults.score
    assert layer.quadrants == defaults.quadrants
    assert [step.name for step in layer.tiers.steps] == ["bronze", "silver", "gold"]
    assert [step.name for step in layer.life_stages.steps if step.is_lost] == ["lost"]
    (call,) = read_actions(config)
    assert (call.cost, call.capacity, call.effect) == (6.0, 300, 0.15)
    assert read_section(config, "plan", PlanSettings).budget == 2_000


def test_the_conditions_of_the_page_are_conditions(config: Path) -> None:
    rows = pa.table(
        {
            "days_since_last_order": [400.0, 3.0, 5.0],
            "order_day_count": [4.0, 1.0, 7.0],
            "tier": ["gold", "gold", "bronze"],
            "complaint_open_count": [0.0, 0.0, 0.0],
        }
    )
    steps = read_layer(config).life_stages.steps
    assert [steps[k].name for k in life_stages(rows, steps)] == ["lost", "new", "customer"]
    (call,) = read_actions(config)
    assert holds(str(call.eligible), rows, "actions.call.eligible").tolist() == [True, True, False]


def test_the_pages_it_points_to_have_what_it_points_at() -> None:
    for page, anchor in re.findall(r"\]\((\w+\.md)#([\w-]+)\)", PAGE):
        headings = re.findall(r"^## (.*)$", (REPOSITORY / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
