"""Look-ups in running totals, on facts small enough to work out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from features.definitions import DaysSinceFirst, DaysSinceLast, Gaps, Largest, Latest, OverFacts, Sum
from features.executors.running_totals import Facts, Measure, compute

# The worked example of the module, of customer 0; customer 1 has nothing, customer 2 something late.
#            customer, day, known_day, orders
ROWS = ((0, 3, 3, 1), (0, 5, 5, 2), (0, 9, 9, 1), (2, 4, 4, 1), (2, 6, 8, 5))


def facts(rows: Sequence[tuple[int, int, int, float]], measure: Measure | None = None, customers: int = 3) -> Facts:
    code, day, known_day = (np.array([row[place] for row in rows], dtype=np.int32) for place in range(3))
    values = np.array([row[3] for row in rows], dtype=np.int64)
    return Facts(code, day, known_day, {"count": measure or Measure(values)}, customers)


def values(definition: OverFacts, as_of: int, of: Facts | None = None, history_days: int = 100) -> list[float]:
    return list(compute(of or facts(ROWS), {"column": definition}, as_of, history_days)["column"])


NAN = pytest.approx(float("nan"), nan_ok=True)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (Sum("facts.count"), [3, 0, 1]),
        (Sum("facts.count", since_days=4), [2, 0, 1]),  # days 4 to 7
        (Sum("facts.count", since_days=3), [2, 0, 0]),  # days 5 to 7
        (Sum("facts.count", since_days=5, until_days=3), [1, 0, 1]),  # days 3 and 4
        (Sum("facts.count", history_days=101), [NAN, NAN, NAN]),
        (Sum("facts.count", history_days=100), [3, 0, 1]),
        (Largest("facts.count"), [2, NAN, 1]),
        (Latest("facts.count"), [2, NAN, 1]),
        (DaysSinceLast("facts.count"), [3, NAN, 4]),
        (DaysSinceFirst("facts.count"), [5, NAN, 4]),
        (Gaps("facts.count", "days"), [2, 0, 1]),
        (Gaps("facts.count", "count"), [1, 0, 0]),
        (Gaps("facts.count", "sum"), [2, 0, 0]),
        (Gaps("facts.count", "squares"), [4, 0, 0]),
        (Gaps("facts.count", "largest"), [2, NAN, NAN]),
    ],
)
def test_a_definition_reads_what_was_known_before_day_8(definition: OverFacts, expected: list[float]) -> None:
    assert values(definition, 8) == expected


def test_what_became_known_late_counts_on_its_day_from_then_on() -> None:
    assert [values(Sum("facts.count", since_days=3), as_of)[2] for as_of in (8, 9, 10)] == [0, 5, 0]
    assert [values(Gaps("facts.count", "largest"), as_of)[2] for as_of in (8, 9)] == [NAN, 2]


def test_before_everything_there_is_nothing() -> None:
    for definition, nothing in ((Sum("facts.count"), 0), (Latest("facts.count"), NAN), (Gaps("facts.count", "days"), 0)):
        assert values(definition, 3) == [nothing] * 3
        assert values(definition, 3, facts((), Measure(np.zeros(0, dtype=np.int64)))) == [nothing] * 3


def test_the_rows_may_come_in_any_order() -> None:
    shuffled = facts([ROWS[place] for place in (4, 2, 0, 3, 1)])
    for definition in (Sum("facts.count", since_days=4), Latest("facts.count"), Gaps("facts.count", "squares")):
        assert values(definition, 10, shuffled) == pytest.approx(values(definition, 10), nan_ok=True)


def measured(numbers: Sequence[float | None], scale: int = 1, dtype: type = np.int64) -> Facts:
    """A fact a day of one customer, some without the measure."""
    whole = np.array([0 if number is None else number for number in numbers], dtype=dtype)
    present = np.array([number is not None for number in numbers])
    rows = [(0, day, day, 0) for day in range(1, len(numbers) + 1)]
    return facts(rows, Measure(whole, scale, None if present.all() else present), customers=1)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (Sum("facts.count"), 1),
        (Largest("facts.count"), 3),
        (Latest("facts.count"), -2),
        (DaysSinceLast("facts.count"), 4),  # 0 and less do not count
        (DaysSinceFirst("facts.count"), 4),
        (Gaps("facts.count", "days"), 1),
    ],
)
def test_a_missing_measure_is_passed_over(definition: OverFacts, expected: float) -> None:
    assert values(definition, 7, measured([None, 0, 3, None, -2, None])) == [expected]


def test_a_measure_that_is_never_there_is_missing_and_sums_to_0() -> None:
    never = measured([None, None])
    assert [values(d, 7, never) for d in (Largest("facts.count"), Latest("facts.count"))] == [[NAN], [NAN]]
    assert values(Sum("facts.count"), 7, never) == [0]


def test_all_measures_below_0_have_a_largest() -> None:
    assert values(Largest("facts.count"), 7, measured([-5, -3])) == [-3]
    assert values(Largest("facts.count"), 7, measured([-0.5, -0.25], dtype=np.float64)) == [-0.25]


def test_decimals_are_whole_numbers_of_their_last_place_so_that_sums_are_exact() -> None:
    cents = measured([1_000, 2_000, -3_000], scale=10_000)  # 0.1 + 0.2 - 0.3
    assert values(Sum("facts.count"), 7, cents) == [0]
    assert values(Latest("facts.count"), 7, cents) == [-0.3]


def test_a_total_over_all_customers_may_pass_the_largest_whole_number() -> None:
    large = 2**62
    rows = [(customer, 1, 1, large) for customer in range(4)]
    assert values(Sum("facts.count"), 7, facts(rows, customers=4)) == [float(large)] * 4


def test_of_facts_of_one_day_the_one_that_became_known_last_is_the_latest() -> None:
    rows = ((0, 3, 5, 1), (0, 3, 4, 2))
    assert values(Latest("facts.count"), 7, facts(rows, customers=1)) == [1]
    assert values(Latest("facts.count"), 5, facts(rows, customers=1)) == [2]


def test_days_far_apart_and_many_customers_are_sorted_as_well() -> None:
    rows: Mapping[str, Sequence[int]] = {"code": (70_000_000, 0, 70_000_000), "day": (200_000, 5, -200_000)}
    code, day = (np.array(rows[name], dtype=np.int32) for name in ("code", "day"))
    found = Facts(code, day, day, {"count": Measure(np.array([1, 2, 3]))}, 70_000_001)
    assert list(found.code) == [0, 70_000_000, 70_000_000]
    assert list(found.measures["count"].values) == [2, 3, 1]
