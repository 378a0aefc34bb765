"""The columns of a file in words."""

from __future__ import annotations

from features.raw.columns_found import columns_found, separator_of


def test_many_and_long_columns_are_shortened() -> None:
    said = columns_found("orders", ["x" * 50, *(f"c{number}" for number in range(9))])
    assert said == f"its columns are '{'x' * 40}...', 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6' and 2 more"


def test_a_sign_separates_when_it_would_make_more_columns_than_there_are() -> None:
    assert separator_of(["a|b|c"]) == "|"
    assert separator_of(["K1:1:53", "38 €"]) == ":"
    assert separator_of(["a\tb"]) == "\t"
    assert separator_of(["sold: when", "amount"]) is None
    assert separator_of(["customer"]) is None
