"""SHAP values of boosted trees, looked up: which way a row goes at a few nodes says what they give to each feature.

A tree is cut into parts: subtrees with the path that leads to them, eight nodes at most. A row goes left or right at each node
of a part; that pattern of eight bits decides what the leaves of the part give to each of its features, whatever else the row
holds. It is worked out once for every pattern, so that a row is explained by comparing, looking up and adding. The numbers are
those of path-dependent SHAP (Lundberg et al. 2020), as XGBoost's `pred_contribs` has them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PATTERN_BITS = 8  # nodes of a part, so that one byte numbers its patterns; only a longer way to a leaf takes more
ROWS_AT_ONCE = 256  # what is compared and looked up for them stays in the processor's cache
WORTH_A_THREAD = 2_000  # rows


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

    def question(self, node: int) -> tuple[bool, int, float]:
        """What a node asks: whether missing values go right, and which feature has to be below what to go left."""
        return not self.missing_left[node], self.feature[node], self.below[node]

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
    """The tables of all parts of the trees that make one output, side by side.

    Nodes that ask the same in several trees are one question; those that let missing values go left come first.
    """

    feature: NDArray[np.intp]  # of each question
    below: NDArray[np.float32]  # questions x 1: goes left below it
    missing_left: int  # how many questions come first
    bits: NDArray[np.intp]  # bits x parts: the question of each bit
    counts: NDArray[
        np.unsignedinteger
    ]  # bits x parts x 1: what it counts in the number of the pattern; 0 where a part has fewer
    given: NDArray[np.float32]  # what patterns give, one column of one part after the other
    part: NDArray[np.intp]  # of each column: its part,
    offset: NDArray[np.intp]  # columns x 1: and where it begins; columns are in the order of the features they give to
    start: NDArray[np.intp]  # of each feature that has columns: the first of them
    gains: NDArray[np.intp]  # these features

    @classmethod
    def of(cls, trees: list[Tree]) -> Self:
        """Work out the tables of some trees."""
        parts = [(tree, Part.of(tree, *found)) for tree in trees for found in tree.parts()]
        asked = sorted({tree.question(node) for tree, part in parts for node in part.nodes})
        place = {question: k for k, question in enumerate(asked)}
        bits = np.zeros((max((len(part.nodes) for _, part in parts), default=0), len(parts)), dtype=np.intp)
        counts = np.zeros(bits.shape, dtype=np.min_scalar_type((1 << len(bits)) - 1))
        for k, (tree, part) in enumerate(parts):
            bits[: len(part.nodes), k] = [place[tree.question(node)] for node in part.nodes]
            counts[: len(part.nodes), k] = 1 << np.arange(len(part.nodes))
        columns = [
            (feature, k, given)
            for k, (_, part) in enumerate(parts)
            for feature, given in zip(part.features, part.given.T, strict=True)
        ]
        columns.sort(key=lambda column: column[0])
        gains, start = np.unique([feature for feature, *_ in columns], return_index=True)
        return cls(
            feature=np.array([feature for _, feature, _ in asked], dtype=np.intp),
            below=np.array([below for *_, below in asked], dtype=np.float32)[:, None],
            missing_left=sum(not missing_right for missing_right, *_ in asked),
            bits=bits,
            counts=counts[:, :, None],
            given=np.concatenate([np.zeros(0), *(given for *_, given in columns)]).astype(np.float32),
            part=np.array([k for _, k, _ in columns], dtype=np.intp),
            offset=np.cumsum([0, *(len(given) for *_, given in columns)])[:-1, None],
            start=start,
            gains=gains.astype(np.intp),
        )

    def look_up(self, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        """What each of `gains` gets: gains x rows, from columns x rows; along rows, copying and adding is fast."""
        read, first = columns.take(self.feature, axis=0), slice(self.missing_left)
        goes_left = read < self.below
        np.logical_not(read[first] >= self.below[first], out=goes_left[first])
        pattern = np.zeros((self.bits.shape[1], columns.shape[1]), dtype=self.counts.dtype)
        for question, count in zip(self.bits, self.counts, strict=True):
            pattern += goes_left.take(question, axis=0) * count
        place = pattern.take(self.part, axis=0) + self.offset
        summed: NDArray[np.float32] = np.add.reduceat(self.given.take(place), self.start, axis=0)
        return summed


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

    def values(self, rows: NDArray[np.float32], *, threads: int = 1) -> NDArray[np.float32]:
        """What each column adds to each margin: rows x outputs x columns."""
        found = np.zeros((len(self.outputs), rows.shape[1], len(rows)), dtype=np.float32)

        def explain(begins: range) -> None:
            for some in (slice(begin, begin + ROWS_AT_ONCE) for begin in begins):
                columns = np.ascontiguousarray(rows[some].T)
                for own, tables in zip(found, self.outputs, strict=True):
                    if len(tables.gains):
                        own[tables.gains, some] = tables.look_up(columns)

        begins = range(0, len(rows), ROWS_AT_ONCE)
        if threads == 1 or len(rows) < WORTH_A_THREAD:
            explain(begins)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(explain, [begins[k::threads] for k in range(threads)]))
        return found.transpose(2, 0, 1)
