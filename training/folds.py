"""Who is fitted on and who is asked: later dates where there are any, else customers who were left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.contract import Roles
from training.frame import Frame

GROUPS = 5


@dataclass(frozen=True)
class Fold:
    """The rows to fit on, and the rows to ask about: of a date whose windows were closed, or of other customers."""

    fit: Frame
    asked: Frame


def folds(frame: Frame, fitted_on: tuple[date, ...], asked: date, *, asked_in: Frame | None = None) -> tuple[Fold, ...]:
    """One fold where the asked date is later than those to fit on.

    Where it is one of them there is no later date: its customers are then asked about a fifth at a time, each time with
    the others fitted, so that nobody is asked about what was learned from her own rows. Who is asked stands in `asked_in`, with
    outcomes of perhaps another horizon, or else in the same frame.
    """
    past, here = frame.at(*fitted_on), (asked_in or frame).at(asked)
    if asked not in fitted_on:
        return (Fold(past, here),)
    groups, own = _groups(past, asked), _groups(here, asked)
    found = (Fold(past.where(groups != group), here.where(own == group)) for group in range(GROUPS))
    return tuple(fold for fold in found if len(fold.fit.rows) and len(fold.asked.rows))


def judged_fold(frame: Frame, roles: Roles) -> Fold:
    """The judged customers and all that may be fitted on, of which the inner roles are a part.

    Where only one date has outcomes, a fifth of its customers is judged, and is in no other role.
    """
    return folds(frame, roles.fitted_on, roles.judge)[0]


def together(parts: list[Frame]) -> Frame:
    """The asked rows of several folds in one frame."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return replace(
        first,
        customer_id=np.concatenate([part.customer_id for part in parts]),
        as_of=np.concatenate([part.as_of for part in parts]),
        rows=pd.concat([part.rows for part in parts]),
        outcomes=np.concatenate([part.outcomes for part in parts]),
        start=None if first.start is None else np.concatenate([part.starts() for part in parts]),
    )


def _groups(frame: Frame, salt: date) -> NDArray[np.int64]:
    """A group for each customer, the same at all dates, another one for another salt."""
    return np.array([crc32(f"{salt} {customer}".encode()) % GROUPS for customer in frame.customer_id], dtype=np.int64)
