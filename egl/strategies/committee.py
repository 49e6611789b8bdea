"""A committee of nets, each trained on bootstrap samples of what is labelled (query by bagging: Abe and Mamitsuka 1998)."""

import os
import shutil

import numpy as np

from egl.training.trainer import Trainer, snapshots

MEMBERS = 4
_BOOTSTRAP = 43  # the use of random numbers
_SEEDS = 1000003  # a member's initial weights are its own: seed + this times its number


class Committee:
    """MEMBERS nets beside the one that is trained; each takes one SGD step for each of its steps, on a bootstrap sample.

    A member does not start anew each round: it goes on, as the net itself does. Its cost is that of the net, MEMBERS times.
    """

    def __init__(self, settings, mean, folder):
        """settings: TrainerSettings of the net; mean: (3,); folder: the run's, in which each member has a folder."""
        self._seed = settings.seed
        self._folders = [os.path.join(folder, "committee", str(n)) for n in range(MEMBERS)]
        self._members = []
        for n, path in enumerate(self._folders):
            os.makedirs(path, exist_ok=True)
            own = settings._replace(seed=(settings.seed + _SEEDS * (n + 1)) % 2**31)
            self._members.append(Trainer(own, mean, path))

    def step(self, n_known, read):
        """Let each member do an SGD iteration on a bootstrap sample of the n_known samples trained on; read(places) -> patches, labels."""
        for n, member in enumerate(self._members):
            random = np.random.RandomState([self._seed, _BOOTSTRAP, n, member.iteration])
            member.step(*read(random.randint(n_known, size=member.settings.batch)))

    def posteriors(self, patches):
        """Return each member's posterior of patches (uint8): (MEMBERS, n, C)."""
        return np.stack([member.posterior(patches) for member in self._members])

    def snapshot(self):
        """Save all members; earlier snapshots stay until `forget_earlier`, so that they can go back with the run."""
        for member in self._members:
            member.snapshot({}, keep_earlier=True)

    def forget_earlier(self):
        """Remove all snapshots but the present ones: to be called when the run's own snapshot is whole."""
        for folder in self._folders:
            for path in snapshots(folder)[:-1]:
                shutil.rmtree(path)

    def restore(self, iteration):
        """Go back to the snapshots of an iteration."""
        for member in self._members:
            member.restore(iteration)
