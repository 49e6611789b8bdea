"""The net of a run: it trains on labelled samples, scores patches and photographs, saves itself."""

import time
from typing import Any, Dict, Optional, Union

import numpy as np

from data_prep.normalisation import Normalisation
from data_prep.random_streams import Stream, random_state
from egl.gradient_length.cores import CoreSlots
from egl.gradient_length.scorer import NetScorer
from egl.gradient_length.workers import Workers
from egl.selection.pool import Numbers, TrainingSet
from egl.selection.settings import RunSettings
from egl.selection.update import update_batches
from egl.strategies.committee import Committee
from egl.training.trainer import Trainer


class Model:
    """A trainer, a scorer that sees its present weights, and a committee if a strategy wants one.

    loss: of the last batch trained on; seconds_committee: what training the committee took.
    reduction, stride, rate, committee: see egl.strategies.base.ScoringModel
    """

    def __init__(
        self,
        settings: RunSettings,
        normalisation: Normalisation,
        folder: str,
        committee: bool = False,
        workers: Union[int, CoreSlots] = 1,
    ) -> None:
        """folder: the run's; committee: whether one is trained; workers: processes that score."""
        self._settings = settings
        self.reduction, self.stride = settings.score, settings.stride
        self.loss = float("nan")
        self.seconds_committee = 0.0
        self._trainer = Trainer(settings.trainer, normalisation, folder)
        scorer: Dict[str, Any] = {
            "prototxt": self._trainer.score_prototxt,
            "normalisation": normalisation,
            "stop": settings.stop_layer,
            "parameters": settings.parameters,
            "route": settings.route,
        }
        net = self._trainer.solver.net
        self._scorer: Union[NetScorer, Workers]
        if workers == 1:
            self._scorer = NetScorer(weights=net, **scorer)
        else:
            self._scorer = Workers(net, scorer, workers, settings.trainer.device)
        # What a scorer answers, the model answers: patches are uint8 N x C x H x W, and each call
        # sees the present weights. See NetScorer.
        self.posterior = self._scorer.posterior
        self.phi = self._scorer.phi
        self.features = self._scorer.features
        self.factors = self._scorer.factors
        self.maps_of = self._scorer.maps_of
        self.committee = Committee(settings.trainer, normalisation, folder) if committee else None

    @property
    def iteration(self) -> int:
        """SGD steps done so far."""
        return self._trainer.iteration

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self._trainer.rate

    # Training

    def update(
        self, chosen: Numbers, training: TrainingSet, earlier: Numbers, iterations: int
    ) -> None:
        """Train on L_k = chosen and L' = earlier (Algorithm 1, line 7)."""
        size = self._settings.trainer.batch
        known = np.concatenate([earlier, chosen]).astype(int)
        turns = self.random(Stream.TURNS)
        for batch in update_batches(
            self._settings.selection.update,
            np.asarray(chosen),
            np.asarray(earlier),
            iterations,
            size,
            self.random(Stream.FILL),
        ):
            self.loss = self._trainer.step(*training.read(batch, turns))
            if self.committee:
                began = time.monotonic()
                self.committee.step(
                    len(known), lambda indices: training.read(known[indices], turns)
                )
                self.seconds_committee += time.monotonic() - began
            if self.iteration in self._settings.keep_weights:
                self._trainer.keep_weights()

    def snapshot(self, extra: Dict[str, Any]) -> None:
        """Save everything that is needed to resume, with `extra` (dict for JSON)."""
        if self.committee:
            self.committee.snapshot()
        self._trainer.snapshot(extra)
        if self.committee:
            self.committee.forget_earlier()

    def restore(self) -> Optional[Dict[str, Any]]:
        """Go on from the newest snapshot and return its `extra`; None where there is none."""
        extra = self._trainer.restore()
        if extra is not None and self.committee:
            self.committee.restore(self.iteration)
        return extra

    def close(self) -> None:
        """End the processes that score."""
        self._scorer.close()

    def random(self, stream: Stream) -> np.random.RandomState:
        """Return random numbers for one use in the present round."""
        return random_state(self._settings.trainer.seed, stream, self.iteration)
