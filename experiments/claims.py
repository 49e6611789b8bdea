"""The paper's claims, and the rule of each verdict, written down before the runs."""

import math
from typing import NamedTuple

REPRODUCED, NOT_REPRODUCED, CONTRADICTED, UNDECIDED = VERDICTS = (
    "reproduced",
    "not reproduced",
    "contradicted",
    "undecided",
)
# What stands in a verdict's place where the runs cannot carry one.
DEMONSTRATION = "demonstration"
LEAST_SEEDS = 5


class Claim(NamedTuple):
    """text: what the paper says; rule: when it counts as reproduced here."""

    text: str
    rule: str


CLAIMS = {
    "C1": Claim(
        "Choosing images by EGL (Algorithm 2) converges earlier than random choice: in as few as "
        "15 batches.",
        "fig2, pool with healthy images: of the paired difference (EGL minus random, same seed) "
        "in the area under the F curve from the first choice to the last batch, the 95% "
        "t-interval lies above 0. Below 0: contradicted.",
    ),
    "C2": Claim(
        "EGL reaches a better local optimum than plain SGD.",
        "patches: of the paired difference (EGL minus plain SGD on all labels, same seed) in the "
        "last F after equally many iterations, the 95% t-interval lies above 0. Below 0: "
        "contradicted.",
    ),
    "C3": Claim(
        "An image's interestingness decays to about 0 after convergence.",
        "fig3: at the last time, the median over images and seeds of interestingness over its "
        "maximum in time is below 0.05, among runs whose net still works there (F at least 90% of"
        " its best). No such run: undecided.",
    ),
    "C4": Claim(
        "Where the backward pass stops, at the first fully connected layer or elsewhere, makes no"
        " significant difference.",
        "layers: for each other stop, the 95% t-interval of the paired difference to ip1 in the "
        "area under the F curve holds 0 and lies within -0.05 to 0.05. An interval without 0: "
        "contradicted; one with 0 and wider than that: undecided.",
    ),
    "C5": Claim(
        "Batch sizes 32 to 64 with a learning rate of 0.01 are robust.",
        "grid: at rate 0.01, batches of 32 and of 64 each reach a mean F within 0.02 of the best "
        "cell's, and no seed diverges.",
    ),
    "C6": Claim(
        "EGL with part of the labels performs like training on the full set.",
        "labels: in every seed EGL's F reaches 95% of the full-data F with at most half of the "
        "labels; and it needs fewer of them than random choice (95% t-interval of the paired "
        "difference in the share below 0). The first without the second: undecided.",
    ),
    "C7": Claim(
        "The maps give useful masks: they segment the regions of interest.",
        "masks: at a threshold chosen on the validation images, on the test images the p(exudate)"
        " map's pixel AUC-PR is at least ten times the share of annotated pixels, and lesions are"
        " found with precision and recall of at least 0.5. Only the first: undecided.",
    ),
}

# How the default for SGD is found: on plain SGD alone, with nothing of EGL looked at.
CALIBRATION = (
    "Candidates: the pixels' scale (mean subtracted, times 1/256, 1/128 or 1/64; each patch's own "
    "mean, times 1/64), the rate (as in Caffe's LeNet, or fixed), and momentum 0.9 with decay "
    "0.0005, or neither, as in the paper's equation. Screening: seed 1 of each, 12 epochs. Those "
    "that diverge are out. The two best with momentum and the two best without train 30 epochs, "
    "3 seeds each, at the paper's rate and batch. One in which a seed diverges is out. What is "
    "compared, in both steps, is F on the validation patches after the epoch in which the paper's "
    "stopping rule says stop (or the last one). Of the finalists' means, those within 0.005 of the "
    "best are a tie, and the one nearest to Caffe's LeNet wins: scale first (1/256, 1/128, 1/64, "
    "each patch's mean), then rate, then momentum. The winner is the default; the winner among "
    "those without momentum and decay is the set-up of the paper's equation."
)


# Which of the paper's open choices decide: experiments.paper.readings, written before its runs.
READINGS = (
    "Eight choices with two levels each, in 16 of their 256 combinations (a fractional factorial "
    "design of resolution IV), 5 seeds, from 11 on. Measure: the lead, which is the mean F on the "
    "test patches from the first choice to the last batch, EGL minus random choice of the same "
    "seed. A choice's main effect is the mean lead of the 8 cells with its other level, minus that "
    "of the 8 cells with its literal one. The lead depends on a choice where the t-interval of its "
    "main effect over the seeds, 95% for all eight together (Bonferroni), leaves out 0. A choice "
    "decides the answer where, besides, the mean lead has one sign at one level and the other sign "
    "at the other, both with 95% t-intervals that leave out 0. Interactions of two choices are "
    "shown by the groups in which they cannot be told apart, and give no verdict."
)


def by_interval(mean: float, half: float) -> str:
    """Return the verdict on a claim that an effect is above 0, from its 95% interval.

    half: of the interval's width; nan for one seed, which decides nothing
    """
    if math.isnan(half):
        return UNDECIDED
    if mean - half > 0:
        return REPRODUCED
    return CONTRADICTED if mean + half < 0 else NOT_REPRODUCED


def decided(verdict: str, seeds: int, synthetic: bool) -> str:
    """Return a verdict, or DEMONSTRATION: of phantoms, and of fewer seeds than LEAST_SEEDS.

    seeds: behind the verdict; synthetic: whether the photographs are phantoms
    """
    return DEMONSTRATION if synthetic or seeds < LEAST_SEEDS else verdict
