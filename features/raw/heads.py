"""Whether the files, columns and expressions of a mapping hold, from the heads of the files: none is read in full.

What the head of a csv file makes look wrong (a column that is empty there has no type) is asked again of the whole file.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ibis.backends import BaseBackend

from features.engines.engine import CSV_ENDINGS, connect
from features.mappings import TableMapping
from features.problems import BadData
from features.project import Project, SourceSection
from features.raw.expressions import expression_problems, wording_problems
from features.raw.sources import has_rows, read_source, source_files

HEAD_BYTES = 1 << 16
LOOKED_AT = {
    "duckdb": "its files, columns and expressions hold",
    "pyspark": "its files and columns are there, and its expressions can be said to pyspark (which was not asked)",
    "postgres": "its expressions can be said to postgres (which was not asked: its tables and columns were not looked at)",
}


def check_heads(project: Project) -> str:
    """Look at every source of every table, without connecting to another engine; what was looked at, in words.

    Raises one BadData with every file that is not there or cannot be read, and every expression that cannot be used.
    """
    sources = [source for mapping in project.mappings().values() for source in mapping.sources]
    connection = connect(SourceSection(time_zone=project.source.time_zone))  # the embedded one reads the heads
    problems = [said for called, mapping in sources for said in _problems(connection, project, called, mapping)]
    if problems:
        raise BadData(problems)
    return LOOKED_AT[project.source.backend]


def _problems(connection: BaseBackend, project: Project, called: str, mapping: TableMapping) -> list[str]:
    engine = project.source.backend
    if engine == "postgres":
        return wording_problems(engine, None, called, mapping)
    try:
        files = source_files(called, mapping)
    except BadData as bad:
        return [*bad.problems, *wording_problems(engine, None, called, mapping)]
    with TemporaryDirectory(prefix="cvm_") as heads, TemporaryDirectory(prefix="cvm_") as folder:
        if not any(_is_longer(file) for file in files):
            return _read_problems(connection, engine, called, mapping, Path(folder))
        for number, file in enumerate(files):
            _write_head(file, Path(heads) / f"{number}_{file.name}")
        of_heads = mapping.model_copy(update={"from_": f"{heads}/*"})
        if not _read_problems(connection, engine, called, of_heads, Path(folder)):
            return []
    with TemporaryDirectory(prefix="cvm_") as folder:
        return _read_problems(connection, engine, called, mapping, Path(folder))


def _read_problems(connection: BaseBackend, engine: str, called: str, mapping: TableMapping, folder: Path) -> list[str]:
    try:
        rows = read_source(connection, called, mapping, folder)
        if engine == "duckdb" and has_rows(rows, called, mapping):  # the columns of an empty file have no types
            return expression_problems(rows, called, mapping)
        return wording_problems(engine, rows.columns, called, mapping)
    except BadData as bad:
        return list(bad.problems)


def _is_longer(file: Path) -> bool:
    return file.suffix.lower() in CSV_ENDINGS and file.stat().st_size > HEAD_BYTES


def _write_head(file: Path, head: Path) -> None:
    """The first lines of a csv file; another file as it is."""
    if not _is_longer(file):
        head.symlink_to(file.resolve())
        return
    with file.open("rb") as stream:
        whole_lines, newline, _ = stream.read(HEAD_BYTES).rpartition(b"\n")
    head.write_bytes(whole_lines + newline)
