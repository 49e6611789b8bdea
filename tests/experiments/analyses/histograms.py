"""Histograms of a few pixels."""

import numpy as np

from experiments.analyses.pixel_scores import BINS


def histogram_of(healthy, annotated):
    """Return the histogram of healthy and annotated pixels in these bins."""
    return np.stack([np.bincount(bins, minlength=BINS) for bins in (healthy, annotated)])
