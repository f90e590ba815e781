"""Operations on many short vectors at once, in the ways that are fast for arrays of few columns.

`points @ matrix` goes to BLAS, whose threads wait for work by spinning: for arrays this narrow that
costs more processor time than the product itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def rotate(vectors: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Rotate vectors (N, 3) by a matrix (3, 3), in the vectors' own dtype."""
    return np.einsum('ni,ji->nj', vectors, rotation.astype(vectors.dtype))


def dot(vectors: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Scalar products (N,) of vectors (N, D) with one vector (D,) or each with its own (N, D)."""
    pattern = 'ni,i->n' if other.ndim == 1 else 'ni,ni->n'
    return np.einsum(pattern, vectors, other.astype(vectors.dtype))


def take_rows(table: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Rows (N, D) of a table (M, D): `table[index]`, which takes up to ten times as long."""
    return np.take(table, index, axis=0)


def smoothstep(values: npt.ArrayLike, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((np.asarray(values) - low) / (high - low), 0.0, 1.0)
    return t * t * (3 - 2 * t)
