"""Phi at every position of a grid over a photograph; overlapping patches share convolutions.

The net is LeNet with its fully connected layers written as convolutions (lenet_dense.prototxt), and
has the weights of the LeNet for patches. Up to rounding, the numbers are those of patches cut out
one by one. (Rounding may put a hidden unit just above zero on one route and just below on the
other, which changes a norm by about 1e-3: in about one patch of a thousand where each patch's own
mean is subtracted, in fewer otherwise.)

- ip1's input a for a patch is a window of pool2, 50 x 9 x 9, so ||a||^2 is the sum over that window
  of the squares of pool2: a box sum, which takes four numbers whatever the window's size.
- conv1 and conv2 run in bands of rows so narrow that their im2col columns stay in the cache.
- At strides 4 and 8, ip1's windows overlap so much that its convolution goes through the Fourier
  transform.
- With two classes, the gradient at ip1's output is p_0 or p_1 times W^T (e_1 - e_0), masked by the
  ReLU (see batched), so phi = 2 p_0 p_1 ||W^T (e_1 - e_0), masked|| sqrt(||a||^2 + 1).
- Where each patch's own mean m is subtracted instead of one mean for all, patches share too. There
  is no ReLU below ip1; a convolution without padding turns a constant per channel into another; and
  the maximum of numbers minus a constant is their maximum minus it. So m passes through conv1,
  pool1, conv2, pool2 and ip1 as a vector.
"""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple

import numpy as np

from data_prep.geometry import PATCH_SIDE, ceil_div
from data_prep.normalisation import Normalisation
from egl.gradient_length.fourier import FourierConvolution
from egl.gradient_length.tiles import tiles
from egl.nets.building import build
from egl.nets.definition import prototxt_path, read_net

SHRINK = 4  # two poolings of 2 x 2: patches share on grids whose stride is a multiple of this
WINDOW = 9  # side of the window of pool2 that ip1 sees
KERNEL = 5  # side of the filters of conv1 and conv2
BANDS = {"conv1": 4, "conv2": 2}  # pooled rows at a time: 1 to 2 MB of im2col columns
INPUTS = {"conv1": (3, PATCH_SIDE), "conv2": (20, 22), "ip1": (50, WINDOW)}  # channels, side
# Side of the Fourier blocks by stride: only here do they beat Caffe's ip1, 5 and 2.5 times.
FOURIER = {4: 24, 8: 12}


class DenseLeNet:
    """Maps over whole photographs with the weights of a LeNet for patches.

    counted: names of the layers whose gradient counts, of ip1 and ip2
    normalisation: how grey levels become what the net takes
    """

    def __init__(self, counted: Sequence[str], normalisation: Normalisation) -> None:
        self._counted = counted
        mean = normalisation.mean
        self._mean = None if mean is None else np.asarray(mean, np.float32)
        self._factor = np.float32(normalisation.factor)
        self._lower = {conv: build(_definition_of(conv, "pool" + conv[-1])) for conv in BANDS}
        self._upper: Any = None  # from ip1 to ip2, built for a stride
        self._stride = 0
        self._fourier: Optional[FourierConvolution] = None
        self._mean_to_pool2 = self._mean_to_ip1 = np.empty((0, 0))  # see _effect_of_mean

    def maps(
        self, source: Any, photograph: np.ndarray, stride: int, inside: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Return posterior and norms, float64 (rows, columns, 2) each, NaN where not inside.

        source: caffe.Net, the LeNet for patches, whose weights are taken as they now are
        photograph: uint8 H x W x 3; stride: pixels, a multiple of 4
        inside: bool (rows, columns), the positions to score: see geometry.grid_inside
        Takes less than 1 GB whatever the photograph's size.
        """
        posterior = np.full(inside.shape + (2,), np.nan)
        norms = posterior.copy()
        if not inside.any():
            return posterior, norms
        self._prepare(source, stride)
        for tile in tiles(inside, stride, _positions_in_a_block(stride)):
            pixels = photograph[tile.pixels(stride)]
            level = self._level(pixels)
            pool2 = self._convolve(pixels, level)
            squares = self._hidden(pool2, pixels, level)
            tile_posterior, tile_norms = self._lengths(squares)
            wanted = inside[tile.rows, tile.columns]
            posterior[tile.rows, tile.columns][wanted] = tile_posterior[wanted]
            norms[tile.rows, tile.columns][wanted] = tile_norms[wanted]
        return posterior, norms

    def _prepare(self, source: Any, stride: int) -> None:
        """Build the upper net for the stride, and take over the weights of `source`."""
        if stride != self._stride:
            definition = _definition_of("ip1", "relu1", "ip2")
            ip1 = next(layer for layer in definition.layer if layer.name == "ip1")
            ip1.convolution_param.stride[0] = stride // SHRINK
            self._upper, self._stride, self._fourier = build(definition), stride, None
        kernels = self._upper.params["ip1"][0].data
        present = source.params["ip1"][0].data.reshape(kernels.shape)
        changed = not np.array_equal(kernels, present)
        if stride in FOURIER and (self._fourier is None or changed):
            self._fourier = FourierConvolution(present, stride // SHRINK, FOURIER[stride])
        for net in (*self._lower.values(), self._upper):
            for name, blobs in net.params.items():
                for blob, of_patches in zip(blobs, source.params[name]):
                    blob.data[...] = of_patches.data.reshape(blob.data.shape)
        if self._mean is None:
            conv1, conv2 = source.params["conv1"][0].data, source.params["conv2"][0].data
            self._mean_to_pool2, self._mean_to_ip1 = _effect_of_mean(conv1, conv2, kernels)

    def _level(self, pixels: np.ndarray) -> np.ndarray:
        """Return the grey levels (3,) to subtract from all pixels of a tile.

        Where each patch's own mean is subtracted later, the tile's mean only keeps the numbers
        small, which keeps their digits.
        """
        if self._mean is not None:
            return self._mean
        return pixels.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)

    def _convolve(self, pixels: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Return pool2 of a tile, float32 (50, height, width), which is also in the upper net."""
        channels = ((pixels - level) * self._factor).transpose(2, 0, 1)
        for conv, rows in BANDS.items():
            channels = _pooled_convolution(self._lower[conv], channels, rows)
        _reshape(self._upper, channels.shape)
        pool2: np.ndarray = self._upper.blobs["data"].data[0]
        pool2[...] = channels
        return pool2

    def _hidden(self, pool2: np.ndarray, pixels: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Fill ip1 and ip2 of the upper net; return ||a||^2 of ip1's inputs, (rows, columns)."""
        net, step = self._upper, self._stride // SHRINK
        if self._fourier is None:
            net.forward(start="ip1", end="ip1")
        # Fetch .data after the forward pass: on a GPU the access copies the result to the host.
        ip1 = net.blobs["ip1"].data[0]
        if self._fourier is not None:
            self._fourier.apply(pool2, ip1)
            ip1 += net.params["ip1"][1].data[:, None, None]
        squares = box_sums(np.einsum("chw,chw->hw", pool2, pool2, dtype=np.float64), WINDOW, step)
        if self._mean is None:
            means = box_sums(pixels.transpose(2, 0, 1), PATCH_SIDE, self._stride) / PATCH_SIDE**2
            means = (means - level.reshape(-1, 1, 1)) * self._factor
            shift = np.tensordot(self._mean_to_pool2, means, 1)
            sums = box_sums(pool2, WINDOW, step)
            squares += (shift * (WINDOW**2 * shift - 2 * sums)).sum(axis=0)
            ip1 -= np.tensordot(self._mean_to_ip1, means, 1)
        net.forward(start="relu1", end="ip2")
        return squares

    def _lengths(self, squares: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Return posterior and norms from ||a||^2 of ip1's inputs and what the upper net holds."""
        net = self._upper
        hidden, scores = net.blobs["ip1"].data[0], net.blobs["ip2"].data[0].astype(np.float64)
        difference = scores[1] - scores[0]
        # Both posteriors come from exponentials of negative numbers: 1 - p would lose the smaller.
        small = np.exp(-np.abs(difference))
        of_0, of_1 = np.where(difference < 0, 1, small), np.where(difference < 0, small, 1)
        posterior = np.stack([of_0, of_1], axis=-1) / (1 + small)[..., None]
        lengths = np.zeros(squares.shape)
        if "ip1" in self._counted:
            weights = net.params["ip2"][0].data.reshape(2, -1)
            delta = np.square(weights[1] - weights[0])
            lengths += np.tensordot(delta, (hidden > 0).astype(np.float32), 1) * (squares + 1)
        if "ip2" in self._counted:  # ||e_1 - e_0||^2 is 2
            lengths += 2 * (np.einsum("chw,chw->hw", hidden, hidden, dtype=np.float64) + 1)
        return posterior, posterior[..., ::-1] * np.sqrt(lengths)[..., None]


def box_sums(values: np.ndarray, size: int, stride: int) -> np.ndarray:
    """Return the sums over windows of size x size of the last two axes, every `stride`: float64."""
    total = np.zeros(values.shape[:-2] + (values.shape[-2] + 1, values.shape[-1] + 1))
    np.cumsum(values, axis=-2, dtype=np.float64, out=total[..., 1:, 1:])
    np.cumsum(total[..., 1:, 1:], axis=-1, out=total[..., 1:, 1:])
    columns = total[..., size::stride] - total[..., :-size:stride]
    return columns[..., size::stride, :] - columns[..., :-size:stride, :]


def _definition_of(*names: str) -> Any:
    """Return a NetParameter of some successive layers of lenet_dense.prototxt, fed by `data`."""
    definition = read_net(prototxt_path("lenet_dense.prototxt"))
    layers = [layer for layer in definition.layer if layer.name in names]
    layers[0].bottom[0] = "data"
    channels, side = INPUTS[names[0]]
    data = definition.layer[0]
    data.input_param.shape[0].dim[:] = [1, channels, side, side]
    kept = [type(data).FromString(layer.SerializeToString()) for layer in (data, *layers)]
    del definition.layer[:]
    definition.layer.extend(kept)
    return definition


def _reshape(net: Any, shape: Tuple[int, ...]) -> None:
    if net.blobs["data"].data.shape[1:] != shape:
        net.blobs["data"].reshape(1, *shape)
        net.reshape()


def _pooled_convolution(net: Any, channels: np.ndarray, rows: int) -> np.ndarray:
    """Return (channels, height, width) through a net of one convolution and one pooling.

    rows: of the result, at a time
    """
    height = (channels.shape[1] - KERNEL + 1) // 2
    rows = min(rows, height)
    seen = 2 * rows + KERNEL - 1
    _reshape(net, (channels.shape[0], seen, channels.shape[2]))
    top = net.outputs[0]
    _, outputs, _, width = net.blobs[top].data.shape
    result = np.empty((outputs, height, width), np.float32)
    for start in range(0, height, rows):
        start = min(start, height - rows)  # the last band may overlap the one before
        net.blobs["data"].data[0] = channels[:, 2 * start : 2 * start + seen]
        result[:, start : start + rows] = net.forward()[top][0]
    return result


def _effect_of_mean(
    conv1: np.ndarray, conv2: np.ndarray, ip1: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """Return what a constant per input channel adds to the channels of pool2 and of ip1.

    conv1, conv2, ip1: weights, as kernels; returns float64 (50, 3) and (500, 3)
    """
    sums = [kernels.sum(axis=(2, 3), dtype=np.float64) for kernels in (conv1, conv2, ip1)]
    return sums[1] @ sums[0], sums[2] @ sums[1] @ sums[0]


def _positions_in_a_block(stride: int) -> int:
    """Return how many positions a Fourier block gives, down and across; 1 at other strides."""
    return FOURIER[stride] + 1 - ceil_div(WINDOW * SHRINK, stride) if stride in FOURIER else 1
