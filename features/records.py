"""Read what an earlier step said of its work: a JSON file beside its outputs."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Record = TypeVar("Record", bound=BaseModel)


def read_record(file: Path, kind: type[Record]) -> Record | None:
    """The record; None where there is none, or another version of the project wrote it."""
    try:
        return kind.model_validate_json(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None
