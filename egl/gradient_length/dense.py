"""Phi at every position of a grid over an image, patches that overlap sharing their convolutions.

The net is LeNet with its fully connected layers written as convolutions (prototxt/lenet_dense.prototxt), its weights
those of the LeNet for patches. The numbers are those of patches cut out one by one, up to rounding. (Where rounding
puts a hidden unit just above zero on one route and just below it on the other, a norm differs by about 1e-3: about one
patch in a thousand where each patch's mean is taken off, fewer otherwise.)

- ip1's input for a patch is a window of 50 x 9 x 9 of pool2, so ||a||^2 is a box sum of squares (method.md, fact 3).
- conv1 and conv2 are done in bands of rows so narrow that their im2col columns stay in the processor's cache.
- At strides 4 and 8, ip1's windows overlap so much that its convolution goes through the Fourier transform.
- With two classes, phi = 2 p_0 p_1 ||W^T (e_1 - e_0), masked by the ReLU|| sqrt(||a||^2 + 1) (see phi_batched).
- Where each patch's own mean m is taken off instead of one mean for all, patches still share: there is no ReLU below
  ip1, a convolution without padding turns a constant per channel into another, and the maximum of numbers less a
  constant is their maximum less it. So m goes through conv1, pool1, conv2, pool2 and ip1 as a vector.
"""

import numpy as np

from egl.gradient_length.fourier import FourierConvolution
from egl.nets.building import build
from egl.nets.definition import find_classifier, prototxt_path, read_net

PATCH = 48
SHRINK = 4  # two poolings of 2 x 2: patches share their convolutions on grids whose stride is a multiple of this
WINDOW = 9  # of pool2, which ip1 sees
TILE = 560  # pixels a side: less than 0.8 GB at any stride
BANDS = {"conv1": 4, "conv2": 2}  # pooled rows at a time: 1 to 2 MB of columns
KERNEL = 5  # of conv1 and conv2
FOURIER = {
    4: 24,
    8: 12,
}  # stride: side of the blocks, where this beats Caffe's convolution for ip1 (5 and 2.5 times)


class DenseLeNet:
    """Maps over whole images with the weights of a LeNet for patches.

    counted: names of the layers whose gradient counts, of ip1 and ip2
    mean: (3,) grey levels taken off every pixel, or None: each patch's own mean a channel
    factor: multiplied afterwards
    """

    def __init__(self, counted, mean, factor):
        self._counted = counted
        self._mean = None if mean is None else np.asarray(mean, np.float32)
        self._factor = np.float32(factor)
        self._lower = {name: build(_only(name, "pool" + name[-1])) for name in BANDS}
        self._net = None  # from ip1 up
        self._stride = None
        self._fourier = None

    def maps(self, source, image, stride, inside):
        """Return posterior and norms (rows x columns x 2, float64) at each position where `inside` is true, else NaN.

        source: caffe.Net, the LeNet for patches, whose weights are taken as they now are
        image: uint8 H x W x 3; stride: pixels, a multiple of 4; inside: bool, the grid (see maps.grid_inside)
        Memory stays under 1 GB whatever the image: it is worked through in tiles.
        """
        posterior, norms = (np.full(inside.shape + (2,), np.nan) for _ in range(2))
        if not inside.any():
            return posterior, norms
        self._prepare(source, stride)
        for row in _pieces(inside.any(axis=1), _longest(stride)):
            for column in _pieces(inside[row].any(axis=0), _longest(stride)):
                here = inside[row, column]
                if here.any():
                    tile = image[_pixels(row, stride), _pixels(column, stride)]
                    for whole, part in zip((posterior, norms), self._tile(tile)):
                        whole[row, column][here] = part[here]
        return posterior, norms

    def _prepare(self, source, stride):
        if stride != self._stride:
            definition = _only("ip1", "relu1", "ip2")
            next(
                layer for layer in definition.layer if layer.name == "ip1"
            ).convolution_param.stride[0] = stride // SHRINK
            self._net, self._stride, self._fourier = build(definition), stride, None
        kernels, present = self._net.params["ip1"][0].data, source.params["ip1"][0].data
        if stride in FOURIER and not (
            self._fourier and np.array_equal(kernels.ravel(), present.ravel())
        ):
            self._fourier = FourierConvolution(
                present.reshape(kernels.shape), stride // SHRINK, FOURIER[stride]
            )
        for net in (*self._lower.values(), self._net):
            for name, blobs in net.params.items():
                for blob, of_patches in zip(blobs, source.params[name]):
                    blob.data[...] = of_patches.data.reshape(blob.data.shape)
        if self._mean is None:
            self._shifts = _shifts(
                [source.params["conv1"][0].data, source.params["conv2"][0].data, kernels]
            )

    def _tile(self, tile):
        net = self._net
        # With each patch's own mean, a level for the tile only keeps the numbers small, which keeps their digits.
        level = (
            tile.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)
            if self._mean is None
            else self._mean
        )
        maps = ((tile - level) * self._factor).transpose(2, 0, 1)
        for name, rows in BANDS.items():
            maps = _pooled_convolution(self._lower[name], maps, rows)
        _reshape(net, maps.shape)
        pool2 = net.blobs["data"].data[0]
        pool2[...] = maps
        if not self._fourier:
            net.forward(start="ip1", end="ip1")
        ip1 = net.blobs["ip1"].data[
            0
        ]  # asked for after the forward pass: on a GPU it is copied then
        if self._fourier:
            self._fourier.apply(pool2, ip1)
            ip1 += net.params["ip1"][1].data[:, None, None]
        squares = box_sums(
            np.einsum("chw,chw->hw", pool2, pool2, dtype=np.float64), WINDOW, self._stride // SHRINK
        )
        if self._mean is None:
            means = box_sums(tile.transpose(2, 0, 1), PATCH, self._stride) / PATCH**2
            means = (means - level.reshape(-1, 1, 1)) * self._factor
            to_pool2, to_ip1 = self._shifts
            shift = np.tensordot(to_pool2, means, 1)
            sums = box_sums(pool2, WINDOW, self._stride // SHRINK)
            squares += (shift * (WINDOW**2 * shift - 2 * sums)).sum(axis=0)
            ip1 -= np.tensordot(to_ip1, means, 1)
        net.forward(start="relu1", end="ip2")
        return self._lengths(squares)

    def _lengths(self, squares):
        """Return posterior and norms from ||a||^2 of ip1's inputs and what the net now holds."""
        net = self._net
        hidden, scores = net.blobs["ip1"].data[0], net.blobs["ip2"].data[0].astype(np.float64)
        difference = scores[1] - scores[0]
        # Both from exponentials of negative numbers: 1 - p would lose the smaller one.
        small = np.exp(-np.abs(difference))
        posterior = (
            np.stack(
                [np.where(difference < 0, 1, small), np.where(difference < 0, small, 1)], axis=-1
            )
            / (1 + small)[..., None]
        )
        lengths = np.zeros(squares.shape)
        if "ip1" in self._counted:
            weights = net.params["ip2"][0].data.reshape(2, -1)
            delta = np.square(weights[1] - weights[0])
            lengths += np.tensordot(delta, (hidden > 0).astype(np.float32), 1) * (squares + 1)
        if "ip2" in self._counted:
            lengths += 2 * (
                np.einsum("chw,chw->hw", hidden, hidden, dtype=np.float64) + 1
            )  # ||e_1 - e_0||^2 is 2
        return posterior, posterior[..., ::-1] * np.sqrt(lengths)[..., None]


def fits(classifier, counted):
    """Return whether a net is LeNet as in lenet_score.prototxt, up to what only training looks at, and stops at ip1 or ip2."""
    path = prototxt_path("lenet_score.prototxt")
    lenet = find_classifier(read_net(path), path)
    return set(counted) <= {"ip1", "ip2"} and _computed(classifier) == _computed(lenet)


def _only(*names):
    """Return the NetParameter of some successive layers of lenet_dense.prototxt, fed by an Input layer `data`."""
    definition = read_net(prototxt_path("lenet_dense.prototxt"))
    layers = [layer for layer in definition.layer if layer.name in names]
    channels, side = {"conv1": (3, PATCH), "conv2": (20, 22), "ip1": (50, WINDOW)}[names[0]]
    layers[0].bottom[0] = "data"
    fed = definition.layer[0]
    fed.input_param.shape[0].dim[:] = [1, channels, side, side]
    kept = [type(fed).FromString(layer.SerializeToString()) for layer in (fed, *layers)]
    del definition.layer[:]
    definition.layer.extend(kept)
    return definition


def _reshape(net, shape):
    if net.blobs["data"].data.shape[1:] != shape:
        net.blobs["data"].reshape(1, *shape)
        net.reshape()


def _pooled_convolution(net, maps, rows):
    """Return maps (channels, height, width) through the convolution and the pooling of `net`, `rows` rows of the result at a time."""
    height = (maps.shape[1] - KERNEL + 1) // 2
    rows = min(rows, height)
    seen = 2 * rows + KERNEL - 1
    _reshape(net, (maps.shape[0], seen, maps.shape[2]))
    top = net.outputs[0]
    result = np.empty(
        (net.blobs[top].data.shape[1], height, net.blobs[top].data.shape[3]), np.float32
    )
    for start in range(0, height, rows):
        start = min(start, height - rows)  # the last band may overlap the one before
        net.blobs["data"].data[0] = maps[:, 2 * start : 2 * start + seen]
        result[:, start : start + rows] = net.forward()[top][0]
    return result


def box_sums(values, size, stride):
    """Return the sums over windows of size x size of the last two axes, every `stride` from the first: float64."""
    total = np.zeros(values.shape[:-2] + (values.shape[-2] + 1, values.shape[-1] + 1))
    np.cumsum(values, axis=-2, dtype=np.float64, out=total[..., 1:, 1:])
    np.cumsum(total[..., 1:, 1:], axis=-1, out=total[..., 1:, 1:])
    columns = total[..., size::stride] - total[..., :-size:stride]
    return columns[..., size::stride, :] - columns[..., :-size:stride, :]


def _computed(classifier):
    layers = []
    for layer in classifier.layers:
        if layer.type in ("Convolution", "Pooling", "ReLU", "InnerProduct"):
            copy = type(layer)()
            copy.CopyFrom(layer)
            del copy.param[:]
            for setting in (copy.convolution_param, copy.inner_product_param):
                setting.ClearField("weight_filler")
                setting.ClearField("bias_filler")
            layers.append(copy)
    return layers


def _shifts(weights):
    """Return what a constant a channel of the input adds to a channel of pool2 (50 x 3) and of ip1 (500 x 3), float64."""
    conv1, conv2, ip1 = (each.sum(axis=(2, 3), dtype=np.float64) for each in weights)
    return conv2 @ conv1, ip1 @ conv2 @ conv1


def _longest(stride):
    """Positions a tile has at most, down and across; where they come in blocks, whole blocks."""
    positions = (TILE - PATCH) // stride + 1
    step = FOURIER[stride] + 1 - -(-WINDOW * SHRINK // stride) if stride in FOURIER else 1
    return max(positions // step, 1) * step


def _pieces(used, longest):
    """Cut the grid positions from the first to the last that is used into slices of one length, at most `longest`; they may overlap."""
    start, stop = (int(each) for each in np.flatnonzero(used)[[0, -1]] + (0, 1))
    n = -(-(stop - start) // longest)
    length = -(-(stop - start) // n)
    starts = [min(start + k * length, stop - length) for k in range(n)]
    return [slice(each, each + length) for each in starts]


def _pixels(positions, stride):
    """The pixels under a slice of grid positions."""
    return slice(positions.start * stride, (positions.stop - 1) * stride + PATCH)
