"""Text files become UTF-8, and one that is not says which encoding it may be in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from features.engines.text_files import CHUNK_BYTES, as_utf8
from features.problems import BadData

CHINESE = "客户编号,城市\n" + "1001,上海\n1002,北京朝阳区\n" * 3
FRENCH = "client,ville\n" + "1001,Orléans\n1002,Besançon été\n" * 3


def write(folder: Path, text: str, encoding: str) -> Path:
    (folder / "rows.csv").write_bytes(text.encode(encoding))
    return folder / "rows.csv"


def utf8(file: Path, encoding: str | None = None) -> Path:
    (file.parent / "scratch").mkdir(exist_ok=True)
    return as_utf8(file, table="orders", encoding=encoding, folder=file.parent / "scratch")


@pytest.mark.parametrize("encoding", [None, "utf-8", "UTF8"])
def test_a_file_that_is_utf_8_is_read_where_it_is(tmp_path: Path, encoding: str | None) -> None:
    file = write(tmp_path, CHINESE, "utf-8")
    assert utf8(file, encoding) == file


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16", "utf-16-le", "big5", "utf-8-sig"])
def test_a_file_in_another_encoding_is_copied_to_the_letter(tmp_path: Path, encoding: str) -> None:
    text = "客戶,金額\r\n1,2\n" if encoding == "big5" else CHINESE.replace("\n", "\r\n", 1)
    assert utf8(write(tmp_path, text, encoding), encoding).read_bytes().decode("utf-8") == text


def test_a_mark_of_byte_order_is_left_out_of_the_copy(tmp_path: Path) -> None:
    assert utf8(write(tmp_path, "\ufeff" + CHINESE, "gb18030"), "gb18030").read_text(encoding="utf-8") == CHINESE


def test_characters_across_pieces_are_whole(tmp_path: Path) -> None:
    text = "x" * (CHUNK_BYTES - 1) + "客户" * CHUNK_BYTES
    assert utf8(write(tmp_path, text, "gbk"), "gbk").read_text(encoding="utf-8") == text
    assert utf8(write(tmp_path, text, "utf-8")) == tmp_path / "rows.csv"


SUGGESTED = [
    (CHINESE, "gbk", 1, "gbk"),
    ("c,n\n" + "1,2\n" * 5 + "3,囧䶮𠮷\n", "gb18030", 7, "gb18030"),
    (FRENCH, "cp1252", 2, "cp1252"),
    ("c,n\n1,2\n", "utf-16", 1, "utf-16"),
    ("c,n\n" + "1,2\n" * CHUNK_BYTES + "3,上海北京\n", "gbk", CHUNK_BYTES + 2, "gbk"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "encoding", "line", "suggested"), SUGGESTED)
def test_a_file_that_is_not_utf_8_is_named_with_the_line_and_an_encoding_that_fits(
    tmp_path: Path, text: str, encoding: str, line: int, suggested: str
) -> None:
    file = write(tmp_path, text, encoding)
    expected = (
        f"tables.orders.from: {file} is not UTF-8 (line {line:,}); "
        f'set the one it is in, which fits, for example: tables.orders.encoding = "{suggested}"'
    )
    with pytest.raises(BadData, match=f"^{re.escape(expected)}$"):
        utf8(file)


def test_a_file_that_no_usual_encoding_reads_is_named_without_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"a\n\x81\n\xff\xff\xff\n")
    with pytest.raises(BadData, match=r"is not UTF-8 \(line 2\); set the one it is in, as tables\.orders\.encoding$"):
        utf8(tmp_path / "rows.csv")


def test_an_encoding_that_the_file_is_not_in_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        BadData, match=r"tables\.orders\.encoding = 'ascii': .*rows\.csv is not in this encoding \(line 1\).*\"utf-8\""
    ):
        utf8(write(tmp_path, CHINESE, "utf-8"), "ascii")
