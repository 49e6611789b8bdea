"""A committee of nets for query by bagging (Abe and Mamitsuka 1998)."""

import os
from dataclasses import replace
from typing import Callable, Tuple

import numpy as np

from data_prep.normalisation import Normalisation
from data_prep.random_streams import Stream, random_state
from egl.errors import EglError
from egl.gradient_length.scorer import NetScorer
from egl.training.settings import TrainerSettings
from egl.training.snapshots import forget_others, snapshot_folder
from egl.training.trainer import Trainer

MEMBERS = 4
_SEED_STEP = 1000003  # a member's initial weights are its own: seed + this times its number


class Committee:
    """MEMBERS nets beside the one that is trained, each on bootstrap samples of what is labelled.

    A member takes one SGD step for each step of the net, and does not start anew each round. The
    committee costs MEMBERS times what the net costs.
    """

    def __init__(
        self, settings: TrainerSettings, normalisation: Normalisation, folder: str
    ) -> None:
        """settings: of the net; folder: the run's, in which each member has a folder."""
        self._seed = settings.seed
        self._folders = [os.path.join(folder, "committee", str(n)) for n in range(MEMBERS)]
        self._members, self._scorers = [], []
        for number, path in enumerate(self._folders):
            os.makedirs(path, exist_ok=True)
            seed = (settings.seed + _SEED_STEP * (number + 1)) % 2**31
            member = Trainer(replace(settings, seed=seed), normalisation, path)
            self._members.append(member)
            self._scorers.append(NetScorer(member.score_prototxt, member.solver.net, normalisation))

    def step(
        self, n_known: int, read: Callable[[np.ndarray], Tuple[np.ndarray, np.ndarray]]
    ) -> None:
        """Let each member do an SGD iteration on a bootstrap sample of the n_known samples.

        read(indices): the patches and labels of samples, by their index from 0 to n_known - 1.
        """
        for number, member in enumerate(self._members):
            random = random_state(self._seed, Stream.BOOTSTRAP, number, member.iteration)
            member.step(*read(random.randint(n_known, size=member.settings.batch)))

    def posteriors(self, patches: np.ndarray) -> np.ndarray:
        """Return each member's posterior of patches (uint8): (MEMBERS, n, C)."""
        return np.stack([scorer.posterior(patches) for scorer in self._scorers])

    def snapshot(self) -> None:
        """Save all members. Earlier snapshots stay until `forget_earlier`, to go back to."""
        for member in self._members:
            member.snapshot({}, keep_earlier=True)

    def forget_earlier(self) -> None:
        """Remove all snapshots but the newest, once the run's own snapshot is whole."""
        for member, folder in zip(self._members, self._folders):
            forget_others(folder, snapshot_folder(folder, member.iteration))

    def restore(self, iteration: int) -> None:
        """Go back to the snapshots of an iteration. EglError where one is missing."""
        for member, folder in zip(self._members, self._folders):
            if member.restore(iteration) is None:
                raise EglError(
                    f"{folder}: has no snapshot of iteration {iteration}; remove the run's folder "
                    "and start again"
                )
