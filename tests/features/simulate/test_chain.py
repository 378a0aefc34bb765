"""Following the moods in closed form is right."""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm

from features.simulate.chain import Pair, pass_through


def test_the_chain_of_moods_equals_the_matrix_exponential() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        a, b, k, r = np.exp(rng.uniform(np.log(1e-5), 0, 4))
        days, start = rng.uniform(0.5, 90), rng.dirichlet([1, 1])
        # Two more pairs of states add up the time spent, and the time spent weighted with the time that remains.
        moods = np.array([[-(a + k), k], [r, -(b + r)]])
        zero, one = np.zeros((2, 2)), np.eye(2)
        grown = expm(days * np.block([[moods, one, zero], [zero, zero, one], [zero, zero, zero]]))
        after, spent, waited = start @ grown[:2, :2], start @ grown[:2, 2:4], start @ grown[:2, 4:]
        rates = {"upset_rate": np.array([k]), "recovery_rate": np.array([r])}
        passage = pass_through(Pair(start[:1], start[1:]), Pair(np.array([a]), np.array([b])), days=days, **rates)
        for found, wanted in ((passage.after(), after), (passage.spent(), spent), (passage.centre(), days * spent - waited)):
            np.testing.assert_allclose([found.content[0], found.upset[0]], wanted, rtol=1e-6, atol=1e-12)
