"""The notebooks run as they are, call the packages, define nothing, and are stored without output."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS_MAX = 600

each = pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)


def test_there_are_four() -> None:
    assert [file.stem[:1] for file in NOTEBOOKS] == ["1", "2", "3", "4"]


@each
def test_they_are_stored_without_output(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


@each
def test_they_begin_with_a_title_and_define_nothing_reusable(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith(f"# {file.stem[0]} ")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found = [type(node).__name__ for node in ast.walk(ast.parse(cell.source))]
            assert not {"FunctionDef", "ClassDef", "AsyncFunctionDef"} & set(found), cell.source


@each
def test_the_notebooks_and_pages_they_name_are_there(file: Path) -> None:
    for cell in nbformat.read(file, as_version=4).cells:
        for part in cell.source.split("](")[1:]:
            target = part.split(")")[0].split("#")[0]
            assert target.startswith("http") or (file.parent / target).exists(), target


@each
@pytest.mark.slow
def test_they_run(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder of their own, with the repository on the path, and nothing is written into the repository."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, timeout=SECONDS_MAX, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert any(cell.get("outputs") for cell in notebook.cells)
