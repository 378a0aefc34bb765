"""Whether the trees keep to what is known of features, and at what cost, in words."""

from __future__ import annotations

import re

_CHOSEN = re.compile(r"(\d+) known directions cost ([+-]\d+\.\d+) of (AUC|the loss) in the trees; they are (kept|not kept) to")
UNKNOWN = "of no feature it is known whether more of it goes with staying"


def say_directions(chosen: str | None) -> str:
    """What was chosen, as training wrote it down, for readers; what has another form stays as it is.

    >>> say_directions("48 known directions cost -0.0005 of AUC in the trees; they are kept to")
    'kept to, which costs nothing: of 48 features it is known whether more goes with staying, and trees never say the opposite'
    >>> say_directions("3 known directions cost +0.0176 of the loss in the trees; they are not kept to")
    'not kept to, which would cost 1.76 % of the loss: of 3 features it is known whether more goes with staying'
    >>> say_directions(None) == UNKNOWN
    True
    """
    if chosen is None:
        return UNKNOWN
    found = _CHOSEN.fullmatch(chosen)
    if found is None:
        return chosen
    number, cost, of_what, kept = int(found[1]), float(found[2]), found[3], found[4] == "kept"
    amount = f"{cost:.2%} of the loss".replace("%", " %") if of_what == "the loss" else f"{cost:.4f} of AUC"
    price = "nothing" if cost <= 0 else amount
    features = "one feature" if number == 1 else f"{number} features"
    known = f"of {features} it is known whether more goes with staying"
    return (
        f"kept to, which costs {price}: {known}, and trees never say the opposite"
        if kept
        else f"not kept to, which would cost {price}: {known}"
    )
