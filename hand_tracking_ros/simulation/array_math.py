"""Work on many short vectors at once, in the ways that are quick for arrays this slim.

`points @ matrix` goes to BLAS, whose threads wait for work by spinning: for arrays this slim that
costs more processor time than the product itself.
"""

from __future__ import annotations

import numpy as np


def turn(vectors: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Vectors (N, 3) turned by a rotation (3, 3), in the vectors' own type."""
    return np.einsum('ni,ji->nj', vectors, rotation.astype(vectors.dtype))


def dot(vectors: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Scalar products (N,) of vectors (N, D) with one vector (D,) or each with its own (N, D)."""
    pattern = 'ni,i->n' if other.ndim == 1 else 'ni,ni->n'
    return np.einsum(pattern, vectors, other.astype(vectors.dtype))


def rows(table: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Rows (N, D) of a table (M, D): `table[index]`, which takes up to ten times as long."""
    return np.take(table, index, axis=0)
