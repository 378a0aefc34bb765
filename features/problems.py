"""What is wrong with a user's input, said once, in the user's own words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class BadInput(ValueError):  # noqa: N818 (it is the input that is bad)
    """Input the user can mend. Carries every problem found; the commands end with exit status 2.

    Children, by what has to be mended:

        BadInput
        |-- BadConfig        the mapping file
        |-- BadData          the company's tables
        |-- ContractMismatch a fitted model does not belong to this project or these features
        `-- PartlyDone       some parts of a step could not be done; the others are
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class BadConfig(BadInput):
    """The mapping file says something that cannot be done."""


class BadData(BadInput):
    """A table does not honour its contract."""


class ContractMismatch(BadInput):
    """A bundle was made for another project, horizon or set of features."""


class PartlyDone(BadInput):
    """Parts of a step could not be done; what the others wrote is there."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """A hint that names the nearest valid word, or lists them all.

    >>> nearest("custmer_id", ["customer_id", "order_id"])
    "did you mean 'customer_id'?"
    >>> nearest("zzz", ["b", "a"])
    'valid: a, b'
    """
    names = sorted(valid)
    close = difflib.get_close_matches(name[:100], names, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else f"valid: {', '.join(names)}"
