"""The settings of a run of Algorithm 1 or 2; every choice that the paper leaves open is one."""

from dataclasses import dataclass, replace
from typing import Optional, Tuple

from data_prep.settings import SettingsError, check_ranges, setting
from egl.gradient_length.counted import PARAMETERS
from egl.gradient_length.phi import ROUTES
from egl.selection.start import DRAWS
from egl.selection.update import UPDATES
from egl.strategies.ranking import check_reduction
from egl.strategies.registry import find_strategy
from egl.training.settings import TrainerSettings

BY = ("image", "patch")
LABELLED = ("store", "grid")
AFTER_ROUND = ("accumulate", "replace")
SAMPLING = ("uniform", "stratified")
COPIES = ("samples", "patch")
# Fig. 2 trains on the initial images for 6 iterations; Algorithm 1's initial model for 5.
INITIAL_ITERATIONS = {"image": 6, "patch": 5}


@dataclass(frozen=True)
class SelectionSettings:
    """The choices of the algorithms. The paper gives the initial sizes and leaves the rest open."""

    iterations: int = setting(60, "SGD iterations in all", low=1)
    k: int = setting(32, "patches chosen a round: one batch", low=1)
    after_round: str = setting(
        "accumulate",
        "whether a chosen sample may be chosen again: no (L' accumulates) or yes (L' is replaced)",
        choices=AFTER_ROUND,
    )
    update: str = setting(
        "union",
        "what the SGD batches of a round are drawn from: L' + L_k at random (line 7 of Algorithm "
        "1); L_k first, filled up from L' + L_k; or L_k alone",
        choices=UPDATES,
    )
    copies: str = setting(
        "samples",
        "whether each symmetric copy of a patch is a candidate of its own, or the patch is one, "
        "trained on under random symmetries",
        choices=COPIES,
    )
    candidates: int = setting(
        400, "samples scored a round, drawn at random; 0: all, as in the paper", low=0
    )
    sampling: str = setting(
        "uniform",
        "how candidates are drawn: all alike, or as many from each image as there are",
        choices=SAMPLING,
    )
    candidate_images: int = setting(
        0, "images scored a round, drawn at random; 0: all", low=0, metavar="N"
    )
    initial_iterations: Optional[int] = setting(
        None, "SGD iterations before the first choice; not given: 6 by image (Fig. 2), 5 by patch",
        low=1, kind=int,
    )  # fmt: skip
    images_per_round: int = setting(1, "images labelled a round", low=1)
    steps: int = setting(1, "SGD iterations a round", low=1)


@dataclass(frozen=True)
class RunSettings:
    """One arm of an experiment."""

    by: str = setting("image", "choose images (Algorithm 2) or patches (Algorithm 1)", choices=BY)
    strategy: str = setting(
        "egl", "what chooses images, and patches: a name of docs/strategies.md, or module:Class"
    )
    patch_strategy: str = setting("", "for the patches alone, where it differs from --strategy")
    selection: SelectionSettings = SelectionSettings()
    trainer: TrainerSettings = TrainerSettings()
    lesion_share: float = setting(
        0.15,
        "the share of images with exudates in the pool, at most: the others are left out at "
        "random; the paper's is 47 of 315; 1: all stay",
        above=0,
        high=1,
    )
    initial_images: int = setting(4, "mu, the images of the start", low=2)
    initial_draw: str = setting(
        "lot",
        "how they are drawn: by lot, as in the paper; by lot until both kinds are among them; or "
        "half of them with exudates",
        choices=DRAWS,
    )
    stop_layer: str = setting(
        "ip1", "layer where the backward pass ends; the paper's is the first fully connected one"
    )
    parameters: str = setting(
        "layer",
        "whose gradient counts: that layer's, or all from there up",
        choices=PARAMETERS,
    )
    route: str = setting(
        "auto", "how phi is computed; param-diff is the slow reference", choices=ROUTES
    )
    score: str = setting(
        "sum", "an image's score from the phi of its patches: sum, mean, or topN, for instance top5"
    )
    stride: int = setting(24, "pixels between the patches by which an image is scored", low=1)
    image_patches: int = setting(
        32,
        "patches of an image that are scored, drawn at random once; 0: all, as in the paper",
        low=0,
    )
    labelled: str = setting(
        "store",
        "the patches of a labelled image: those of the store, balanced, or all of its grid, "
        "labelled by its mask, with the classes' natural shares",
        choices=LABELLED,
    )
    evaluate_every: int = setting(
        1,
        "SGD iterations between evaluations on the validation and test samples",
        low=1,
        metavar="N",
    )
    keep_weights: Tuple[int, ...] = setting(
        (), "SGD iterations after which the weights are kept for good, in RUN/weights", option=None
    )

    @property
    def initial_iterations(self) -> int:
        """SGD iterations before the first choice, whether given or the paper's."""
        given = self.selection.initial_iterations
        return INITIAL_ITERATIONS[self.by] if given is None else given

    @property
    def strategies(self) -> Tuple[str, str]:
        """The names of what chooses images and of what chooses patches."""
        return self.strategy, self.patch_strategy or self.strategy

    def resolved(self) -> "RunSettings":
        """Return these settings with nothing left open: what a run folder keeps."""
        selection = replace(self.selection, initial_iterations=self.initial_iterations)
        return replace(self, selection=selection)

    def check(self) -> None:
        """Raise SettingsError, or EglError for strategy or score, where a value is out of range."""
        check_ranges(self)
        check_reduction(self.score)
        for name in self.strategies:
            find_strategy(name)
        if self.labelled == "grid" and self.by == "patch":
            raise SettingsError(
                "--labelled grid: is for choosing images; --by patch chooses the store's patches"
            )
