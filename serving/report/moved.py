"""The customers whose number moved most since an earlier date, and what moved it: the same model asked on both dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.project import Project
from features.snapshots import Manifest, load_snapshot
from models.contract import Contract
from models.languages import writer
from models.reasons.shares import shares
from models.registry import Registered
from serving.report.wording import count, day
from serving.scoring.scorer import Scorer
from serving.scoring.value_layer import a_horizon_ago

Floats = NDArray[np.float64]
SHOWN, REASONS = 8, 3


@dataclass(frozen=True)
class Why:
    """What the features of one family moved: the feature that moved most, then and now, and the amount."""

    label: str
    then: str
    now: str
    amount: str


@dataclass(frozen=True)
class Mover:
    """One customer then and now."""

    customer_id: str
    then: str
    now: str
    change: str
    whys: tuple[Why, ...]
    rest: str


@dataclass(frozen=True)
class Moved:
    """Who lost and who gained most expected value since a date. The changes of all families add up to the change."""

    then: str
    now: str
    both: str  # customers who were eligible on both dates
    fell: tuple[Mover, ...]
    rose: tuple[Mover, ...]


def gather_moved(project: Project, manifest: Manifest, scorer: Scorer, eligible: pd.DataFrame) -> Moved | None:
    """From the value model; None where there is none, or no earlier date at least a horizon ago."""
    before = a_horizon_ago(manifest)
    if "clv" not in scorer.models or before is None:
        return None
    model = scorer.models["clv"]
    earlier = load_snapshot(project, before)
    earlier = earlier[earlier["not_eligible_because"].isna()].set_index("customer_id")
    today = eligible.set_index("customer_id")
    both = today.index.intersection(earlier.index)
    if not len(both):
        return None
    then, now = earlier.loc[both], today.loc[both]
    name = model.bundle.contract.outputs[0].name
    change = model.bundle.predict(now)[name] - model.bundle.predict(then)[name]
    fell, rose = change[change < 0].nsmallest(SHOWN).index, change[change > 0].nlargest(SHOWN).index
    return Moved(
        then=day(before),
        now=day(manifest.scored_at),
        both=count(len(both)),
        fell=_movers(model, then.loc[fell], now.loc[fell]),
        rose=_movers(model, then.loc[rose], now.loc[rose]),
    )


def _movers(model: Registered, then: pd.DataFrame, now: pd.DataFrame) -> tuple[Mover, ...]:
    """The base of both dates is the same, so what features add now, less what they added then, makes the change.

    That holds for the logarithm of the amount; from there to money by the rescale rule, as for reasons, between both dates.
    """
    if then.empty:
        return ()
    contract = model.bundle.contract
    was, is_now = shares(model.bundle, then), shares(model.bundle, now)
    moved = is_now.of_margin()[:, 0] - was.of_margin()[:, 0]
    change, logs = is_now.total[:, 0] - was.total[:, 0], np.log(is_now.total[:, 0] / was.total[:, 0])
    moved *= np.where(logs == 0, was.total[:, 0], change / np.where(logs == 0, 1, logs))[:, None]
    movers, write = [], writer("money", contract.currency, "en")
    for row, customer_id in enumerate(then.index):
        whys, told = _whys(contract, moved[row], was.read.numbers[row], is_now.read.numbers[row])
        movers.append(
            Mover(
                customer_id=str(customer_id),
                then=write(was.total[row, 0]),
                now=write(is_now.total[row, 0]),
                change=_signed(change[row], contract.currency),
                whys=whys,
                rest=_signed(change[row] - told, contract.currency),
            )
        )
    return tuple(movers)


def _whys(contract: Contract, moved: Floats, then: Floats, now: Floats) -> tuple[tuple[Why, ...], float]:
    """The families that moved most, and what they moved together."""
    amounts = {members: float(moved[list(members)].sum()) for members in contract.families.values()}
    strongest = sorted(amounts.items(), key=lambda pair: -abs(pair[1]))[:REASONS]
    whys = []
    for members, amount in strongest:
        lead = max(members, key=lambda k: moved[k] * np.sign(amount))
        column = contract.explained[lead]
        write = writer(column.unit, contract.currency, "en")
        whys.append(Why(column.meaning, write(then[lead]), write(now[lead]), _signed(amount, contract.currency)))
    return tuple(whys), sum(amount for _, amount in strongest)


def _signed(amount: float, currency: str) -> str:
    return f"{'+' if amount > 0 else ''}{writer('money', currency, 'en')(amount)}"
