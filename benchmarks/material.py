"""What benchmarks.inputs made, as the programs with Caffe use it."""

import json
import os
from functools import cached_property

import numpy as np

from benchmarks.sizes import read_sizes
from egl.gradient_length.maps import ImageScorer
from egl.nets.definition import prototxt_path

SCORE = prototxt_path("lenet_score.prototxt")


class Material:
    """The files of `folder`: sizes, path of the weights, patches, image, and phi and posterior of the first patches."""

    def __init__(self, folder):
        self.folder = folder
        self.sizes = read_sizes(folder)
        self.weights = os.path.join(folder, "model.caffemodel")

    @cached_property
    def patches(self):
        return np.load(os.path.join(self.folder, "patches.npy"))

    @cached_property
    def image(self):
        return np.load(os.path.join(self.folder, "image.npy"))

    @cached_property
    def scores(self):
        return np.load(os.path.join(self.folder, "scores.npz"))

    def image_scorer(self, route):
        """Return an egl.gradient_length.maps.ImageScorer with the mean and factor of the training."""
        with open(os.path.join(self.folder, "settings.json"), encoding="utf-8") as file:
            return ImageScorer(SCORE, self.weights, route=route, **json.load(file))
