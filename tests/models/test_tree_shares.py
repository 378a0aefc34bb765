"""What trees give to features, looked up: the same as the slow ways of working out SHAP values."""

from __future__ import annotations

import itertools
from math import factorial

import numba
import numpy as np
import pytest
import xgboost as xgb

from models import tree_shares
from models.tree_shares import PATTERN_BITS, TreeShares, shapley_values


def fitted(
    depth: int, *, outputs: int = 1, rounds: int = 12, seed: int = 0, **parameters: object
) -> tuple[xgb.Booster, np.ndarray]:
    """A booster on made-up rows of which one in six values is missing, and the rows."""
    rng = np.random.default_rng(seed)
    rows = np.where(rng.uniform(size=(600, 9)) < 1 / 6, np.nan, rng.normal(size=(600, 9))).astype(np.float32)
    known = np.nan_to_num(rows)
    label = known[:, :outputs] * known[:, 1 : outputs + 1] + np.sign(known[:, 3:4]) + rng.normal(0, 0.2, (600, outputs))
    matrix = xgb.DMatrix(rows, label=label[:, 0] if outputs == 1 else label, nthread=1)
    told = {"max_depth": depth, "nthread": 1, "seed": seed, "learning_rate": 0.3, "min_child_weight": 1} | parameters
    return xgb.train(told, matrix, num_boost_round=rounds), rows


def contributions(booster: xgb.Booster, rows: np.ndarray, outputs: int) -> np.ndarray:
    raw = booster.predict(xgb.DMatrix(rows, nthread=1), pred_contribs=True)
    return np.asarray(raw).reshape(len(rows), outputs, -1)[:, :, :-1]


@pytest.mark.parametrize("depth", range(1, 11))
def test_they_are_what_the_booster_says_itself(depth: int) -> None:
    booster, rows = fitted(depth)
    assert TreeShares.of(booster, 1).values(rows) == pytest.approx(contributions(booster, rows, 1), abs=1e-5)


@pytest.mark.parametrize("outputs", [2, 4])
def test_every_output_has_its_own_trees(outputs: int) -> None:
    booster, rows = fitted(3, outputs=outputs)
    found = TreeShares.of(booster, outputs).values(rows)
    assert found.shape == (len(rows), outputs, rows.shape[1])
    assert found == pytest.approx(contributions(booster, rows, outputs), abs=1e-5)


def test_lopsided_trees_are_cut_into_parts_too() -> None:
    booster, rows = fitted(0, grow_policy="lossguide", max_leaves=40, tree_method="hist", rounds=5)
    assert booster.trees_to_dataframe()["ID"].str.split("-").str[1].astype(int).max() > 2**5
    assert TreeShares.of(booster, 1).values(rows) == pytest.approx(contributions(booster, rows, 1), abs=1e-5)


def test_a_way_longer_than_a_byte_of_nodes_is_looked_up_all_the_same() -> None:
    booster, rows = fitted(PATTERN_BITS + 4, rounds=3, seed=3)
    shares = TreeShares.of(booster, 1)
    assert np.diff(shares.outputs[0].nodes_end).max() > PATTERN_BITS
    assert shares.values(rows) == pytest.approx(contributions(booster, rows, 1), abs=1e-5)


def test_trees_that_are_one_leaf_give_nothing() -> None:
    booster, rows = fitted(3, gamma=1e9)
    assert not TreeShares.of(booster, 1).values(rows).any()


def test_values_on_a_threshold_go_the_way_the_booster_sends_them() -> None:
    booster, rows = fitted(4)
    thresholds = booster.trees_to_dataframe()["Split"].dropna().unique().astype(np.float32)
    on_them = np.resize(thresholds, (len(thresholds), rows.shape[1]))
    assert TreeShares.of(booster, 1).values(on_them) == pytest.approx(contributions(booster, on_them, 1), abs=1e-5)


def test_columns_may_stand_elsewhere_in_the_rows() -> None:
    booster, rows = fitted(4)
    wider = np.insert(rows, 3, 7.0, axis=1)
    found = TreeShares.of(booster, 1, [0, 1, 2, 4, 5, 6, 7, 8, 9]).values(wider)
    assert not found[:, :, 3].any()
    assert np.array_equal(np.delete(found, 3, axis=2), TreeShares.of(booster, 1).values(rows))


def test_a_row_alone_has_the_shares_it_has_among_others() -> None:
    booster, rows = fitted(4)
    shares = TreeShares.of(booster, 1)
    alone = np.concatenate([shares.values(rows[k : k + 1]) for k in range(len(rows))])
    assert np.array_equal(shares.values(rows), alone)
    by_column = np.asfortranarray(rows)
    assert np.array_equal(shares.values(by_column), alone)


def test_where_no_place_can_be_written_the_loop_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    compile_it, kept = numba.njit, []

    def refuses_to_keep(*given: object, cache: bool = False, **options: object) -> object:
        kept.append(cache)
        if cache:
            raise RuntimeError("cannot cache function '_look_up': no locator available")
        return compile_it(*given, **options)

    monkeypatch.setattr("models.tree_shares.numba.njit", refuses_to_keep)
    booster, rows = fitted(4)
    shares = TreeShares.of(booster, 1)
    expected = shares.values(rows)
    monkeypatch.setattr("models.tree_shares._look_up", tree_shares._compiled(tree_shares._look_up.py_func))
    assert kept == [True, False]
    assert np.array_equal(shares.values(rows), expected)


def test_no_rows_have_no_shares() -> None:
    booster, rows = fitted(2)
    assert TreeShares.of(booster, 1).values(rows[:0]).shape == (0, 1, rows.shape[1])


@pytest.mark.parametrize("players", range(1, 7))
def test_shapley_values_of_a_product_are_those_of_the_definition(players: int) -> None:
    rng = np.random.default_rng(players)
    share = rng.uniform(0.01, 1, players)
    meets = np.array(list(itertools.product([0.0, 1.0], repeat=players)))
    found = shapley_values(meets, share)
    for row, own in zip(found, meets, strict=True):
        for player in range(players):
            others = [k for k in range(players) if k != player]
            expected = 0.0
            for size in range(players):
                weight = factorial(size) * factorial(players - size - 1) / factorial(players)
                for present in itertools.combinations(others, size):
                    rest = np.prod([own[k] if k in present else share[k] for k in others])
                    expected += weight * rest * (own[player] - share[player])
            assert row[player] == pytest.approx(expected, abs=1e-12)
