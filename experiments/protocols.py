"""How much of each experiment is run: the paper's own sizes, or less where less time is at hand."""

from dataclasses import dataclass, replace
from typing import Dict, Tuple

from data_prep.prepare import PrepareSettings
from egl.selection.settings import RunSettings, SelectionSettings
from experiments.tasks import with_selection


@dataclass(frozen=True)
class Protocol:
    """One size of the experiments; the defaults are the paper's.

    images: Algorithm 2, for Fig. 2 and the open choices
    kept: iterations whose weights are kept, for Fig. 3
    settings_iterations: of the open choices
    patches: Algorithm 1, for as long as labels matter: 10 iterations a round, on all chosen so far
    fig2_seeds, baseline_seeds, seeds: of Fig. 2, of plain SGD on everything, and of all else
    screening_epochs, calibration_seeds: of the calibration, whose finalists train for `epochs`
    strategies: further ones, in fig2 (pool with healthy images), patches and labels
    epochs: of plain SGD on everything
    grid_rates, grid_batches, grid_epochs: the grid search
    map_stride: pixels between the patches of maps over photographs
    map_images: photographs scored at each time of Fig. 3; 0: all of the training split
    """

    name: str = "full"
    prepare: PrepareSettings = PrepareSettings()
    images: RunSettings = RunSettings(selection=SelectionSettings(candidates=0), image_patches=0)
    fig2_seeds: int = 10
    kept: Tuple[int, ...] = (6, 15, 30, 45, 60)
    settings_iterations: int = 60
    patches: RunSettings = RunSettings(
        by="patch",
        selection=SelectionSettings(iterations=2005, candidates=0, initial_iterations=5, steps=10),
        evaluate_every=20,
    )
    seeds: int = 10
    strategies: Tuple[str, ...] = ()
    epochs: int = 30
    baseline_seeds: int = 5
    screening_epochs: int = 12
    calibration_seeds: int = 3
    grid_rates: Tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1)
    grid_batches: Tuple[int, ...] = (16, 32, 64, 128)
    grid_epochs: float = 30.0
    map_stride: int = 4
    map_images: int = 0

    @property
    def compared_seeds(self) -> range:
        """The seeds that Fig. 2 and the other experiments share."""
        return range(1, min(self.seeds, self.fig2_seeds) + 1)

    def stores(self) -> Dict[str, PrepareSettings]:
        """Return the settings of each store; in "lesion", healthy patches are of lesion images."""
        return {"all": self.prepare, "lesion": replace(self.prepare, healthy_from="lesion")}


FULL = Protocol()
# All experiments on IDRiD at half size in about three hours on 2 cores.
STANDARD = Protocol(
    name="standard",
    images=RunSettings(image_patches=16, evaluate_every=5),
    settings_iterations=30,
    patches=with_selection(FULL.patches, iterations=405, candidates=400),
    seeds=5,
    baseline_seeds=2,
    grid_rates=(0.001, 0.003, 0.01, 0.03),
    grid_epochs=0.5,
    map_stride=8,
    map_images=12,
)
# Phantoms, in minutes: fewer patches, batches and seeds.
QUICK = replace(
    STANDARD,
    name="quick",
    prepare=PrepareSettings(n_train=1600, n_validation=160, n_test=400),
    images=RunSettings(
        selection=SelectionSettings(iterations=20, candidates=200),
        image_patches=8,
        evaluate_every=5,
    ),
    fig2_seeds=2,
    kept=(6, 20),
    settings_iterations=15,
    patches=with_selection(STANDARD.patches, iterations=55, candidates=200),
    seeds=2,
    epochs=2,
    baseline_seeds=1,
    screening_epochs=1,
    calibration_seeds=2,
    grid_rates=(0.001, 0.01),
    grid_batches=(32, 64),
    grid_epochs=0.25,
    map_images=4,
)

PROTOCOLS = {protocol.name: protocol for protocol in (QUICK, STANDARD, FULL)}

# What stands in for a data set where none is given: photographs with lesions, healthy ones, seed.
PHANTOMS = (20, 30, 1)
