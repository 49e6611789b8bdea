"""Convolution with large kernels through the discrete Fourier transform: a tenth of the time for LeNet's ip1, 9 x 9.

The input is cut into blocks that overlap by the kernel's size less one (overlap-save). For each frequency the
convolution is then one matrix product, (blocks x inputs) times (inputs x outputs), and the way back from the frequencies
is two more, so BLAS does nearly all the work. A stride is done by phases: every stride-th row and column of the input
is an input of its own and meets every stride-th row and column of the kernel, so that nothing is computed in vain.

Complex numbers are kept as pairs of float32, the real parts apart from the imaginary ones.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

OUTPUTS_AT_A_TIME = 50  # while the kernels are transformed, in float64


class FourierConvolution:
    """A bank of square kernels, applied without padding as a Caffe Convolution layer applies them (not flipped).

    kernels: float32 (outputs, inputs, k, k); stride: between the positions of the output, down and across
    block: side of the blocks, in rows of one phase, even and at least ceil(k / stride)
    Keeps 4 block (block + 2) outputs inputs stride^2 bytes: 109 MB for ip1 at stride 1 and blocks of 32.
    """

    def __init__(self, kernels, stride, block):
        outputs, inputs, size, _ = kernels.shape
        self._stride, self._block = stride, block
        self._size = -(-size // stride)  # of the kernel that meets one phase
        self._step = block - self._size + 1  # positions that a block gives
        whole = self._size * stride - size
        half = block // 2 + 1  # the other frequencies of a real signal are conjugates of these
        self._kernels = np.empty((half, block, 2, inputs * stride**2, outputs), np.float32)
        for start in range(0, outputs, OUTPUTS_AT_A_TIME):
            some = slice(start, start + OUTPUTS_AT_A_TIME)
            phases = _phases(
                np.pad(kernels[some], ((0, 0), (0, 0), (0, whole), (0, whole)), "constant"), stride
            )
            spectrum = np.fft.rfft2(phases, (block, block)).conj().transpose(3, 2, 1, 0)
            self._kernels[:, :, 0, :, some] = spectrum.real
            self._kernels[:, :, 1, :, some] = spectrum.imag
        self._kernels = self._kernels.reshape(half * block, -1, outputs)
        angles = 2 * np.pi / block * np.outer(np.arange(self._step), np.arange(block))
        cos, sin = np.cos(angles), np.sin(angles)
        # From rows of (u, re / im) to rows of (re / im, y), and from (v, re / im) to x.
        self._back_down = (
            np.stack([[cos, -sin], [sin, cos]])
            .transpose(0, 2, 3, 1)
            .reshape(2 * self._step, 2 * block)
        )
        self._back_down = self._back_down.astype(np.float32)
        weights = np.full(
            half, 2 / block**2
        )  # each stands for its conjugate too, but the first and the last
        weights[[0, -1]] /= 2
        self._back_across = (np.stack([cos, -sin], axis=-1)[:, :half] * weights[:, None]).reshape(
            self._step, 2 * half
        )
        self._back_across = self._back_across.astype(np.float32)

    def apply(self, maps, out):
        """Write the convolution of `maps`, float32 (inputs, height, width), into `out`, float32 (outputs, rows, columns)."""
        outputs, rows, columns = out.shape
        step, block, half = self._step, self._block, self._block // 2 + 1
        down, across = -(-rows // step), -(-columns // step)
        spectrum = (
            np.fft.rfft2(self._blocks(maps, down, across))
            .reshape(-1, down * across, block, half)
            .transpose(3, 2, 1, 0)
        )
        pairs = np.empty((half, block, 2, down * across, 2, spectrum.shape[3]), np.float32)
        pairs[:, :, 0, :, 0] = pairs[:, :, 1, :, 1] = spectrum.real
        pairs[:, :, 1, :, 0] = spectrum.imag
        pairs[:, :, 0, :, 1] = -spectrum.imag
        product = np.matmul(pairs.reshape(half * block, 2 * down * across, -1), self._kernels)
        product = np.matmul(self._back_down, product.reshape(half, 2 * block, -1))
        product = np.dot(self._back_across, product.reshape(2 * half, -1))
        product = product.reshape(step, step, down, across, outputs).transpose(
            4, 2, 1, 3, 0
        )  # were: x, y, ...
        out[...] = product.reshape(outputs, down * step, across * step)[:, :rows, :columns]

    def _blocks(self, maps, down, across):
        """The overlapping blocks of each phase, zeros beyond the border: a view (inputs * stride^2, down, across, block, block)."""
        stride, block, step = self._stride, self._block, self._step
        height, width = ((n * step + self._size - 1) * stride for n in (down, across))
        whole = np.zeros((len(maps), height, width), np.float32)
        seen = maps[:, :height, :width]
        whole[:, : seen.shape[1], : seen.shape[2]] = seen
        phases = _phases(whole[None], stride)[0]
        plane, row, column = phases.strides
        shape = (len(phases), down, across, block, block)
        return as_strided(
            phases, shape, (plane, row * step, column * step, row, column), writeable=False
        )


def _phases(values, stride):
    """(N, inputs, h, w) with h and w multiples of the stride -> (N, inputs * stride^2, h / stride, w / stride)."""
    n, inputs, height, width = values.shape
    split = values.reshape(n, inputs, height // stride, stride, width // stride, stride).transpose(
        0, 1, 3, 5, 2, 4
    )
    return np.ascontiguousarray(split).reshape(n, -1, height // stride, width // stride)
