"""How much of each experiment is run: the paper's own sizes, or less where less time is at hand."""
from typing import NamedTuple

from data_prep.prepare import PrepareSettings
from egl.algorithms import SelectionSettings
from egl.selection import RunSettings


class Protocol(NamedTuple):
    """One size of the experiments. What is scaled down stands in the report."""

    name: str
    seeds: int
    prepare: PrepareSettings
    selection: RunSettings


# Phantoms, in minutes on 2 cores: fewer patches, fewer batches.
QUICK = Protocol(
    "quick",
    seeds=3,
    prepare=PrepareSettings(n_train=1600, n_validation=160, n_test=400),
    selection=RunSettings(selection=SelectionSettings(iterations=40, candidates=200)),
)
# The paper's store and number of batches; of each image 32 random patches of its grid are scored, of L_mu 400.
STANDARD = Protocol("standard", seeds=5, prepare=PrepareSettings(), selection=RunSettings())
# Everything that the paper scores.
FULL = Protocol(
    "full", seeds=10, prepare=PrepareSettings(), selection=RunSettings(selection=SelectionSettings(candidates=0), image_patches=0)
)

PROTOCOLS = {protocol.name: protocol for protocol in (QUICK, STANDARD, FULL)}

PHANTOMS = {"n_lesion": 20, "n_healthy": 30, "seed": 1}  # what stands in for a data set where none is given
