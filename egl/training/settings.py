"""What training may be told: the solver's numbers, and how long full training goes on."""

from dataclasses import dataclass
from typing import Optional, Tuple

from data_prep.normalisation import FACTOR, SCALINGS
from data_prep.settings import SettingsError, check_ranges, setting

LARGEST_SEED = 2**31 - 1
# How the learning rate falls, in Caffe's words. "inv" has the numbers of its LeNet; "solver" leaves
# it to the solver's file.
LR_POLICIES = ("fixed", "inv", "solver")
INV_GAMMA, INV_POWER = 1e-4, 0.75


@dataclass(frozen=True)
class TrainerSettings:
    """A run's choices for SGD; the paper's values where it gives them (rate, batch)."""

    solver: str = setting(
        "lenet_solver.prototxt",
        "solver, a file in prototxt/ or a path; it names the net to train",
        metavar="FILE",
    )
    score_net: str = setting(
        "lenet_score.prototxt",
        "the same net for scoring, fed by Input layers",
        metavar="FILE",
    )
    seed: int = setting(
        1, "decides the initial weights and every random choice", low=0, high=LARGEST_SEED
    )
    batch: int = setting(32, "patches in an SGD iteration; the paper's", low=1)
    rate: float = setting(0.01, "learning rate; the paper's", above=0)
    lr_policy: str = setting(
        "fixed",
        "how the rate falls: not at all, as in Caffe's LeNet (inv), or as the solver's file says",
        choices=LR_POLICIES,
    )
    momentum: float = setting(0.9, "as in Caffe's LeNet; the paper names none", low=0, below=1)
    weight_decay: float = setting(0.0005, "as in Caffe's LeNet; the paper names none", low=0)
    scaling: str = setting(
        "mean", "subtract the training patches' mean, or each patch's own", choices=SCALINGS
    )
    factor: float = setting(
        FACTOR, "multiplied with the pixels after the mean is subtracted", above=0
    )
    weights: Optional[str] = setting(
        None,
        "weights to begin with: a model folder or a run folder, whose normalisation is then used "
        "in place of --scaling and --factor, or a .caffemodel; not given: random ones",
        metavar="MODEL|RUN|FILE", kind=str,
    )  # fmt: skip
    device: str = setting("cpu", "where Caffe computes", option=None)

    def check(self) -> None:
        """Raise SettingsError for a value that cannot be meant."""
        check_ranges(self)


@dataclass(frozen=True)
class FullTrainingSettings:
    """The baseline's choices: the paper's 30 epochs, or fewer by its stopping rule."""

    trainer: TrainerSettings = TrainerSettings()
    epochs: int = setting(30, "epochs at most; the paper's number", low=1)
    stop_early: bool = setting(
        True, "run all epochs, and only note where the paper's stopping rule would have ended them",
        option="all-epochs",
    )  # fmt: skip
    iterations: int = setting(
        0, "SGD iterations after which training ends; 0: epochs decide", low=0, option=None
    )
    evaluate_every: int = setting(
        0, "SGD iterations between evaluations; 0: one after each epoch", low=0, option=None
    )
    keep_weights: Tuple[int, ...] = setting(
        (), "SGD iterations after which the weights are kept for good, in RUN/weights", option=None
    )

    def check(self) -> None:
        """Raise SettingsError for a value that cannot be meant."""
        check_ranges(self)
        if self.stop_early and self.evaluate_every:
            raise SettingsError(
                "evaluate_every: the stopping rule judges epochs; give stop_early False with it"
            )
