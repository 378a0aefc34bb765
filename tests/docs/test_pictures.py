"""The flow that the READMEs show is the one that is drawn."""

from __future__ import annotations

import pytest

from docs.pictures.draw import HERE, flow


@pytest.mark.parametrize(("language", "file"), [("en", "flow.svg"), ("zh", "flow.zh.svg")])
def test_the_flow_is_the_one_that_is_drawn(language: str, file: str) -> None:
    assert (HERE / file).read_text(encoding="utf-8") == flow(language), "make pictures"
