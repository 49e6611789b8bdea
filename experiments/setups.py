"""The set-ups of SGD under which the paper's claims are tried.

What the paper leaves open about SGD was settled by the calibration, on plain SGD alone. The
calibrated set-up is this package's default. The other has the paper's equation as it is printed,
without momentum and weight decay, at a scale of its own.
"""

from typing import Any, Dict, NamedTuple, Optional, Tuple


class Setup(NamedTuple):
    """title: for a reader; trainer: what differs from the default TrainerSettings; experiments:
    those that are run under it, None for all."""

    title: str
    trainer: Dict[str, Any]
    experiments: Optional[Tuple[str, ...]]


CALIBRATED, EQUATION = "calibrated", "equation"
SETUPS = {
    CALIBRATED: Setup("calibrated", {}, None),
    EQUATION: Setup(
        "the paper's equation",
        {"momentum": 0.0, "weight_decay": 0.0},
        ("fig2", "patches", "baseline", "fig3", "labels"),
    ),
}
