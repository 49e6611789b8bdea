"""How much of each experiment is run: the paper's own sizes, or less where less time is at hand."""

from dataclasses import dataclass, replace
from typing import Any, Dict, Tuple

from data_prep.prepare import PrepareSettings
from egl.selection.settings import RunSettings, SelectionSettings
from experiments.paper import NAMES
from experiments.setups import CALIBRATED, SETUPS
from experiments.tasks import with_selection, with_trainer


@dataclass(frozen=True)
class Protocol:
    """One size of the experiments; the defaults are the paper's.

    experiments: those that are run unless others are asked for
    setups: of SGD, names in experiments.setups; setup: the one of these runs
    images: Algorithm 2, for Fig. 2 and the readings
    pools: of Fig. 2
    kept: iterations whose weights are kept, for Fig. 3
    readings_every: iterations between evaluations in the readings; readings_seeds: their seeds
    patches: Algorithm 1, for as long as labels matter: 10 iterations a round, on all chosen so far
    first_seed: of all experiments but the calibration. Seeds 1 to 10 were seen in trials, before
    the rules of the claims were applied
    fig2_seeds, baseline_seeds, grid_seeds, seeds: how many, of Fig. 2, of plain SGD on everything,
    of the grid search, and of all else
    screening_epochs, calibration_seeds: of the calibration, whose finalists train for `epochs`
    strategies: further ones, in fig2 (pool with healthy images), patches and labels
    epochs: of plain SGD on everything
    grid_rates, grid_batches, grid_epochs: the grid search
    map_stride: pixels between the patches of maps over photographs
    map_images: photographs scored at each time of Fig. 3; 0: all of the training split
    """

    name: str = "full"
    experiments: Tuple[str, ...] = NAMES
    setups: Tuple[str, ...] = tuple(SETUPS)
    setup: str = CALIBRATED
    prepare: PrepareSettings = PrepareSettings()
    images: RunSettings = RunSettings(selection=SelectionSettings(candidates=0), image_patches=0)
    pools: Tuple[str, ...] = ("all", "lesion")
    fig2_seeds: int = 10
    kept: Tuple[int, ...] = (6, 15, 30, 45, 60)
    readings_every: int = 6
    readings_seeds: int = 5
    patches: RunSettings = RunSettings(
        by="patch",
        selection=SelectionSettings(iterations=2005, candidates=0, initial_iterations=5, steps=10),
        evaluate_every=20,
    )
    first_seed: int = 11
    seeds: int = 10
    strategies: Tuple[str, ...] = ()
    epochs: int = 30
    baseline_seeds: int = 5
    screening_epochs: int = 12
    calibration_seeds: int = 3
    grid_rates: Tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1)
    grid_batches: Tuple[int, ...] = (16, 32, 64, 128)
    grid_epochs: float = 30.0
    grid_seeds: int = 2
    map_stride: int = 4
    map_images: int = 0

    def run_seeds(self, number: int) -> range:
        """Return so many seeds."""
        return range(self.first_seed, self.first_seed + number)

    @property
    def compared_seeds(self) -> range:
        """The seeds that Fig. 2 and the other experiments share."""
        return self.run_seeds(min(self.seeds, self.fig2_seeds))

    def with_trainer(self, **changes: Any) -> "Protocol":
        """Return the protocol with changes of every run's SGD."""
        images, patches = (with_trainer(runs, **changes) for runs in (self.images, self.patches))
        return replace(self, images=images, patches=patches)

    def under(self, setup: str) -> "Protocol":
        """Return the protocol under a set-up of SGD."""
        return replace(self.with_trainer(**SETUPS[setup].trainer), setup=setup)

    def stores(self) -> Dict[str, PrepareSettings]:
        """Return the settings of each store; in "lesion", healthy patches are of lesion images."""
        return {"all": self.prepare, "lesion": replace(self.prepare, healthy_from="lesion")}


FULL = Protocol()
# All experiments on IDRiD at half size in hours on 2 cores.
STANDARD = Protocol(
    name="standard",
    images=RunSettings(image_patches=16),
    patches=with_selection(FULL.patches, iterations=405, candidates=400),
    seeds=5,
    grid_epochs=2.0,
    map_stride=8,
    map_images=12,
)
# Phantoms, in minutes: fewer experiments, patches, batches and seeds.
QUICK = replace(
    STANDARD,
    name="quick",
    experiments=("fig2", "baseline", "fig3", "masks"),
    setups=(CALIBRATED,),
    pools=("all",),
    prepare=PrepareSettings(n_train=1600, n_validation=160, n_test=400),
    images=RunSettings(
        selection=SelectionSettings(iterations=20, candidates=200),
        image_patches=8,
        evaluate_every=5,
    ),
    fig2_seeds=4,
    kept=(6, 20),
    readings_seeds=2,
    patches=with_selection(STANDARD.patches, iterations=55, candidates=200),
    seeds=2,
    epochs=2,
    baseline_seeds=1,
    screening_epochs=1,
    calibration_seeds=2,
    grid_rates=(0.001, 0.01),
    grid_batches=(32, 64),
    grid_epochs=0.25,
    grid_seeds=1,
    map_images=4,
)

PROTOCOLS = {protocol.name: protocol for protocol in (QUICK, STANDARD, FULL)}

# What stands in for a data set where none is given: photographs with lesions, healthy ones, seed.
PHANTOMS = (12, 48, 1)
