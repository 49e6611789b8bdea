"""Squared norms of the gradient of a Convolution layer's parameters, sample by sample.

The gradient of the weights for one sample is delta (outputs x positions), the diff at the layer's output, times the
transposed columns of its input (inputs * kernel x positions): the products that Caffe adds up over the batch. Here they
are kept apart and only their squares are summed. The gradient of the bias is the row sum of delta.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from egl.errors import NetError


class ConvolutionSquares:
    """Squared norms of the gradient of a Convolution layer's weights and bias, sample by sample: float64 (batch,).

    Groups, padding, strides and dilation are those of the layer. Raises NetError for a convolution that is not over
    height and width alone, or has more than one bottom.
    """

    def __init__(self, net, layer):
        setting = layer.convolution_param
        self._bottom = net.blobs[net.bottom_names[layer.name][0]]
        self._top = net.blobs[net.top_names[layer.name][0]]
        batch, channels, height, width = _four_axes(self._bottom, layer)
        self._bias = setting.bias_term
        self._groups = setting.group
        kernel = _pair(setting, "kernel", setting.kernel_size, None)
        pad = _pair(setting, "pad", setting.pad, 0)
        stride = _pair(setting, "stride", setting.stride, 1)
        dilation = _pair(setting, "", setting.dilation, 1)
        out_height, out_width = self._top.data.shape[2:]
        self._padded = np.zeros((channels, height + 2 * pad[0], width + 2 * pad[1]), np.float32)
        self._inside = self._padded[:, pad[0] : pad[0] + height, pad[1] : pad[1] + width]
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

    def see_input(self):
        """Nothing to take in: the input stays in its blob, and the columns of a whole batch would be too many to keep."""

    def of_diff(self):
        """Return the squared norms for the diff now at the layer's output."""
        batch = len(self._bottom.data)
        delta = self._top.diff.reshape(batch, self._groups, len(self._weights), -1)
        columns = self._columns.reshape(self._groups, self._weights.shape[1], -1)
        squares = np.zeros(batch)
        for n in range(batch):
            np.copyto(self._inside, self._bottom.data[n])
            np.copyto(self._columns, self._windows)
            for group in range(self._groups):
                np.dot(delta[n, group], columns[group].T, out=self._weights)
                flat = self._weights.ravel()
                squares[n] += np.einsum("i,i->", flat, flat, dtype=np.float64)
        if self._bias:
            squares += np.square(delta.sum(axis=3, dtype=np.float64)).sum(axis=(1, 2))
        return squares


def _four_axes(bottom, layer):
    shape = bottom.data.shape
    if len(shape) != 4 or layer.convolution_param.axis != 1 or len(layer.bottom) != 1:
        raise NetError(
            f"layer {layer.name!r}: only convolutions of one bottom over height and width (N x C x H x W, axis 1) come in batches; use "
            "route='param-diff'"
        )
    return shape


def _pair(setting, name, values, default):
    """Height and width of a setting that Caffe lets one write as NAME_h and NAME_w, as one number or as two."""
    if name and (setting.HasField(name + "_h") or setting.HasField(name + "_w")):
        return getattr(setting, name + "_h"), getattr(setting, name + "_w")
    values = list(values) or [default]
    return tuple(values * 2 if len(values) == 1 else values)
