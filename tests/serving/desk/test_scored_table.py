"""The table as it is now, whatever happens to its files."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.project import Project
from serving.desk import scored_table
from serving.desk.problems import NotReady
from serving.desk.scored_table import ScoredTable
from tests.serving.desk.company import customer, visit, write_project, write_scored


def test_without_a_scored_table_the_page_says_what_to_run(tmp_path: Path) -> None:
    answers = [visit(write_project(tmp_path)).get(path) for path in ("/desk", "/desk/customers/anna", "/desk/export.csv")]
    assert {answer.status_code for answer in answers} == {503}
    assert all("python -m serving score CONFIG" in answer.text for answer in answers)
    assert not (tmp_path / "small").exists()  # looking writes nothing


@pytest.mark.parametrize("content", [b"", b"PAR1 and nothing else", b"\x00" * 5000])
def test_a_broken_table_is_one_clear_page(tmp_path: Path, content: bytes) -> None:
    project = write_project(tmp_path)
    project.folder.mkdir()
    (project.folder / "predictions.parquet").write_bytes(content)
    answer = visit(project).get("/desk")
    assert answer.status_code == 503
    assert "cannot be read" in answer.text


def test_a_table_of_something_else_is_one_clear_page(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    write_scored(project, [customer("a")], without=("as_of",))
    assert visit(project).get("/desk").status_code == 503


def test_a_new_table_is_read_and_a_broken_one_leaves_the_old_one(project: Project) -> None:
    browser = visit(project)
    assert "anna" in browser.get("/desk").text
    write_scored(project, [customer("newcomer")])
    assert "newcomer" in browser.get("/desk").text
    (project.folder / "broken").write_bytes(b"half of a ta")
    (project.folder / "broken").replace(project.folder / "predictions.parquet")
    page = browser.get("/desk").text
    assert "newcomer" in page
    assert "an older table answers" in page
    write_scored(project, [customer("mended")])
    page = browser.get("/desk").text
    assert "mended" in page
    assert "an older table answers" not in page


def test_rows_read_late_are_those_of_the_table_that_answers(project: Project) -> None:
    scored = ScoredTable(project).now()
    new = project.folder / "predictions.parquet"
    new.rename(project.folder / "old.parquet")
    write_scored(project, [customer("newcomer")])
    row = scored.customer("carl")
    assert row is not None
    assert scored.file.row(row["place"])["customer_id"] == "carl"


def test_who_comes_while_it_loads_gets_the_old_table(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    table = ScoredTable(project)
    old = table.now()
    loading, go_on, load = threading.Event(), threading.Event(), scored_table.load_scored

    def slowly(one: Project) -> scored_table.Scored:
        loading.set()
        assert go_on.wait(10)
        return load(one)

    monkeypatch.setattr(scored_table, "load_scored", slowly)
    write_scored(project, [customer("newcomer")])
    first = threading.Thread(target=table.now)
    first.start()
    assert loading.wait(10)
    assert table.now() is old
    go_on.set()
    first.join()
    assert table.now().count == 1


def test_a_table_that_is_written_into_is_one_clear_page(project: Project) -> None:
    browser = visit(project)
    assert browser.get("/desk").status_code == 200
    (project.folder / "predictions.parquet").write_bytes(b"half of a ta")
    assert browser.get("/desk").status_code == 503


def test_nobody_is_scored_where_there_are_no_rows(project: Project) -> None:
    file = project.folder / "predictions.parquet"
    pq.write_table(pq.read_table(file).slice(0, 0), file)
    with pytest.raises(NotReady):
        ScoredTable(project).now()


def test_marks_that_cannot_be_read_are_one_clear_page(project: Project) -> None:
    (project.folder / "desk.sqlite").write_bytes(b"no database, but something else" * 100)
    assert visit(project).get("/desk").status_code == 503


def test_other_models_than_those_that_answer_now_are_named(project: Project) -> None:
    page = visit(project, champions={"churn": "small-churn v2 cccc", "clv": "small-clv v1 bbbb"}).get("/desk").text
    assert "Scored by small-churn v1 aaaa; small-churn v2 cccc answers now." in page
    assert "small-clv" not in page
