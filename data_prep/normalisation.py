"""How pixels become the numbers that a net takes: the only place for the mean and the factor."""

from dataclasses import dataclass
from typing import Any, Dict, Iterable, Optional, Tuple

import numpy as np

from data_prep.settings import SettingsError, not_known

FACTOR = 1 / 64  # raw grey levels diverge at the paper's learning rate
# What is subtracted: one mean for all patches, or each patch's own.
SCALINGS = ("mean", "patch-mean")


@dataclass(frozen=True)
class Normalisation:
    """float32 (pixels - mean) * factor.

    mean: grey levels, one a channel, subtracted from every pixel; None: each patch's own mean of
        each channel
    factor: multiplied afterwards
    """

    mean: Optional[Tuple[float, ...]] = None
    factor: float = FACTOR

    @classmethod
    def of(cls, scaling: str, mean: Iterable[float], factor: float = FACTOR) -> "Normalisation":
        """Return the normalisation for one of SCALINGS.

        mean: (C,), of the training patches, grey levels. Raises SettingsError for another scaling.
        """
        if scaling not in SCALINGS:
            raise SettingsError(not_known("scaling", scaling, SCALINGS))
        subtracted = tuple(float(value) for value in mean) if scaling == "mean" else None
        return cls(subtracted, float(factor))

    @classmethod
    def from_dict(cls, value: Dict[str, Any]) -> "Normalisation":
        """Return what `as_dict` was called on."""
        return cls(None if value["mean"] is None else tuple(value["mean"]), value["factor"])

    def as_dict(self) -> Dict[str, Any]:
        """Return this as a dict for JSON."""
        return {"mean": None if self.mean is None else list(self.mean), "factor": self.factor}

    def apply(self, patches: np.ndarray) -> np.ndarray:
        """Return patches (N, C, H, W) of uint8 as the net takes them: float32 (N, C, H, W)."""
        values = patches.astype(np.float32)
        if self.mean is None:
            values -= values.mean(axis=(2, 3), keepdims=True)
        else:
            values -= np.asarray(self.mean, np.float32).reshape(1, -1, 1, 1)
        values *= np.float32(self.factor)
        return values
