"""Squared norms of the gradient of a Convolution layer's parameters, sample by sample.

For one sample, the gradient of the weights is the diff at the layer's output, delta (outputs x
positions), times the transposed columns of its input (inputs * kernel x positions). Caffe adds up
these products over the batch; here they stay apart, and only their squares are summed. The gradient
of the bias is the row sum of delta.
"""

from __future__ import annotations

from typing import Any, Iterable, Tuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from egl.errors import NetError


class ConvolutionSquares:
    """Squared norms of a Convolution layer's gradient, weights and bias, sample by sample.

    Groups, padding, strides and dilation are those of the layer. Raises NetError for a convolution
    that is not over height and width alone, or has more than one bottom.
    """

    def __init__(self, net: Any, layer: Any) -> None:
        setting = layer.convolution_param
        self._bottom = net.blobs[net.bottom_names[layer.name][0]]
        self._top = net.blobs[net.top_names[layer.name][0]]
        _, channels, height, width = _four_axes(self._bottom, layer)
        self._bias = setting.bias_term
        self._groups = setting.group
        kernel = _pair(setting, "kernel", setting.kernel_size)
        pad = _pair(setting, "pad", setting.pad)
        stride = _pair(setting, "stride", setting.stride, 1)
        dilation = _pair(setting, "", setting.dilation, 1)
        out_height, out_width = self._top.data.shape[2:]
        self._padded = np.zeros((channels, height + 2 * pad[0], width + 2 * pad[1]), np.float32)
        self._unpadded = self._padded[:, pad[0] : pad[0] + height, pad[1] : pad[1] + width]
        plane, row, column = self._padded.strides
        # A view with every kernel offset and position as an axis; copying it is im2col.
        self._windows = as_strided(
            self._padded,
            (channels, kernel[0], kernel[1], out_height, out_width),
            (plane, row * dilation[0], column * dilation[1], row * stride[0], column * stride[1]),
            writeable=False,
        )
        self._columns = np.empty(self._windows.shape, np.float32)
        self._weights = np.empty(
            (setting.num_output // self._groups, channels // self._groups * kernel[0] * kernel[1]),
            np.float32,
        )

    def see_input(self) -> None:
        """Do nothing: the input stays in its blob; a whole batch's columns would take too much."""

    def of_diff(self) -> np.ndarray:
        """Return the squared norms, float64 (batch,), for the diff now at the layer's output."""
        batch = len(self._bottom.data)
        delta = self._top.diff.reshape(batch, self._groups, len(self._weights), -1)
        columns = self._columns.reshape(self._groups, self._weights.shape[1], -1)
        squares = np.zeros(batch)
        for sample in range(batch):
            np.copyto(self._unpadded, self._bottom.data[sample])
            np.copyto(self._columns, self._windows)
            for group in range(self._groups):
                np.dot(delta[sample, group], columns[group].T, out=self._weights)
                flat = self._weights.ravel()
                squares[sample] += np.einsum("i,i->", flat, flat, dtype=np.float64)
        if self._bias:
            squares += np.square(delta.sum(axis=3, dtype=np.float64)).sum(axis=(1, 2))
        return squares


def _four_axes(bottom: Any, layer: Any) -> Tuple[int, int, int, int]:
    shape = bottom.data.shape
    if len(shape) != 4 or layer.convolution_param.axis != 1 or len(layer.bottom) != 1:
        raise NetError(
            f"layer {layer.name!r}: the batched route takes only convolutions of one bottom over "
            "height and width (N x C x H x W, axis 1); use route='param-diff'"
        )
    return shape


def _pair(setting: Any, name: str, values: Iterable[int], default: int = 0) -> Tuple[int, int]:
    """Return height and width of a setting.

    Caffe lets one write it as NAME_h and NAME_w, as one number for both, or as two numbers.
    """
    if name and (setting.HasField(name + "_h") or setting.HasField(name + "_w")):
        return getattr(setting, name + "_h"), getattr(setting, name + "_w")
    numbers = list(values) or [default]
    return numbers[0], numbers[-1]
