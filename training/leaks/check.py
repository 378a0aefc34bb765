"""Look for columns and rows that know the answer: what no honest feature, and no honest table, can do.

Only rows that a model may be fitted on are looked at. The kinds of leak, each in a file of its own:

    check       a column that tells leavers from stayers all by itself, or better than all others together
    surplus     a column that adds to all others what no honest one adds; a value or a gap that settles the outcome
    encodings   a column made from the outcomes themselves
    copies      the same rows under several ids
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from features.problems import BadConfig, BadData, nearest
from models.inputs import LARGEST
from training.frame import Frame
from training.leaks.copies import COPIED_ROWS, copies_note, copies_said
from training.leaks.encodings import encoded_said
from training.leaks.ranks import Floats, aucs_alone
from training.leaks.surplus import Halves, halves, settled, surplus, surpluses

AUC_MAX = 0.95
# A column is compared with all others together only where it says much alone, in a cohort that can tell.
AUC_ASKED_FROM = 0.7
ROWS_ASKED_FROM = 2_000
MARGIN_MIN = 0.01
SURPLUS_ALONE_MIN = 0.05


def refuse_unknown_waivers(waived: Sequence[str], features: Collection[str]) -> None:
    """Raises BadConfig naming what is waived and is no feature: a slip of the pen would waive nothing."""
    unknown = [name for name in waived if name not in (*features, COPIED_ROWS)]
    if unknown:
        raise BadConfig([f"training.waived_features: no feature {name}; {nearest(name, features)}" for name in unknown])


def refuse_leaks(frame: Frame, waived: tuple[str, ...]) -> None:
    """Raises BadData with a sentence for every leak that has not been waived (see `find_leaks`); says what is only odd."""
    if problems := list(find_leaks(frame, waived).values()):
        raise BadData(problems)
    if note := copies_note(frame):
        print(f"  note: {note}")


def find_leaks(frame: Frame, waived: tuple[str, ...] = ()) -> dict[str, str]:
    """What is said of each leak, by the feature's name (`copied_rows` for rows that are there under several ids).

    A feature is named for the first of these that it does: it tells an output with AUC above 0.95; as the strongest
    of an output, it tells it better than a model of all others does on customers not seen (by 0.01 and two standard
    errors) and adds to it; it follows the outcomes closer than chance lets any column; it takes away a fifth of what a model of
    all others leaves open; one of its values, or its being missing, settles an outcome that the others leave open. For amounts
    the outcome is whether anything was spent.
    """
    values, occurred = _finite(frame), frame.outcomes > 0
    names, aucs = list(frame.rows.columns), aucs_alone(values, occurred)
    found = {
        name: f"feature {name} alone tells the outcome with AUC {best:.3f} (above {AUC_MAX}): {_knows(name)}"
        for name, best in zip(names, aucs.max(axis=1), strict=True)
        if best > AUC_MAX
    }
    for index, name in enumerate(names):
        if name not in found and (said := encoded_said(name, values[:, index], occurred, frame.customer_id)):
            found[name] = f"{said}: {_advice(name)}"
    if len(values) >= ROWS_ASKED_FROM:
        for output in range(occurred.shape[1]):
            # What is known to leak or has been waived is no yardstick for the others.
            asked = [index for index, name in enumerate(names) if name not in found and name not in waived]
            found |= _beyond_the_others(frame, values[:, asked], occurred[:, output], aucs[asked, output], asked)
    if said := copies_said(frame):
        found[COPIED_ROWS] = said
    return {name: said for name, said in found.items() if name not in waived}


def _beyond_the_others(
    frame: Frame, values: Floats, occurred: NDArray[np.bool_], aucs: Floats, asked: list[int]
) -> dict[str, str]:
    """What is said of features that tell an output better than, or far beyond, a model of the others."""
    rows = halves(values, occurred, frame.customer_id)
    if rows is None:
        return {}
    names = [str(frame.rows.columns[index]) for index in asked]
    found: dict[str, str] = {}
    strongest = int(np.argmax(aucs))
    if said := _beats_all_others(rows, names[strongest], strongest, float(aucs[strongest])):
        found[names[strongest]] = said
    for index, said in (*surpluses(rows, names), *settled(rows, names)):
        found.setdefault(names[index], f"{said}: {_advice(names[index])}")
    return found


def _beats_all_others(rows: Halves, name: str, column: int, auc: float) -> str | None:
    """What is said of a feature that tells an output better than all others together; None if it does not."""
    if not AUC_ASKED_FROM <= auc <= AUC_MAX:
        return None
    judged = rows.occurred[rows.judged]
    rarer = min(judged.sum(), (~judged).sum())
    margin = max(MARGIN_MIN, 2 * np.sqrt(auc * (1 - auc) / rarer))
    without = [other for other in rows.telling if other != column]
    others = rows.auc(without)
    # Where the others hold the same news in pieces, a small model of them may fall short of it, and adding it changes little.
    if auc <= others + margin or surplus(rows, without, rows.telling) < SURPLUS_ALONE_MIN:
        return None
    said = f"feature {name} alone tells the outcome with AUC {auc:.3f}, all others together with {others:.3f}"
    return f"{said}: {_knows(name)}"


def _finite(frame: Frame) -> Floats:
    """The features as numbers, infinite ones as very large ones."""
    values: Floats = np.clip(frame.rows.to_numpy(dtype=np.float64), -LARGEST, LARGEST)
    return values


def _knows(name: str) -> str:
    return f"it probably knows the future. {_mend(name)}"


def _advice(name: str) -> str:
    return f"this is a suspicion, not a proof. {_mend(name)}"


def _mend(name: str) -> str:
    return f'Take it out of the mapping, or, if it is honest, add "{name}" to training.waived_features'
