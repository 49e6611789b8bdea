"""Phi, posterior and norms for a grid of patches over a whole image, by whichever exact route is faster."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from egl.errors import Diverged, NetError
from egl.gradient_length import dense
from egl.gradient_length.phi import GradientLength
from egl.nets.device import scoring_batch

ROUTES = ("auto", "dense", "patches")
DENSE_UP_TO = (
    32  # pixels of stride: sparser grids share too little for the dense route to be the faster one
)
CHUNK = 8  # batches of patches cut out at a time


class PhiMaps(NamedTuple):
    """Scores at a grid of patches: entry (i, j) is the patch whose top left pixel is (i * stride, j * stride).

    phi: float64 (rows, columns); posterior, norms: float64 (rows, columns, C), as in GradientLengths; NaN where not inside
    inside: bool (rows, columns), whether the whole patch is inside the image and the field of view
    stride: pixels
    """

    phi: np.ndarray
    posterior: np.ndarray
    norms: np.ndarray
    inside: np.ndarray
    stride: int


class ImageScorer:
    """Scores whole images, again and again.

    prototxt, weights, stop, parameters, batch: as for GradientLength; weights shared with a live net are taken as they
        are at each call
    mean: (C,) grey levels taken off every pixel, or None: each patch's own mean a channel is taken off
    factor: multiplied afterwards
    route: "patches" (cut out and scored in batches: any net and stride), "dense" (convolutions shared between patches:
        LeNet, strides that are multiples of 4, stop at ip1 or ip2), or "auto": the faster of those that can be used
    """

    def __init__(
        self,
        prototxt,
        weights,
        mean,
        factor=1 / 64,
        stop=None,
        parameters="layer",
        batch=None,
        route="auto",
    ):
        if route not in ROUTES:
            raise NetError("route must be one of {}, not {!r}".format(", ".join(ROUTES), route))
        self._scorer = GradientLength(prototxt, weights, stop, parameters, batch)
        self._patch = self._scorer.net.blobs[self._scorer.classifier.data].data.shape[1:]
        self._batch = batch or scoring_batch()
        self._mean = None if mean is None else np.asarray(mean, np.float32).reshape(-1, 1, 1)
        self._factor = np.float32(factor)
        self._route = route
        self._fits = dense.fits(self._scorer.classifier, self._scorer.counted)
        self._dense = dense.DenseLeNet(self._scorer.counted, mean, factor)

    def maps(self, image, stride, field=None):
        """Return the PhiMaps of `image`.

        image: uint8 H x W x channels, as OpenCV reads it; stride: pixels, at least 1
        field: bool H x W, the field of view; None is the whole image
        Raises NetError for an image or field of another kind, and for a stride that the route cannot do.
        """
        self._check(image, stride, field)
        inside = grid_inside(image.shape[:2], self._patch[1:], stride, field)
        if self._choose(stride) == "dense":
            posterior, norms = self._dense.maps(self._scorer.net, image, stride, inside)
            if not np.isfinite(norms[inside]).all():
                raise Diverged(
                    f"{self._scorer.classifier.path}: scores are not finite: training has diverged; lower the rate or momentum"
                )
        else:
            posterior, norms = self._by_patches(image, stride, inside)
        return PhiMaps((posterior * norms).sum(axis=-1), posterior, norms, inside, stride)

    def _choose(self, stride):
        possible = self._fits and stride % dense.SHRINK == 0
        if self._route == "dense" and not possible:
            raise NetError(
                "the dense route takes LeNet (lenet_score.prototxt), stopping at ip1 or ip2, and strides: multiples of 4"
            )
        if self._route == "auto":
            return "dense" if possible and stride <= DENSE_UP_TO else "patches"
        return self._route

    def _check(self, image, stride, field):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != self._patch[0]:
            raise NetError(
                f"image is {image.dtype} {image.shape}; wanted is uint8 H x W x {self._patch[0]}"
            )
        if stride < 1:
            raise NetError(f"stride {stride}: give a number of pixels from 1")
        if field is not None and (field.dtype != bool or field.shape != image.shape[:2]):
            raise NetError(
                f"field of view is {field.dtype} {field.shape}; wanted is bool {image.shape[:2]}"
            )

    def _by_patches(self, image, stride, inside):
        posterior, norms = (
            np.full(inside.shape + (self._scorer.classifier.classes,), np.nan) for _ in range(2)
        )
        row, column, channel = image.strides
        patches = as_strided(
            image,
            inside.shape + self._patch,
            (row * stride, column * stride, channel, row, column),
            writeable=False,
        )
        rows, columns = np.nonzero(inside)
        for start in range(0, len(rows), CHUNK * self._batch):
            which = tuple(each[start : start + CHUNK * self._batch] for each in (rows, columns))
            _, posterior[which], norms[which] = self._scorer.score(self._normalise(patches[which]))
        return posterior, norms

    def _normalise(self, patches):
        values = patches.astype(np.float32)
        values -= values.mean(axis=(2, 3), keepdims=True) if self._mean is None else self._mean
        values *= self._factor
        return values


def grid_inside(shape, patch, stride, field=None):
    """Return which patches of a grid lie wholly inside the image and the field of view: bool (rows, columns).

    shape: (H, W) of the image; patch: (height, width); field: bool H x W or None for the whole image. An image smaller
    than a patch has a grid without rows or columns.
    """
    rows, columns = (max(0, (whole - part) // stride + 1) for whole, part in zip(shape, patch))
    if field is None or not rows or not columns:
        return np.ones((rows, columns), bool)
    total = np.zeros((shape[0] + 1, shape[1] + 1), np.int64)
    total[1:, 1:] = field.cumsum(axis=0).cumsum(axis=1)
    top, left = np.arange(rows)[:, None] * stride, np.arange(columns) * stride
    bottom, right = top + patch[0], left + patch[1]
    return (
        total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
        == patch[0] * patch[1]
    )
