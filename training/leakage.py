"""Look for columns that know the answer: no honest feature tells leavers from stayers all by itself."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from features.problems import BadData
from training.frame import Frame

AUC_MAX = 0.95


def single_feature_aucs(frame: Frame) -> dict[str, float]:
    """For each feature the best AUC it reaches alone, in either direction, for any output.

    Missing values are ranked below all others. For amounts the outcome is whether anything was spent.
    """
    occurred = frame.outcomes > 0
    aucs: dict[str, float] = {}
    for name in frame.rows.columns:
        values = frame.rows[name].to_numpy(dtype=np.float64)
        filled = np.where(np.isnan(values), np.nanmin(values, initial=0) - 1, values)
        aucs[name] = max(_either_way(occurred[:, k], filled) for k in range(occurred.shape[1]))
    return aucs


def refuse_leaks(frame: Frame, waived: tuple[str, ...]) -> None:
    """Raises BadData naming every feature with a single-feature AUC above 0.95 that has not been waived."""
    found = {name: auc for name, auc in single_feature_aucs(frame).items() if auc > AUC_MAX and name not in waived}
    if found:
        raise BadData(
            [
                f"feature {name} alone tells the outcome with AUC {auc:.3f} (above {AUC_MAX}): it probably knows the future. "
                f'Take it out of the mapping, or, if it is honest, add "{name}" to training.waived_features'
                for name, auc in found.items()
            ]
        )


def _either_way(occurred: np.ndarray, values: np.ndarray) -> float:
    if occurred.all() or not occurred.any():
        return 0.5
    auc = float(roc_auc_score(occurred, values))
    return max(auc, 1 - auc)
