"""Every use of random numbers, by name.

Each draws from a stream of its own, so that no choice depends on another. The numbers are part of
every result: a stream with another number gives other results for the same seed. Phantoms have
streams of their own (data_prep.phantom.write), with longer seeds.
"""

import enum

import numpy as np


@enum.unique
class Stream(enum.IntEnum):
    """What random numbers are drawn for.

    Two names with one number are an error when this module is imported.
    """

    SPLIT = 0  # which patients go into which split
    PATCHES = 1  # which patches of a photograph go into the store
    EXPORT = 2  # the order of exported samples
    CONTACT_SHEET = 3  # the patches that a contact sheet shows
    EPOCH = 10  # the order of the samples in an epoch of full training
    INITIAL_IMAGES = 20  # the images that a run begins with
    ROUND = 21  # the candidates of a round, and the patches of the initial model
    RANDOM_PATCHES = 22  # the strategy `random`, for patches
    RANDOM_IMAGES = 23  # the strategy `random`, for images
    GRID = 24  # which patches of a photograph are scored
    FILL = 25  # which samples make a batch, or fill it beside the chosen patches
    POOL = 26  # the images with exudates that are left out of the pool
    TURNS = 27  # the symmetries under which patches are trained on, where each is one sample
    OUTPUT_CHANGE = 40  # the sample on which the change of the output is measured
    BADGE = 41
    CLUSTERS = 42  # the k-means of egl-diverse
    BOOTSTRAP = 43  # what a member of a committee is trained on
    PERSON = 60  # a simulated person's photographs, and their order at random


def random_state(seed: int, stream: Stream, *numbers: int) -> np.random.RandomState:
    """Return the random state of one use; `numbers` distinguish, say, its iterations or images.

    A stream always takes equally many numbers: to numpy, the seeds [2, 1] and [2, 1, 0] are one.
    """
    return np.random.RandomState([seed, int(stream), *numbers])
