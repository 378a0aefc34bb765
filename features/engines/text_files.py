"""Text files as UTF-8, the one encoding that every engine reads."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from features.problems import BadData

CHUNK_BYTES = 1 << 20
BOM = "\ufeff"


def as_utf8(file: Path, *, table: str, encoding: str | None, folder: Path) -> Path:
    """The file itself if it is UTF-8; otherwise a copy in UTF-8 in `folder`, made a piece at a time.

    Raises BadData with the line that is not in the encoding. Without one set, it suggests the encoding that fits.
    """
    if encoding is None or codecs.lookup(encoding).name == "utf-8":
        for _ in _pieces(file, "utf-8", table=table, was_set=encoding is not None):
            pass
        return file
    copy = folder / f"{hashlib.sha256(f'{table} {file}'.encode()).hexdigest()[:16]}.csv"
    with copy.open("w", encoding="utf-8", newline="") as target:
        for number, piece in enumerate(_pieces(file, encoding, table=table, was_set=True)):
            target.write(piece.removeprefix(BOM) if number == 0 else piece)
    return copy


def _pieces(file: Path, encoding: str, *, table: str, was_set: bool) -> Iterator[str]:
    """The text of a file, a piece at a time. Raises BadData at the first byte that is not in the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with file.open("rb") as stream:
        while True:
            chunk = stream.read(CHUNK_BYTES)
            try:
                piece = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                line += _text_before(error, encoding).count("\n")
                raise BadData(_not_in_encoding(file, line, table=table, encoding=encoding, was_set=was_set)) from None
            line += piece.count("\n")
            if piece:
                yield piece
            if not chunk:
                return


def _text_before(error: UnicodeError, encoding: str) -> str:
    """What could be decoded of the piece that failed."""
    if not isinstance(error, UnicodeDecodeError):
        return ""
    return error.object[: error.start].decode(encoding, errors="ignore")


def _not_in_encoding(file: Path, line: int, *, table: str, encoding: str, was_set: bool) -> str:
    key = f"tables.{table}.encoding"
    says = f"{key} = '{encoding}': {file} is not in this encoding" if was_set else f"tables.{table}.from: {file} is not UTF-8"
    fitting = next((each for each in ("utf-8", *_candidates(file)) if each != encoding and _fits(file, each)), None)
    hint = f'which fits, for example: {key} = "{fitting}"' if fitting else f"as {key}"
    return f"{says} (line {line:,}); set the one it is in, {hint}"


def _candidates(file: Path) -> tuple[str, ...]:
    """The encodings it may be in, the likeliest first: bytes above ASCII come in pairs in Chinese text, alone in Western."""
    with file.open("rb") as stream:
        start = stream.read(CHUNK_BYTES)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return ("utf-16",)
        while not (high := re.findall(rb"[\x80-\xff]+", start)) and (start := stream.read(CHUNK_BYTES)):
            pass
    alone = sum(len(run) == 1 for run in high)
    chinese, western = ("gbk", "gb18030"), ("cp1252",)
    return western + chinese if alone > len(high) / 2 else chinese + western


def _fits(file: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
