"""Convolution with large kernels by the discrete Fourier transform: a tenth of the time for ip1.

The input is cut into blocks that overlap by the kernel's size minus one (overlap-save). At each
frequency the convolution is one matrix product, (blocks x inputs) times (inputs x outputs), and the
way back from the frequencies is two more, so BLAS does nearly all the work. A stride is done by
phases: every stride-th row and column of the input is an input of its own and meets every stride-th
row and column of the kernel, so nothing is computed in vain.

Complex numbers are pairs of float32, the real parts apart from the imaginary ones.
"""

from __future__ import annotations

from typing import Tuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from data_prep.geometry import ceil_div

OUTPUTS_AT_A_TIME = 50  # while the kernels are transformed, in float64


class FourierConvolution:
    """A bank of square kernels, applied as a Caffe Convolution layer does: not flipped, no padding.

    kernels: float32 (outputs, inputs, k, k); stride: between positions of the output, down and
        across
    block: side of the blocks, in rows of one phase; even, and at least ceil(k / stride)
    Keeps 4 block (block + 2) outputs inputs stride^2 bytes: 109 MB for ip1 at stride 1, block 32.
    """

    def __init__(self, kernels: np.ndarray, stride: int, block: int) -> None:
        self._stride, self._block = stride, block
        self._size = ceil_div(kernels.shape[2], stride)  # of the kernel that meets one phase
        self._step = block - self._size + 1  # positions that a block gives
        self._half = block // 2 + 1  # the other frequencies of a real signal are their conjugates
        self._kernels = self._transformed(kernels)
        self._back_down, self._back_across = self._ways_back()

    def apply(self, maps: np.ndarray, out: np.ndarray) -> None:
        """Write the convolution of `maps` into `out`.

        maps: float32 (inputs, height, width); out: float32 (outputs, rows, columns)
        """
        outputs, rows, columns = out.shape
        step, block, half = self._step, self._block, self._half
        down, across = ceil_div(rows, step), ceil_div(columns, step)
        spectrum = np.fft.rfft2(self._blocks(maps, down, across))
        spectrum = spectrum.reshape(-1, down * across, block, half).transpose(3, 2, 1, 0)
        pairs = np.empty((half, block, 2, down * across, 2, spectrum.shape[3]), np.float32)
        pairs[:, :, 0, :, 0] = pairs[:, :, 1, :, 1] = spectrum.real
        pairs[:, :, 1, :, 0] = spectrum.imag
        pairs[:, :, 0, :, 1] = -spectrum.imag
        product = np.matmul(pairs.reshape(half * block, 2 * down * across, -1), self._kernels)
        product = np.matmul(self._back_down, product.reshape(half, 2 * block, -1))
        product = np.dot(self._back_across, product.reshape(2 * half, -1))
        # The axes are x and y in a block, block down, block across, output.
        product = product.reshape(step, step, down, across, outputs).transpose(4, 2, 1, 3, 0)
        out[...] = product.reshape(outputs, down * step, across * step)[:, :rows, :columns]

    def _transformed(self, kernels: np.ndarray) -> np.ndarray:
        """Return the kernels' spectra, float32 (frequencies, 2 inputs stride^2, outputs)."""
        stride, block = self._stride, self._block
        outputs, inputs, size, _ = kernels.shape
        missing = self._size * stride - size
        result = np.empty((self._half, block, 2, inputs * stride**2, outputs), np.float32)
        for start in range(0, outputs, OUTPUTS_AT_A_TIME):
            some = slice(start, start + OUTPUTS_AT_A_TIME)
            padded = np.pad(kernels[some], ((0, 0), (0, 0), (0, missing), (0, missing)), "constant")
            spectrum = np.fft.rfft2(_phases(padded, stride), (block, block))
            spectrum = spectrum.conj().transpose(3, 2, 1, 0)
            result[:, :, 0, :, some] = spectrum.real
            result[:, :, 1, :, some] = spectrum.imag
        return result.reshape(self._half * block, -1, outputs)

    def _ways_back(self) -> Tuple[np.ndarray, np.ndarray]:
        """Return the matrices of the inverse transform, down and across, for the rows it keeps.

        Down, rows of (u, re / im) become rows of (re / im, y); across, (v, re / im) become x.
        """
        step, block, half = self._step, self._block, self._half
        angles = 2 * np.pi / block * np.outer(np.arange(step), np.arange(block))
        cos, sin = np.cos(angles), np.sin(angles)
        down = np.stack([[cos, -sin], [sin, cos]]).transpose(0, 2, 3, 1)
        # Each frequency stands for its conjugate too, except the first and the last.
        weights = np.full(half, 2 / block**2)
        weights[[0, -1]] /= 2
        across = np.stack([cos, -sin], axis=-1)[:, :half] * weights[:, None]
        return (
            down.reshape(2 * step, 2 * block).astype(np.float32),
            across.reshape(step, 2 * half).astype(np.float32),
        )

    def _blocks(self, maps: np.ndarray, down: int, across: int) -> np.ndarray:
        """Return the overlapping blocks of each phase, zeros beyond the border.

        A view: (inputs * stride^2, down, across, block, block).
        """
        stride, block, step = self._stride, self._block, self._step
        height = (down * step + self._size - 1) * stride
        width = (across * step + self._size - 1) * stride
        whole = np.zeros((len(maps), height, width), np.float32)
        seen = maps[:, :height, :width]
        whole[:, : seen.shape[1], : seen.shape[2]] = seen
        phases = _phases(whole[None], stride)[0]
        plane, row, column = phases.strides
        shape = (len(phases), down, across, block, block)
        strides = (plane, row * step, column * step, row, column)
        return as_strided(phases, shape, strides, writeable=False)


def _phases(values: np.ndarray, stride: int) -> np.ndarray:
    """Return every stride-th row and column as an input of its own.

    (N, inputs, h, w), h and w multiples of the stride, becomes
    (N, inputs * stride^2, h / stride, w / stride).
    """
    n, inputs, height, width = values.shape
    split = values.reshape(n, inputs, height // stride, stride, width // stride, stride)
    split = np.ascontiguousarray(split.transpose(0, 1, 3, 5, 2, 4))
    return split.reshape(n, -1, height // stride, width // stride)
