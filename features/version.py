"""Which code made a thing: a hash over the source files of packages, the same with and without git."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable


def code_version(*packages: str) -> str:
    """Twelve hex digits that change with any source file of the packages."""
    digest = hashlib.sha256()
    for package in sorted(packages):
        for name, source in sorted(_sources(files(package))):
            digest.update(f"{package}/{name}\n".encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def _sources(folder: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            found += _sources(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".html", ".css")):
            found.append((prefix + entry.name, entry))
    return found
