"""What the pages point at is there: files, headings, commands, options, targets, settings, code."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
# What was measured and decided names the code as it was then.
OF_NOW = {name: text for name, text in TEXTS.items() if not name.startswith("docs/decisions/") and name != "docs/benchmarks.md"}
FENCES = re.compile(r"```.*?```", re.DOTALL)


def named(pattern: str, texts: dict[str, str] = TEXTS) -> list[tuple[str, str]]:
    """What the pages name in this form, with the page."""
    return sorted({(page, found) for page, text in texts.items() for found in re.findall(pattern, text)})


@cache
def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    heads = re.findall(r"^#+ (.*)$", FENCES.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@cache
def says(*command: str) -> str:
    """What a command says of itself."""
    return subprocess.run(
        [sys.executable, "-m", *command, "--help"], check=True, capture_output=True, text=True, cwd=ROOT, timeout=60
    ).stdout


@pytest.mark.parametrize(("page", "link"), named(r"\]\(((?!https?://)[^)\s]+)\)"))
def test_links_lead_somewhere(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists()
    assert not anchor or anchor in anchors(target)


@pytest.mark.parametrize(("_page", "command"), named(r"python -m ((?:features|training|serving) \w+)"))
def test_commands_are_those_there_are(_page: str, command: str) -> None:
    assert says(*command.split())


@pytest.mark.parametrize(
    ("_page", "command", "option"),
    [
        (page, command, option)
        for page, line in named(r"python -m ((?:features|training|serving) [^`\n|#]+)")
        for command in [" ".join(line.split()[:2])]
        for option in re.findall(r"(?<=\s)--\w+", line)
    ],
)
def test_options_are_those_there_are(_page: str, command: str, option: str) -> None:
    assert option in says(*command.split())


@pytest.mark.parametrize(("_page", "target"), named(r"(?:`|^)make ([a-z-]+)"))
def test_targets_are_those_of_the_makefile(_page: str, target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("_page", "entry"), named(r"-e (\w+)`"))
def test_entry_points_are_those_of_the_project(_page: str, entry: str) -> None:
    assert f"  {entry}:\n" in (ROOT / "MLproject").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("_page", "path"), named(r"`((?:features|models|training|serving|tests|configs|docs)/[\w./]+)`", OF_NOW)
)
def test_files_are_where_the_pages_say(_page: str, path: str) -> None:
    assert (ROOT / path).exists() or path.startswith("features/snapshots")  # of an output folder


@pytest.mark.parametrize(("_page", "name"), named(r"`((?:features|models|training|serving)(?:\.\w+)+)`", OF_NOW))
def test_code_is_where_the_pages_say(_page: str, name: str) -> None:
    parts = name.split(".")
    module = next(
        (ROOT.joinpath(*parts[:k]) for k in range(len(parts), 1, -1) if ROOT.joinpath(*parts[:k]).with_suffix(".py").exists()),
        None,
    )
    is_key = "`" + parts[-1] + "`" in TEXTS["docs/mapping_file.md"]  # `training.waived_features` is a key of the mapping file
    assert module or is_key


@pytest.mark.parametrize(("_page", "variable"), named(r"\b(CVM_[A-Z_]+)\b"))
def test_variables_are_read_by_something(_page: str, variable: str) -> None:
    readers = [*(ROOT / "serving").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
    assert any(f'"{variable}"' in file.read_text(encoding="utf-8") for file in readers)


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page in seen:
            continue
        seen.add(page)
        links = re.findall(r"\]\(((?!https?://)[^)#\s]+)", page.read_text(encoding="utf-8"))
        for target in ((page.parent / link) for link in links):
            if target.suffix == ".md":
                ahead.append(target)
            elif target.is_dir():
                ahead.extend(target.glob("*.md"))
    assert {page.relative_to(ROOT).as_posix() for page in seen} >= set(TEXTS)
