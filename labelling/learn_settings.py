"""The choices made when a model learns from answers."""

from dataclasses import dataclass

from data_prep.settings import check_ranges, setting
from egl.training.settings import LARGEST_SEED


@dataclass(frozen=True)
class LearnSettings:
    """How long and how fast a model goes on training."""

    iterations: int = setting(200, "SGD iterations, of 32 samples each", low=1)
    rate: float = setting(
        0.001, "learning rate: a tenth of that of training from the start", above=0
    )
    seed: int = setting(
        1, "decides the order of the samples, and which split new patients join",
        low=0, high=LARGEST_SEED,
    )  # fmt: skip

    def check(self) -> None:
        """Raise SettingsError for a value that cannot be meant."""
        check_ranges(self)
