"""SHAP values of boosted trees, looked up: which way a row goes at a few nodes says what they give to each feature.

A tree is cut into parts: subtrees with the path that leads to them, eight nodes at most. A row goes left or right at each node
of a part; that pattern of eight bits decides what the leaves of the part give to each of its features, whatever else the row
holds. It is worked out once for every pattern, so that a row is explained by comparing, looking up and adding. The numbers are
those of path-dependent SHAP (Lundberg et al. 2020), as XGBoost's `pred_contribs` has them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self, TypeVar, cast

import numba
import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PATTERN_BITS = 8  # nodes of a part, so that one byte numbers its patterns; only a longer way to a leaf takes more
ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Step:
    """A node on the way to a leaf, whether the way goes left there, and the share of the rows that went that way."""

    node: int
    left: bool
    share: float


Path = tuple[Step, ...]


@dataclass(frozen=True)
class Tree:
    """One tree as XGBoost writes it down."""

    left: list[int]  # -1: a leaf
    right: list[int]
    feature: list[int]
    below: list[float]  # goes left below it; of a leaf its value
    missing_left: list[int]
    cover: list[float]

    @classmethod
    def read(cls, written: dict[str, Any], columns: Sequence[int] | None) -> Self:
        """From the JSON of a booster; features are numbered as they stand in `columns`."""
        features = written["split_indices"]
        return cls(
            left=written["left_children"],
            right=written["right_children"],
            feature=[columns[feature] for feature in features] if columns else features,
            below=written["split_conditions"],
            missing_left=written["default_left"],
            cover=written["sum_hessian"],
        )

    def question(self, node: int) -> tuple[int, float, bool]:
        """What a node asks: which feature has to be below what to go left, and whether that is where missing values go."""
        return self.feature[node], self.below[node], bool(self.missing_left[node])

    def size(self, node: int) -> int:
        """Nodes from here down that ask something; 0 for a leaf."""
        return 0 if self.left[node] == -1 else 1 + self.size(self.left[node]) + self.size(self.right[node])

    def steps(self, node: int) -> tuple[tuple[int, Step], tuple[int, Step]]:
        """Both children with the step to them."""
        sides = ((self.left[node], True), (self.right[node], False))
        left, right = ((child, Step(node, side, self.cover[child] / self.cover[node])) for child, side in sides)
        return left, right

    def parts(self, node: int = 0, path: Path = ()) -> Iterator[tuple[int, Path]]:
        """The roots of the subtrees that are small enough, with the way there."""
        if self.size(node) + len(path) <= PATTERN_BITS or self.left[node] == -1:
            yield node, path
        else:
            for child, step in self.steps(node):
                yield from self.parts(child, (*path, step))

    def leaves(self, node: int, path: Path) -> Iterator[tuple[float, Path]]:
        """The values of the leaves from a node down, with the whole way there."""
        if self.left[node] == -1:
            yield self.below[node], path
        else:
            for child, step in self.steps(node):
                yield from self.leaves(child, (*path, step))


@dataclass(frozen=True)
class Part:
    """A part of a tree: the nodes that make its pattern, lowest bit first, and what each pattern gives to each feature."""

    nodes: tuple[int, ...]
    features: tuple[int, ...]
    given: Floats  # patterns x features

    @classmethod
    def of(cls, tree: Tree, root: int, path: Path) -> Self:
        """Work out all patterns of the subtree at `root`, to which `path` leads."""
        leaves = list(tree.leaves(root, path))
        nodes = tuple(dict.fromkeys(step.node for _, way in leaves for step in way))
        features = tuple(sorted({tree.feature[node] for node in nodes}))
        goes_left = (np.arange(2 ** len(nodes))[:, None] >> np.arange(len(nodes))) & 1 == 1
        given = np.zeros((len(goes_left), len(features)))
        for value, way in (leaf for leaf in leaves if leaf[1]):  # a tree that is one leaf gives nothing to anybody
            own = sorted({tree.feature[step.node] for step in way})
            meets, share = np.ones((len(given), len(own))), np.ones(len(own))
            for step in way:
                k = own.index(tree.feature[step.node])
                meets[:, k] *= goes_left[:, nodes.index(step.node)] == step.left
                share[k] *= step.share
            given[:, [features.index(feature) for feature in own]] += value * shapley_values(meets, share)
        return cls(nodes, features, given)


def shapley_values(meets: Floats, share: Floats) -> Floats:
    """Of a game whose players are features: the product of `meets` (0 or 1) over those present and `share` over the absent.

    One game per row. A player's value is the integral over t from 0 to 1 of (meets - share) times the product over all others
    of t meets + (1 - t) share (Owen 1972): a polynomial, which Gauss and Legendre integrate exactly.
    """
    points, weights = _gauss_legendre((len(share) + 1) // 2)
    t = (points + 1) / 2
    present = meets[:, :, None] * t + np.maximum(share, 1e-12)[:, None] * (1 - t)
    others = present.prod(axis=1, keepdims=True) / present
    values: Floats = (meets - share) * (others @ (weights / 2))
    return values


@cache
def _gauss_legendre(count: int) -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(count)


@dataclass(frozen=True)
class Tables:
    """The tables of all parts of the trees that make one output, side by side."""

    feature: NDArray[np.intp]  # of each node: goes left where this is
    below: NDArray[np.float32]  # below that,
    missing_left: NDArray[np.bool_]  # or where it is missing
    nodes_end: NDArray[np.intp]  # of each part: where its nodes end, lowest bit first
    gains: NDArray[np.intp]  # the features that a part gives to
    gains_end: NDArray[np.intp]
    given: NDArray[np.float32]  # what patterns give, feature after feature; part after part

    @classmethod
    def of(cls, trees: list[Tree]) -> Self:
        """Work out the tables of some trees."""
        parts = [(tree, Part.of(tree, *found)) for tree in trees for found in tree.parts()]
        asked = [tree.question(node) for tree, part in parts for node in part.nodes]
        return cls(
            feature=np.array([feature for feature, *_ in asked], dtype=np.intp),
            below=np.array([below for _, below, _ in asked], dtype=np.float32),
            missing_left=np.array([left for *_, left in asked], dtype=np.bool_),
            nodes_end=_ends([len(part.nodes) for _, part in parts]),
            gains=np.array([feature for _, part in parts for feature in part.features], dtype=np.intp),
            gains_end=_ends([len(part.features) for _, part in parts]),
            given=np.concatenate([np.zeros(0), *(part.given.T.ravel() for _, part in parts)]).astype(np.float32),
        )

    def add(self, columns: NDArray[np.float32], found: NDArray[np.float32]) -> None:
        """Add what each column gets to `found`; both are columns x rows."""
        _look_up(
            columns, found, self.feature, self.below, self.missing_left, self.nodes_end,
            self.gains, self.gains_end, self.given,
        )  # fmt: skip


@dataclass(frozen=True)
class TreeShares:
    """SHAP values of a booster: the tables of each of its outputs."""

    outputs: tuple[Tables, ...]

    @classmethod
    def of(cls, booster: xgb.Booster, outputs: int, columns: Sequence[int] | None = None) -> Self:
        """Work out the tables; some tenths of a second for a hundred trees of depth 4.

        `columns` says where in the rows to be explained the booster's columns are; None: they are the rows' own.
        """
        model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]
        trees = [
            (output, Tree.read(written, columns)) for output, written in zip(model["tree_info"], model["trees"], strict=True)
        ]
        return cls(tuple(Tables.of([tree for own, tree in trees if own == k]) for k in range(outputs)))

    def values(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """What each column adds to each margin: rows x outputs x columns."""
        columns = np.ascontiguousarray(rows.T)
        found = np.zeros((len(self.outputs), *columns.shape), dtype=np.float32)
        for own, tables in zip(found, self.outputs, strict=True):
            tables.add(columns, own)
        return found.transpose(2, 0, 1)


def _ends(lengths: list[int]) -> NDArray[np.intp]:
    return np.cumsum(lengths, dtype=np.intp)


Function = TypeVar("Function", bound=Callable[..., None])


def _compiled(function: Function) -> Function:
    """Compiled to machine code, which is kept beside this file or in the user's cache, where either can be written."""
    signature = "void(f4[:,::1], f4[:,::1], i8[::1], f4[::1], b1[::1], i8[::1], i8[::1], i8[::1], f4[::1])"
    try:
        return cast(Function, numba.njit(signature, nogil=True, cache=True)(function))
    except RuntimeError:  # there is no place to keep it
        return cast(Function, numba.njit(signature, nogil=True)(function))


@_compiled
def _look_up(
    columns: NDArray[np.float32],
    found: NDArray[np.float32],
    feature: NDArray[np.intp],
    below: NDArray[np.float32],
    missing_left: NDArray[np.bool_],
    nodes_end: NDArray[np.intp],
    gains: NDArray[np.intp],
    gains_end: NDArray[np.intp],
    given: NDArray[np.float32],
) -> None:
    """See `Tables`. Some rows at a time, so that what is read and written for them stays in the processor's cache."""
    rows = columns.shape[1]
    pattern = np.empty(ROWS_AT_ONCE, dtype=np.uint32)
    for begin in range(0, rows, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, rows - begin)
        node, gain, place = 0, 0, 0
        for part in range(len(nodes_end)):
            pattern[:] = 0
            bit: Any = np.uint32(1)
            while node < nodes_end[part]:
                read, bound = columns[feature[node], begin : begin + count], below[node]
                if missing_left[node]:
                    for row in range(count):
                        pattern[row] += np.uint32(0) if read[row] >= bound else bit
                else:
                    for row in range(count):
                        pattern[row] += bit if read[row] < bound else np.uint32(0)
                bit = np.uint32(bit << 1)
                node += 1
            while gain < gains_end[part]:
                own, table = found[gains[gain], begin : begin + count], given[place : place + bit]
                for row in range(count):
                    own[row] += table[pattern[row]]
                place += bit
                gain += 1
