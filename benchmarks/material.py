"""What benchmarks.inputs made, as the programs with Caffe use it."""

import json
import os
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.sizes import read_sizes
from data_prep.normalisation import Normalisation
from egl.gradient_length.maps import ImageScorer
from egl.nets.definition import prototxt_path

SCORE = prototxt_path("lenet_score.prototxt")


class Material:
    """The files of `folder`: sizes, path of the weights, patches, image, scores of some patches."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.sizes = read_sizes(folder)
        self.weights = os.path.join(folder, "model.caffemodel")

    @cached_property
    def patches(self) -> np.ndarray:
        return np.load(os.path.join(self.folder, "patches.npy"))

    @cached_property
    def levels(self) -> np.ndarray:
        """The patches before normalisation, uint8."""
        return np.load(os.path.join(self.folder, "levels.npy"))

    @cached_property
    def normalisation(self) -> Normalisation:
        with open(os.path.join(self.folder, "normalisation.json"), encoding="utf-8") as file:
            return Normalisation.from_dict(json.load(file))

    @cached_property
    def image(self) -> np.ndarray:
        return np.load(os.path.join(self.folder, "image.npy"))

    @cached_property
    def scores(self) -> Any:
        """phi and posterior of the first patches by the param-diff route."""
        return np.load(os.path.join(self.folder, "scores.npz"))

    def image_scorer(self, route: str) -> ImageScorer:
        """Return an ImageScorer with the normalisation of the training."""
        return ImageScorer(SCORE, self.weights, self.normalisation, route=route)
