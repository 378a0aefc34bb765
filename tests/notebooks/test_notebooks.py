"""The notebooks run as they are, call the packages, define nothing, and are stored without output."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS_MAX = 600
READ = ("configs", "data", "features", "models", "serving", "training")

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
@pytest.mark.parametrize("opened_in", ["notebooks", "."])
def test_the_first_cell_finds_the_repository_and_leaves_for_a_temporary_folder(file: Path, opened_in: str) -> None:
    first = next(cell.source for cell in nbformat.read(file, as_version=4).cells if cell.cell_type == "code")
    said = "\nprint(root, sys.path[0], Path.cwd(), Path.cwd() == Path(workshop.name).resolve(), sep='\\n')"
    found = subprocess.run(
        [sys.executable, "-I", "-c", first + said], cwd=ROOT / opened_in, capture_output=True, text=True, check=True
    )
    root, path, folder, is_temporary = found.stdout.splitlines()
    assert root == path == str(ROOT.resolve())
    assert is_temporary == "True"
    assert not Path(folder).exists()  # it went away with the process


@each
@pytest.mark.slow
def test_they_run_and_leave_nothing_behind(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a repository of links to this one, opened in its notebooks folder."""
    repository, temporary = tmp_path / "repository", tmp_path / "temporary"
    for folder in (repository / "notebooks", temporary):
        folder.mkdir(parents=True)
    for name in READ:
        (repository / name).symlink_to(ROOT / name)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("TMPDIR", str(temporary))
    notebook = nbformat.read(file, as_version=4)
    place = {"metadata": {"path": str(repository / "notebooks")}}
    NotebookClient(notebook, timeout=SECONDS_MAX, resources=place).execute()
    assert any(cell.get("outputs") for cell in notebook.cells)
    assert {path.name for path in repository.iterdir()} == {"notebooks", *READ}
    assert list((repository / "notebooks").iterdir()) == []
    assert [path.name for path in temporary.iterdir() if path.name.startswith("cvm_")] == []
