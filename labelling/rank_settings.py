"""The choices made when a pool is ranked, and when masks are predicted."""

from dataclasses import dataclass

from data_prep.settings import check_ranges, setting

REDUCTIONS = ("sum", "mean", "top5", "top32")
STRATEGIES = ("egl-diverse", "egl", "random")


@dataclass(frozen=True)
class RankSettings:
    """How photographs are ranked, and how many of the first are shown."""

    strategy: str = setting(
        "egl-diverse",
        "what comes first: the most interesting photographs, each unlike the others (egl-diverse: "
        "mean F 0.725 in docs/results.md, against 0.710 at random and 0.277 by egl), the most "
        "interesting (egl), or any (random)",
        choices=STRATEGIES,
    )
    score: str = setting(
        "sum", "a photograph's interestingness from the phi of its patches", choices=REDUCTIONS
    )
    stride: int = setting(24, "pixels between the patches by which it is scored", low=1)
    budget: float = setting(
        0.0, "minutes that a person has; 0: as the pool knows it", low=0, metavar="MINUTES"
    )
    seconds: float = setting(
        60.0, "that a photograph takes a person, as long as nobody has answered", above=0
    )
    first: int = setting(
        20, "photographs to show, where no budget tells how many", low=1, high=1000, metavar="N"
    )
    seed: int = setting(1, "decides ties of egl-diverse, and random", low=0, high=2**31 - 1)

    def check(self) -> None:
        """Raise SettingsError for a value that cannot be meant."""
        check_ranges(self)


@dataclass(frozen=True)
class PredictSettings:
    """How p(exudate) is found at each pixel."""

    stride: int = setting(
        8, "pixels between the patches whose probability is known; linear between", low=1
    )

    def check(self) -> None:
        """Raise SettingsError for a value that cannot be meant."""
        check_ranges(self)
