"""What to label next: every strategy a small module, with its source; here they have their names.

A strategy is made for one learner (egl.selection.model) and has

    choose_patches(patches, k, known)            -> (places, scores) of the k to label next
    choose_images(images, n, bags, labelled)     -> (places, scores) of the n to label next
"""

from egl.strategies.by_bag import BagGradientLengths, SoftmaxBagGradientLengths
from egl.strategies.by_features import Badge, CoreSet, DiverseGradientLengths
from egl.strategies.by_score import (
    CommitteeDivergence,
    Entropy,
    GradientLengths,
    LeastConfidence,
    Margin,
    OutputChange,
    VoteEntropy,
)
from egl.strategies.chance import Random

STRATEGIES = {
    "egl": GradientLengths,
    "random": Random,
    "least-confidence": LeastConfidence,
    "margin": Margin,
    "entropy": Entropy,
    "vote-entropy": VoteEntropy,
    "committee-kl": CommitteeDivergence,
    "output-change": OutputChange,
    "bag-egl": BagGradientLengths,
    "bag-egl-softmax": SoftmaxBagGradientLengths,
    "core-set": CoreSet,
    "badge": Badge,
    "egl-diverse": DiverseGradientLengths,
}
WITH_COMMITTEE = ("vote-entropy", "committee-kl")
