"""Look for columns that know the answer: no honest feature tells leavers from stayers all by itself."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from features.problems import BadData
from training.frame import Frame

AUC_MAX = 0.95
# A column is compared with all others together only where it says much alone, in a cohort that can tell.
AUC_ASKED_FROM = 0.7
ROWS_ASKED_FROM = 2_000
MARGIN_MIN = 0.01
ROUNDS = 60
SMALL_BOOSTER = {"objective": "binary:logistic", "max_depth": 4, "learning_rate": 0.1, "nthread": 2}


def single_feature_aucs(frame: Frame) -> dict[str, float]:
    """For each feature the best AUC it reaches alone, in either direction, for any output.

    Missing values are ranked below all others. For amounts the outcome is whether anything was spent.
    """
    return {name: float(aucs.max()) for name, aucs in _aucs_by_output(frame).items()}


def refuse_leaks(frame: Frame, waived: tuple[str, ...]) -> None:
    """Raises BadData naming every feature that says more alone than an honest one can, and has not been waived.

    That is an AUC above 0.95 for any output; or, for the strongest feature of an output, one clearly above that of a
    model of all the others together on customers it has not seen (by 0.01 and by two standard errors).
    """
    aucs = _aucs_by_output(frame)
    found = {
        name: f"feature {name} alone tells the outcome with AUC {best.max():.3f} (above {AUC_MAX}): {_advice(name)}"
        for name, best in aucs.items()
        if best.max() > AUC_MAX
    }
    for output in range(frame.outcomes.shape[1]):
        strongest = max(aucs, key=lambda name: float(aucs[name][output]))
        if said := _beats_all_others(frame, output, strongest, float(aucs[strongest][output])):
            found.setdefault(strongest, said)
    if problems := [said for name, said in found.items() if name not in waived]:
        raise BadData(problems)


def _beats_all_others(frame: Frame, output: int, name: str, auc: float) -> str | None:
    """What is said of a feature that tells an output better than all others together; None if it does not."""
    occurred = frame.outcomes[:, output] > 0
    if not AUC_ASKED_FROM <= auc <= AUC_MAX or len(occurred) < ROWS_ASKED_FROM:
        return None
    rarer = min(occurred.sum(), (~occurred).sum())
    margin = max(MARGIN_MIN, 2 * np.sqrt(auc * (1 - auc) / rarer))
    others = auc_of_the_others(frame, output, name)
    if auc <= others + margin:
        return None
    said = f"feature {name} alone tells the outcome with AUC {auc:.3f}, all others together with {others:.3f}"
    return f"{said}: {_advice(name)}"


def auc_of_the_others(frame: Frame, output: int, left_out: str) -> float:
    """The AUC for an output of a small booster on all features but one, on customers it was not fitted on.

    Customers are halved by a hash of their id, so that no customer is on both sides.
    """
    rows = frame.rows.drop(columns=left_out).to_numpy(dtype=np.float32)
    occurred = frame.outcomes[:, output] > 0
    fitted = np.array([crc32(customer.encode()) % 2 == 0 for customer in frame.customer_id])
    aucs = []
    for side in (fitted, ~fitted):
        if occurred[side].all() or not occurred[side].any():
            return 1.0  # nothing to compare with
        binned = xgb.QuantileDMatrix(rows[side], occurred[side])
        booster = xgb.train(SMALL_BOOSTER, binned, num_boost_round=ROUNDS)
        aucs.append(_either_way(occurred[~side], booster.predict(xgb.DMatrix(rows[~side]))))
    return float(np.mean(aucs))


def _advice(name: str) -> str:
    knows = "it probably knows the future"
    return f'{knows}. Take it out of the mapping, or, if it is honest, add "{name}" to training.waived_features'


def _aucs_by_output(frame: Frame) -> dict[str, NDArray[np.float64]]:
    occurred = frame.outcomes > 0
    aucs = {}
    for name in frame.rows.columns:
        values = frame.rows[name].to_numpy(dtype=np.float64)
        filled = np.where(np.isnan(values), np.nanmin(values, initial=0) - 1, values)
        aucs[name] = np.array([_either_way(occurred[:, k], filled) for k in range(occurred.shape[1])])
    return aucs


def _either_way(occurred: np.ndarray, values: np.ndarray) -> float:
    if occurred.all() or not occurred.any():
        return 0.5
    auc = float(roc_auc_score(occurred, values))
    return max(auc, 1 - auc)
