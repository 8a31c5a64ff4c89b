"""Scores and gains for the tests of ranks."""

import numpy as np


def tied(m, n, seed=0):
    """Scores with many ties, and gains with one relevant item or more for each query."""
    rng = np.random.default_rng(seed)
    gains = rng.integers(0, 4, (m, n)) * (rng.random((m, n)) < 0.4)
    gains[:, 0] = 1
    return rng.integers(-5, 5, (m, n)).astype(float), gains
