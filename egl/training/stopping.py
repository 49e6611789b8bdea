"""The paper's stopping rule, as a function of what was watched."""

from typing import Sequence

SIGNIFICANT = 0.01  # relative: a loss that falls by less than 1% does not decrease significantly
EPOCHS_OF_SAME_ACCURACY = 2  # "the same for more than one epoch"


def should_stop(history: Sequence[Sequence[float]]) -> bool:
    """Return whether training stops after the last epoch of `history`.

    history: (training loss, validation loss, validation accuracy) of each epoch. The paper: "when
    the training and validation error no longer decrease significantly, or when the accuracy stays
    the same for more than one epoch". Our reading: neither loss fell by 1% of its best value
    before; or the validation accuracy of the last two epochs is that of the epoch before them.
    """
    if len(history) < 2:
        return False
    earlier, last = history[:-1], history[-1]
    falls = [
        last[loss] < (1 - SIGNIFICANT) * min(epoch[loss] for epoch in earlier) for loss in (0, 1)
    ]
    accuracies = [epoch[2] for epoch in history[-1 - EPOCHS_OF_SAME_ACCURACY :]]
    flat = len(accuracies) > EPOCHS_OF_SAME_ACCURACY and len(set(accuracies)) == 1
    return not any(falls) or flat
