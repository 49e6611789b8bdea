"""How pixels become what a net takes, checked against the net."""

from __future__ import annotations

from typing import Any

import numpy as np

from data_prep.normalisation import Normalisation
from egl.errors import NetError
from egl.nets.arguments import described
from egl.nets.classifier import Classifier


def check_normalisation(normalisation: Any, classifier: Classifier) -> None:
    """Raise NetError unless it is a Normalisation with a finite mean for each channel of a net.

    Raises NetError too where the net takes no patches: channels, height and width.
    """
    shape = classifier.input_shape
    if len(shape) != 3:
        raise NetError(
            f"{classifier.path}: a sample has the shape {shape}; patches have channels, height "
            "and width"
        )
    channels = shape[0]
    if not isinstance(normalisation, Normalisation):
        raise NetError(
            "normalisation must be a data_prep.normalisation.Normalisation, "
            f"not {described(normalisation)}"
        )
    try:
        mean = np.asarray(() if normalisation.mean is None else normalisation.mean, float)
        factor = float(normalisation.factor)
    except (TypeError, ValueError) as error:
        raise NetError(
            "the normalisation wants numbers: a mean for each channel, and a factor"
        ) from error
    if normalisation.mean is not None and mean.shape not in ((1,), (channels,)):
        raise NetError(
            f"the mean of the normalisation has the shape {mean.shape}; wanted is a number for "
            f"each of the {channels} channels: of a mean image, its mean over height and width"
        )
    if not (np.isfinite(mean).all() and np.isfinite(factor)):
        raise NetError(f"the normalisation is not finite: mean {mean.tolist()}, factor {factor}")
