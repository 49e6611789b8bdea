"""Expected gradient length, phi (the paper's Eq. 1): the reference, and faster exact routes to the same numbers."""

from egl.gradient_length.phi import GradientLength, GradientLengths

__all__ = ["GradientLength", "GradientLengths"]
