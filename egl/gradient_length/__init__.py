"""Expected gradient length, phi (Eq. 1): the reference, and faster exact routes to its numbers."""

from egl.gradient_length.phi import GradientLength, GradientLengths

__all__ = ["GradientLength", "GradientLengths"]
