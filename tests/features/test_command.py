"""How a front door ends."""

from __future__ import annotations

import re

import pytest

from features.command import run, step
from features.problems import BadConfig, BadInput, PartlyDone


def test_a_command_that_ends_well_has_status_0_and_says_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda: None) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [BadInput, BadConfig])
def test_bad_input_has_status_2_and_one_message_with_every_problem(
    kind: type[BadInput], capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        raise kind(["the first", "the second"])

    assert run(main) == 2
    assert capsys.readouterr().err == "\nStopped; this step wrote nothing. 2 to mend:\n  - the first\n  - the second\n"


def test_what_is_done_in_part_has_status_2_and_does_not_say_that_nothing_was_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def main() -> None:
        raise PartlyDone("one of three")

    assert run(main) == 2
    assert capsys.readouterr().err == "\nThe rest is done. 1 to mend:\n  - one of three\n"


def test_an_interrupted_command_has_status_130(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise KeyboardInterrupt

    assert run(main) == 130
    assert "Interrupted" in capsys.readouterr().err


def test_a_fault_of_the_program_is_not_hidden() -> None:
    def main() -> None:
        raise ValueError("a fault of ours")

    with pytest.raises(ValueError, match="a fault of ours"):
        run(main)


def test_a_step_says_what_is_done_and_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    with step("counting"):
        print("  one")
    assert re.fullmatch(r"  counting \.\.\.\n  one\n  counting: done in \d+\.\d s\n", capsys.readouterr().out)


def test_a_step_that_fails_is_not_said_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput), step("counting"):
        raise BadInput("wrong")
    assert "done" not in capsys.readouterr().out
