"""The line of a csv file that does not split as the first one does."""

from __future__ import annotations

from pathlib import Path

from features.raw.uneven_lines import uneven_line


def uneven(folder: Path, text: str, encoding: str | None = None) -> str | None:
    (folder / "x.csv").write_bytes(text.encode(encoding or "utf-8"))
    return uneven_line(folder / "x.csv", ";", encoding)


def test_the_first_line_with_more_or_fewer_values_is_named(tmp_path: Path) -> None:
    assert uneven(tmp_path, "a;b\n1;2\n\n1;2;3\n1\n") == "line 4 has 3 values, the first has 2"


def test_a_delimiter_within_quotes_separates_nothing(tmp_path: Path) -> None:
    assert uneven(tmp_path, 'ä;b\n"1;2";3\n"1\n2";3\n', "cp1252") is None


def test_a_quote_that_is_never_closed_is_named(tmp_path: Path) -> None:
    said = uneven(tmp_path, 'a;b\n"1;2\n' + "x" * 200_000)
    assert said == "line 3: field larger than field limit (131072)"
