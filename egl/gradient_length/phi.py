"""Expected gradient length, phi: how much a patch would change the net, were its label known.

phi(x) = sum over labels j of p(y = j | x) * || gradient of the loss at x as if its label were j ||

This is the paper's Eq. 1.

scorer = GradientLength(prototxt_path("lenet_score.prototxt"), "run/snapshots/model.caffemodel")
phi, posterior, norms = scorer.score(patches)
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Union

import numpy as np

from egl.errors import Diverged, NetError
from egl.gradient_length.batched import SQUARES, Batched, check_batched, passed_through
from egl.gradient_length.counted import check_samples_apart, counted_layers, default_stop
from egl.gradient_length.param_diff import ParamDiff
from egl.nets.arguments import check_array
from egl.nets.building import check_classes, feed, scoring_net
from egl.nets.classifier import find_classifier
from egl.nets.definition import read_net
from egl.nets.device import scoring_batch
from egl.nets.finite import check_weights

ROUTES = ("auto", "batched", "param-diff")


class GradientLengths(NamedTuple):
    """Scores of N samples, float64, in the order they came.

    phi: (N,), expected gradient length: the row sum of posterior * norms
    posterior: (N, C), p(y = j | x)
    norms: (N, C), Frobenius norm of the counted parameters' gradient as if the label were j
    """

    phi: np.ndarray
    posterior: np.ndarray
    norms: np.ndarray


class GradientFactors(NamedTuple):
    """What the gradients of N samples are made of, float64, in the order they came.

    For two classes and one InnerProduct layer: the gradient of (score 1 - score 0) over its weights
    and bias is the outer product of a sample's delta and (input, 1).
    posterior: (N,), p(class 1)
    deltas: (N, d), the gradient of (score 1 - score 0) at the layer's output
    inputs: (N, f), the layer's input
    """

    posterior: np.ndarray
    deltas: np.ndarray
    inputs: np.ndarray


class GradientLength:
    """Scores patches with one net, again and again.

    prototxt: path of a classifier with a SoftmaxWithLoss and any number of classes C, fed by Input
        layers
    weights: path of a .caffemodel; or a caffe.Net (say, solver.net), whose weights are shared: each
        call sees them as they then are. Nothing of that net is written, its diffs included
    stop: layer at which the backward pass ends; None: the first InnerProduct layer that leads to
        the loss, as in the paper
    parameters: "layer" counts the weights and bias of that layer alone, "above" those of every
        layer from there up
    batch: patches at a time, None: device.scoring_batch(); a matter of speed, and of the last bits.
        The param-diff route takes one at a time
    route: "batched" (exact, and as fast as a forward pass when the counted layers are
        InnerProduct), "param-diff" (the reference: reads Caffe's own parameter gradients), or
        "auto": batched wherever possible
    Attributes: net (caffe.Net), classifier (of its definition), route (never "auto"), counted
    (names of the layers whose gradient counts), batch (of the net; 1 by the param-diff route).
    Raises NetError where the net does not fit: see classifier.find_classifier and counted.
    """

    def __init__(
        self,
        prototxt: Any,
        weights: Any,
        stop: Optional[str] = None,
        parameters: str = "layer",
        batch: Optional[int] = None,
        route: str = "auto",
    ) -> None:
        if route not in ROUTES:
            raise NetError(f"route must be one of {', '.join(ROUTES)}, not {route!r}")
        self.classifier = find_classifier(read_net(prototxt), prototxt)
        check_samples_apart(self.classifier)
        if stop is None:
            stop = default_stop(self.classifier)
        self.counted = counted_layers(self.classifier, stop, parameters)
        types = {layer.type for layer in self.classifier.layers if layer.name in self.counted}
        if route == "auto":
            route = "batched" if types.issubset(SQUARES) else "param-diff"
        self.route = route
        self._by: Union[Batched, ParamDiff]
        if route == "batched":
            check_batched(self.classifier, self.counted)
            self.net = scoring_net(
                prototxt,
                weights,
                scoring_batch() if batch is None else batch,
                no_gradient=passed_through(self.classifier, self.counted[0]),
                end=self.counted[0],
            )
            check_classes(self.net, self.classifier)
            self._by = Batched(self.net, self.classifier, self.counted)
        else:
            self.net = scoring_net(prototxt, weights, end=self.counted[0])
            check_classes(self.net, self.classifier)
            self._by = ParamDiff(self.net, self.classifier, self.counted)
        self.batch: int = self.net.blobs[self.classifier.data].shape[0]

    def score(self, patches: Any) -> GradientLengths:
        """Return the GradientLengths of `patches`.

        patches: N x channels x height x width as the net takes them, floating point and normalised;
            an array or anything that slices into arrays (an HDF5 data set). N may be 0
        Raises NetError for another shape, integers, and patches that are not finite; Diverged if
        the net's numbers are not finite.
        """
        self._check_patches(patches)
        check_weights(self.net, self.classifier)
        posterior = np.empty((len(patches), self.classifier.classes))
        norms = np.empty_like(posterior)
        for rows in feed(self.net, self.classifier.data, patches):
            n = rows.stop - rows.start
            batch_posterior, batch_norms = self._by.score()
            posterior[rows], norms[rows] = batch_posterior[:n], batch_norms[:n]
        self._check_finite(norms)
        return GradientLengths((posterior * norms).sum(axis=1), posterior, norms)

    def factors(self, patches: Any) -> GradientFactors:
        """Return the GradientFactors of `patches`, given as for score().

        Raises NetError unless the net has two classes, one InnerProduct layer counts, and the route
        is batched; and whatever score() raises.
        """
        by = self._by_with_factors()
        self._check_patches(patches)
        check_weights(self.net, self.classifier)
        (layer,) = self.counted
        n_outputs = self.net.blobs[self.net.top_names[layer][0]].data[0].size
        n_inputs = self.net.blobs[self.net.bottom_names[layer][0]].data[0].size
        posterior = np.empty(len(patches))
        deltas = np.empty((len(patches), n_outputs))
        inputs = np.empty((len(patches), n_inputs))
        for rows in feed(self.net, self.classifier.data, patches):
            n = rows.stop - rows.start
            batch_posterior, batch_deltas, batch_inputs = by.factors()
            posterior[rows] = batch_posterior[:n, 1]
            deltas[rows], inputs[rows] = batch_deltas[:n], batch_inputs[:n]
        for values in (posterior, deltas, inputs):
            self._check_finite(values)
        return GradientFactors(posterior, deltas, inputs)

    def _by_with_factors(self) -> Batched:
        types = {layer.name: layer.type for layer in self.classifier.layers}
        if (
            not isinstance(self._by, Batched)
            or self.classifier.classes != 2
            or [types[name] for name in self.counted] != ["InnerProduct"]
        ):
            raise NetError(
                "the EGL of a bag is for two classes and one fully connected layer: ip1 or ip2"
            )
        return self._by

    def _check_patches(self, patches: Any) -> None:
        check_array(patches, "patches")
        shape = self.classifier.input_shape
        if tuple(patches.shape[1:]) != shape or not np.issubdtype(patches.dtype, np.floating):
            raise NetError(
                f"patches are {patches.dtype} of shape {tuple(patches.shape)}; "
                f"{self.classifier.path} takes normalised floats of shape "
                f"N x {' x '.join(map(str, shape))}"
            )

    def _check_finite(self, values: np.ndarray) -> None:
        if not np.isfinite(values).all():
            raise Diverged(
                f"{self.classifier.path}: the gradients are not finite, though the scores are: "
                "training has diverged; lower the rate or momentum"
            )
