from __future__ import annotations

from pathlib import Path

import pytest

from features import project
from features.tables import CONTRACTS
from training.mapping_file import SECTIONS, mapping_file_page

PAGE = Path(__file__).parents[2] / "docs/mapping_file.md"


def test_the_page_in_docs_is_the_one_that_is_written() -> None:
    assert PAGE.read_text(encoding="utf-8") == mapping_file_page(), "python -m training keys > docs/mapping_file.md"


def test_every_section_a_file_may_have_is_on_the_page() -> None:
    assert set(SECTIONS) == set(project.SECTIONS)


@pytest.mark.parametrize("section", [name for name in SECTIONS if name != "tables"])
def test_every_key_is_there_with_what_it_is(section: str) -> None:
    for key, field in SECTIONS[section].model_fields.items():
        assert field.description, f"{section}.{key}"
        assert f"| `{key}` |" in mapping_file_page() or (section, key) == ("actions", "name")


def test_every_column_of_every_table_is_there() -> None:
    page = mapping_file_page()
    for name, contract in CONTRACTS.items():
        (part,) = [part for part in page.split("\n### ") if part.startswith(f"`[tables.{name}]`")]
        for column in contract.columns:
            assert f"| `{column.name}` | {column.kind} |" in part


def test_bounds_and_choices_are_said() -> None:
    page = mapping_file_page()
    assert "| `horizon_days` | whole number, from 1 to 730 | `90` |" in page
    assert '| `unknown_customers` | one of `keep`, `quarantine` | `"keep"` |' in page
    assert "| `name` | text, like `^[a-z][a-z0-9_]*$` | must be given |" in page
