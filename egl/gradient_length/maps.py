"""Phi, posterior and norms at a grid of patches over a photograph, by the faster exact route."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Tuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from data_prep.geometry import grid_inside
from data_prep.normalisation import Normalisation
from egl.errors import NetError
from egl.gradient_length import dense
from egl.gradient_length.dense_fit import fits
from egl.gradient_length.phi import GradientLength
from egl.nets.arguments import check_array, whole_number
from egl.nets.finite import check_weights, diverged
from egl.nets.pixels import check_normalisation

ROUTES = ("auto", "dense", "patches")
DENSE_UP_TO = 32  # pixels of stride: sparser patches share too little for the dense route to win
CHUNK = 8  # batches of patches cut out at a time


class PhiMaps(NamedTuple):
    """Scores at a grid: entry (i, j) is the patch whose top left pixel is (i, j) * stride.

    phi: float64 (rows, columns); NaN where not inside
    posterior, norms: float64 (rows, columns, C), as in GradientLengths; NaN where not inside
    inside: bool (rows, columns), whether the whole patch is inside photograph and field of view
    stride: pixels
    """

    phi: np.ndarray
    posterior: np.ndarray
    norms: np.ndarray
    inside: np.ndarray
    stride: int


class ImageScorer:
    """Scores whole photographs, again and again.

    prototxt, weights, stop, parameters, batch: as for GradientLength; shared weights are taken as
        they are at each call
    normalisation: how grey levels become what the net takes
    route: "patches" (cut out and scored in batches: any net and stride), "dense" (convolutions
        shared between patches: exactly LeNet, strides that are multiples of 4, stop at ip1 or ip2),
        or "auto": the faster of those that can be used
    """

    def __init__(
        self,
        prototxt: Any,
        weights: Any,
        normalisation: Normalisation,
        stop: Optional[str] = None,
        parameters: str = "layer",
        batch: Optional[int] = None,
        route: str = "auto",
    ) -> None:
        if route not in ROUTES:
            raise NetError(f"route must be one of {', '.join(ROUTES)}, not {route!r}")
        self._scorer = GradientLength(prototxt, weights, stop, parameters, batch)
        check_normalisation(normalisation, self._scorer.classifier)
        self._normalisation = normalisation
        self._route = route
        self._dense: Optional[dense.DenseLeNet] = None
        if fits(self._scorer.classifier, self._scorer.counted):
            self._dense = dense.DenseLeNet(self._scorer.counted, normalisation)

    def maps(
        self, photograph: np.ndarray, stride: int, field: Optional[np.ndarray] = None
    ) -> PhiMaps:
        """Return the PhiMaps of a photograph.

        photograph: uint8 H x W x channels, as OpenCV reads it; stride: pixels, at least 1
        field: bool H x W, the field of view; None is the whole photograph
        Raises NetError for other arrays and for a stride that the route cannot do, Diverged if the
        net's scores are not finite.
        """
        stride = whole_number(stride, "stride")
        self._check(photograph, stride, field)
        side = self._scorer.classifier.input_shape[1:]
        inside = grid_inside(photograph.shape[:2], (side[0], side[1]), stride, field)
        if self.route_for(stride) == "dense" and self._dense:
            posterior, norms = self._by_dense(self._dense, photograph, stride, inside)
        else:
            posterior, norms = self._by_patches(photograph, stride, inside)
        return PhiMaps((posterior * norms).sum(axis=-1), posterior, norms, inside, stride)

    def route_for(self, stride: int) -> str:
        """Return the route that maps() takes for a stride: "dense" or "patches"."""
        possible = self._dense is not None and stride % dense.SHRINK == 0
        if self._route == "dense" and not possible:
            raise NetError(
                "the dense route takes LeNet (exactly lenet_score.prototxt), stopping at ip1 or "
                "ip2, and strides that are multiples of 4"
            )
        if self._route == "auto":
            return "dense" if possible and stride <= DENSE_UP_TO else "patches"
        return self._route

    def _check(self, photograph: np.ndarray, stride: int, field: Optional[np.ndarray]) -> None:
        channels = self._scorer.classifier.input_shape[0]
        check_array(photograph, "the photograph")
        if photograph.dtype != np.uint8 or photograph.ndim != 3 or photograph.shape[2] != channels:
            raise NetError(
                f"the photograph is {photograph.dtype} {photograph.shape}; "
                f"wanted is uint8 H x W x {channels}"
            )
        if stride < 1:
            raise NetError(f"stride {stride}: give a number of pixels from 1")
        if field is not None:
            check_array(field, "the field of view")
        if field is not None and (field.dtype != bool or field.shape != photograph.shape[:2]):
            raise NetError(
                f"the field of view is {field.dtype} {field.shape}; "
                f"wanted is bool {photograph.shape[:2]}"
            )

    def _by_dense(
        self, lenet: dense.DenseLeNet, photograph: np.ndarray, stride: int, inside: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray]:
        net, classifier = self._scorer.net, self._scorer.classifier
        check_weights(net, classifier)
        with np.errstate(over="ignore", invalid="ignore"):
            posterior, norms = lenet.maps(net, photograph, stride, inside)
        if not np.isfinite(norms[inside]).all():
            raise diverged(net, classifier)
        return posterior, norms

    def _by_patches(
        self, photograph: np.ndarray, stride: int, inside: np.ndarray
    ) -> Tuple[np.ndarray, np.ndarray]:
        classifier = self._scorer.classifier
        posterior = np.full(inside.shape + (classifier.classes,), np.nan)
        norms = posterior.copy()
        row, column, channel = photograph.strides
        patches = as_strided(
            photograph,
            inside.shape + classifier.input_shape,
            (row * stride, column * stride, channel, row, column),
            writeable=False,
        )
        rows, columns = np.nonzero(inside)
        at_a_time = CHUNK * self._scorer.batch
        for start in range(0, len(rows), at_a_time):
            chunk = rows[start : start + at_a_time], columns[start : start + at_a_time]
            scores = self._scorer.score(self._normalisation.apply(patches[chunk]))
            posterior[chunk], norms[chunk] = scores.posterior, scores.norms
        return posterior, norms
