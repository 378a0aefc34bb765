"""What counts as spend."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.spend import Counted

SO_FAR = Counted(by="spend_sum", less="refund_sum")


@pytest.mark.parametrize(
    ("columns", "counted"),
    [
        (
            ["spend_sum", "refund_sum", "spend_sum_365d", "refund_sum_365d"],
            Counted(by="spend_sum_365d", less="refund_sum_365d"),
        ),
        (["spend_sum", "refund_sum", "spend_sum_90d", "refund_sum_365d"], SO_FAR),
        (["spend_sum", "refund_sum"], SO_FAR),
        (["spend_sum", "order_count"], Counted(by="spend_sum")),
        (["refund_sum", "order_count"], None),
    ],
)
def test_net_spend_is_of_a_year_or_so_far(columns: list[str], counted: Counted | None) -> None:
    assert Counted.net_spend(pd.DataFrame(columns=columns)) == counted


def test_refunds_are_taken_off_and_who_has_none_keeps_all() -> None:
    rows = pd.DataFrame({"spend_sum": [100.0, 50.0, np.nan], "refund_sum": [30.0, np.nan, 5.0]})
    assert SO_FAR.of(rows).tolist() == pytest.approx([70.0, 50.0, np.nan], nan_ok=True)
    assert Counted(by="spend_sum").of(rows).tolist() == pytest.approx([100.0, 50.0, np.nan], nan_ok=True)
