"""What a release says of the snapshots it answers from."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.problems import BadInput
from serving.answers.release import from_registry
from tests.serving.conftest import Demo


def test_snapshots_made_with_other_settings_answer_and_it_is_said(demo: Demo, tmp_path: Path) -> None:
    assert from_registry(demo.config, tmp_path / "same").remark is None
    other = tmp_path / "other.toml"
    other.write_text(demo.config.read_text(encoding="utf-8").replace("share_max = 0.80", "share_max = 0.81"), encoding="utf-8")
    remark = from_registry(other, tmp_path / "other").remark
    assert remark is not None
    assert "made from other data, settings or code" in remark


def test_a_folder_that_holds_something_else_is_left_alone_and_a_release_is_made_anew(demo: Demo, tmp_path: Path) -> None:
    thesis = tmp_path / "papers" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work", encoding="utf-8")
    with pytest.raises(BadInput, match=r"papers holds something else than a release; name a new or an empty folder"):
        from_registry(demo.config, thesis.parent)
    assert thesis.read_text(encoding="utf-8") == "years of work"
    for _ in range(2):
        from_registry(demo.config, tmp_path / "release")
