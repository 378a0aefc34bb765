"""What can be learned at all: an output that hardly anybody, or nearly everybody, brings about is not guessed at."""

from __future__ import annotations

import numpy as np

from models.contract import Output, Roles
from training.frame import Frame

CUSTOMERS_MIN = 30  # who did, and who did not: fewer cannot tell what sets them apart


def too_few(past: Frame, roles: Roles, outputs: tuple[Output, ...]) -> dict[str, str]:
    """By label of an output that cannot be learned: why. Customers count once, over all dates to learn from."""
    found = {}
    for k, output in enumerate(outputs):
        did = past.outcomes[:, k] > 0
        who, who_not = (len(set(past.customer_id[chosen])) for chosen in (did, ~did))
        dates = f"{roles.fitted_on[0]} to {roles.fitted_on[-1]}"
        if who < CUSTOMERS_MIN or (who_not < CUSTOMERS_MIN and _is_yes_or_no(past, k)):
            said = f"it happened to only {who} customers" if who < who_not else f"it happened to all but {who_not} customers"
            found[output.label] = f"{said} after the dates {dates}; {CUSTOMERS_MIN} are needed to tell what sets them apart"
    return found


def all_alike(judged: Frame, roles: Roles, outputs: tuple[Output, ...]) -> dict[str, str]:
    """By label of an output that cannot be judged, because all judged customers did the same: why."""
    found = {}
    for k, output in enumerate(outputs):
        did = judged.outcomes[:, k] > 0
        if not did.any() or (did.all() and _is_yes_or_no(judged, k)):
            who = "all" if did.any() else "none"
            found[output.label] = (
                f"it happened to {who} of the {len(did):,} customers judged on {roles.judge}: nothing to judge by"
            )
    return found


def _is_yes_or_no(frame: Frame, k: int) -> bool:
    """Amounts can be learned where everybody brings something: they still differ."""
    return bool(np.isin(frame.outcomes[:, k], (0, 1)).all())
