"""Why the desk cannot show something, in a sentence that can be translated and with the command that mends it."""

from __future__ import annotations

from serving.desk.language import text
from serving.scoring.everybody import SCORE_COMMAND

NOT_SCORED = text("No customers have been scored yet.")
BROKEN = text("The scored table cannot be read: it is damaged, or another version of the project wrote it.")


class NotReady(RuntimeError):  # noqa: N818 (said to the reader, as it is)
    """There is no scored table to show. `said` is a text of the catalogue, `run` what to run."""

    def __init__(self, said: str, run: str = SCORE_COMMAND) -> None:
        super().__init__(said)
        self.said, self.run = said, run


class RefusedMark(ValueError):  # noqa: N818 (the same)
    """A mark that cannot be taken; `said` is a text of the catalogue."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said
