"""Distances of frames from their inner products, compiled."""

from __future__ import annotations

import numpy as np

from espnet_av.ops.compiled import compiled

_F = np.float32
_ZERO, _HALF, _ONE, _MINUS_ONE = _F(0), _F(0.5), _F(1), _F(-1)
_PI, _OVER_PI = _F(np.pi), _F(1 / np.pi)
# Abramowitz and Stegun 4.4.46: within 1e-7 of the arc cosine on [0, 1], and cheap in vectors. Its
# first number is the half of pi: frames at a right angle, as one-hot ones, cost 0.5 exactly.
_C0, _C1, _C2, _C3 = _F(np.pi / 2), _F(-0.2145988016), _F(0.0889789874), _F(-0.0501743046)
_C4, _C5, _C6, _C7 = _F(0.0308918810), _F(-0.0170881256), _F(0.0066700901), _F(-0.0012624911)
_CANCELLED = _F(1e-3)
"""Below this share of the squared lengths a squared difference is computed from the vectors."""
_NEARLY_ONE, _NARROW = _F(0.9999), _F(0.0045014)
"""Above that cosine, below that angle, few digits are left: it is computed from the vectors."""
ANGULAR, EUCLIDEAN, KL = 0, 1, 2


@compiled
def _square(x: np.ndarray, y: np.ndarray) -> np.float32:
    """Squared length of a difference; exactly 0 of equal frames."""
    square = _ZERO
    for d in range(x.size):
        difference = x[d] - y[d]
        square += difference * difference
    return square


@compiled
def to_costs(
    products: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    own: np.ndarray,
    first_row: int,
    first_column: int,
    kind: int,
) -> None:
    """Turn inner products of frames into their distances, in place."""
    rows, columns = products.shape
    if kind == ANGULAR:
        flat = products.reshape(rows * columns)
        num_narrow = np.int32(0)
        for k in range(flat.size):
            x = min(max(flat[k], _MINUS_ONE), _ONE)
            a = abs(x)
            p = _C4 + a * (_C5 + a * (_C6 + a * _C7))
            p = _C0 + a * (_C1 + a * (_C2 + a * (_C3 + a * p)))
            y = np.sqrt(_ONE - a) * p
            flat[k] = (y if x >= _ZERO else _PI - y) * _OVER_PI
            num_narrow += np.int32(x > _NEARLY_ONE)
        for i in range(rows if num_narrow else 0):
            for j in range(columns):
                if products[i, j] < _NARROW:
                    square = _square(left[first_row + i], right[first_column + j])
                    # Of a chord; its next power is too small to be seen.
                    products[i, j] = np.sqrt(square) * (_ONE + square / _F(24)) * _OVER_PI
        return
    for i in range(rows):
        mine = own[first_row + i]
        for j in range(columns):
            both = mine + own[first_column + j]
            if kind == KL:
                products[i, j] = _HALF * (both - products[i, j])
                continue
            square = both - _F(2) * products[i, j]
            if square < _CANCELLED * both:
                square = _square(left[first_row + i], right[first_column + j])
            products[i, j] = np.sqrt(square)
