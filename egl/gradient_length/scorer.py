"""Everything a strategy may ask of one net about patches and photographs, given as grey levels."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Iterable, Iterator, Optional, Tuple

import numpy as np

from data_prep.normalisation import Normalisation
from egl.errors import NetError
from egl.gradient_length.features import FeatureRows, Features
from egl.gradient_length.maps import ImageScorer, PhiMaps
from egl.gradient_length.phi import GradientFactors, GradientLength, GradientLengths
from egl.nets.arguments import check_array
from egl.nets.building import check_classes, feed, scoring_net
from egl.nets.classifier import find_classifier
from egl.nets.definition import read_net
from egl.nets.device import scoring_batch
from egl.nets.finite import check_scores, check_weights
from egl.nets.pixels import check_normalisation


class NetScorer:
    """Scores patches and photographs with one net; each method's own net is built on first use.

    prototxt: path of a classifier with a SoftmaxWithLoss, fed by Input layers
    weights: path of a .caffemodel; or a caffe.Net, whose weights are shared: each call sees them as
        they then are
    normalisation: how grey levels become what the net takes
    stop, parameters: whose gradient counts; see phi.GradientLength
    route: of phi and factors, see phi.GradientLength; maps take the faster route whatever it is
    batch: patches at a time, None: device.scoring_batch(); a matter of speed, and of the last bits
    Patches are uint8 N x C x H x W with the net's own C, H and W; N may be 0.
    Raises NetError where the net does not fit (see read_net and find_classifier); for what a single
    method needs, when that method is called; Diverged where the net's numbers are not finite.
    """

    def __init__(
        self,
        prototxt: Any,
        weights: Any,
        normalisation: Normalisation,
        stop: Optional[str] = None,
        parameters: str = "layer",
        route: str = "auto",
        batch: Optional[int] = None,
    ) -> None:
        self._classifier = find_classifier(read_net(prototxt), prototxt)
        check_normalisation(normalisation, self._classifier)
        self._prototxt, self._weights, self._normalisation = prototxt, weights, normalisation
        self._stop, self._parameters, self._route = stop, parameters, route
        self._batch = scoring_batch() if batch is None else batch

    @property
    def input_shape(self) -> Tuple[int, ...]:
        """The shape of one patch: (C, H, W)."""
        return self._classifier.input_shape

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self._classifier.classes

    def close(self) -> None:
        """Nothing to end: for callers that may have Workers in place of this."""

    def __enter__(self) -> NetScorer:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def posterior(self, patches: np.ndarray) -> np.ndarray:
        """Return p(y|x) as Caffe's own Softmax layer computes it: float64 (N, classes)."""
        normalised = self._normalised(patches)
        net, classifier = self._forward_net, self._classifier
        check_weights(net, classifier)
        result = np.empty((len(patches), classifier.classes))
        for rows in feed(net, classifier.data, normalised):
            net.forward(end=classifier.softmax)
            check_scores(net, classifier)
            n = rows.stop - rows.start
            result[rows] = net.blobs[classifier.softmax_blob].data[:n].reshape(n, -1)
        return result

    def phi(self, patches: np.ndarray) -> GradientLengths:
        """Return expected gradient length, posterior and norms."""
        return self._gradient_length.score(self._normalised(patches))

    def features(self, patches: np.ndarray) -> FeatureRows:
        """Return posterior, scores, and the last layer's input."""
        return self._features.of(self._normalised(patches))

    def factors(self, patches: np.ndarray) -> GradientFactors:
        """Return what the gradients are made of: GradientFactors.

        Raises NetError unless the net has two classes, one InnerProduct layer counts, and the route
        is batched.
        """
        return self._gradient_length.factors(self._normalised(patches))

    def maps(
        self, photograph: np.ndarray, stride: int, field: Optional[np.ndarray] = None
    ) -> PhiMaps:
        """Return the PhiMaps of a photograph (uint8 H x W x C), in its field of view (bool H x W).

        See maps.ImageScorer.maps.
        """
        return self._image_scorer.maps(photograph, stride, field)

    def maps_of(
        self, photographs: Iterable[Tuple[np.ndarray, Optional[np.ndarray]]], stride: int
    ) -> Iterator[PhiMaps]:
        """Yield the PhiMaps of each (photograph, field of view or None), in order.

        The next photograph is read when its maps are asked for.
        """
        return (self.maps(photograph, stride, field) for photograph, field in photographs)

    def _normalised(self, patches: np.ndarray) -> _Normalised:
        check_array(patches, "patches")
        if patches.dtype != np.uint8 or tuple(patches.shape[1:]) != self.input_shape:
            wanted = " x ".join(map(str, self.input_shape))
            raise NetError(
                f"patches are {patches.dtype} of shape {tuple(patches.shape)}; "
                f"{self._prototxt} takes uint8 of shape N x {wanted}"
            )
        return _Normalised(patches, self._normalisation)

    @cached_property
    def _forward_net(self) -> Any:
        if self._classifier.softmax is None:
            raise NetError(
                f"{self._prototxt}: has no Softmax layer that reads {self._classifier.scores!r}; "
                "add one, so that the posterior can be read"
            )
        net = scoring_net(self._prototxt, self._weights, self._batch)
        check_classes(net, self._classifier)
        return net

    @cached_property
    def _gradient_length(self) -> GradientLength:
        return GradientLength(
            self._prototxt, self._weights, self._stop, self._parameters, self._batch, self._route
        )

    @cached_property
    def _features(self) -> Features:
        return Features(self._prototxt, self._weights, self._batch)

    @cached_property
    def _image_scorer(self) -> ImageScorer:
        return ImageScorer(
            self._prototxt,
            self._weights,
            self._normalisation,
            self._stop,
            self._parameters,
            self._batch,
        )


class _Normalised:
    """Patches that are normalised a slice at a time, when it is taken."""

    dtype = np.dtype(np.float32)

    def __init__(self, patches: np.ndarray, normalisation: Normalisation) -> None:
        self.shape = patches.shape
        self._patches, self._normalisation = patches, normalisation

    def __len__(self) -> int:
        return len(self._patches)

    def __getitem__(self, rows: slice) -> np.ndarray:
        return self._normalisation.apply(self._patches[rows])
