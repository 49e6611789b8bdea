"""Convolution through the Fourier transform, against the sum written out."""

import numpy as np
import pytest

from egl.gradient_length.fourier import FourierConvolution


def written_out(kernels, maps, stride):
    size = kernels.shape[2]
    rows, columns = ((side - size) // stride + 1 for side in maps.shape[1:])
    out = np.empty((len(kernels), rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = maps[:, i * stride : i * stride + size, j * stride : j * stride + size]
            out[:, i, j] = np.tensordot(kernels.astype(np.float64), window, 3)
    return out


@pytest.mark.parametrize(
    "size, stride, block",
    [(9, 1, 24), (9, 1, 12), (9, 2, 12), (9, 3, 8), (5, 1, 6), (4, 4, 2), (1, 1, 4), (3, 2, 4)],
)
@pytest.mark.parametrize("shape", [(9, 9), (10, 31), (40, 17)])
def test_sum_written_out(size, stride, block, shape):
    rng = np.random.RandomState(size)
    kernels = rng.randn(60, 3, size, size).astype(
        np.float32
    )  # more outputs than are transformed at a time
    maps = rng.randn(3, *shape).astype(np.float32)
    expected = written_out(kernels, maps, stride)
    out = np.full(expected.shape, np.nan, np.float32)
    FourierConvolution(kernels, stride, block).apply(maps, out)
    np.testing.assert_allclose(out, expected, atol=2e-6 * np.sqrt(3) * size**2)
