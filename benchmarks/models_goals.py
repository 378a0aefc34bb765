"""What is to be reached, by protocol and figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A figure that is to lie between two ends."""

    key: str
    metric: str
    low: float = float("-inf")
    high: float = float("inf")

    def __str__(self) -> str:
        if self.low == float("-inf"):
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high == float("inf") else f"{self.low:g} to {self.high:g}"

    def is_reached(self, value: float) -> bool:
        """Whether a figure lies there."""
        return self.low <= value <= self.high


GOALS = (
    Goal("online_retail_ii_180d", "wape", high=0.60),
    Goal("online_retail_ii_180d", "spearman", low=0.63),
    Goal("online_retail_ii_180d", "sum_ratio", low=0.9, high=1.1),
    Goal("online_retail_ii_180d", "coverage_80", low=0.78, high=0.82),
    Goal("online_retail_ii_180d", "coverage_80_top_decile", low=0.76),
    Goal("online_retail_ii_90d", "auc", low=0.82),
    Goal("online_retail_ii_90d", "brier", high=0.178),
    Goal("online_retail_ii_90d", "wape", high=0.67),
    Goal("online_retail_ii_90d", "spearman", low=0.60),
    Goal("cdnow", "rmse_counts", high=1.68),
    Goal("cdnow", "ngini", low=0.72),
    Goal("cdnow", "decile_mape", high=0.13),
    Goal("cdnow", "bias", low=-0.05, high=0.05),
    Goal("cdnow", "brier", high=0.147),
    Goal("cdnow", "ece", high=0.03),
    Goal("telco", "auc", low=0.849),
    Goal("telco", "logloss", high=0.412),
    Goal("telco", "lift_10", low=2.90),
    Goal("bank_marketing_time", "auc", low=0.76),
    Goal("bank_marketing_time", "logloss", high=0.50),
    Goal("simulated", "hazard_share_of_truth", low=0.9),
    Goal("simulated", "value_share_of_truth", low=0.9),
    Goal("leaks", "found", low=1.0),
    Goal("leaks", "false_alarms", high=0.05),
)
