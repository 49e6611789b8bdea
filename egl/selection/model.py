"""The net of a run: it trains on labelled samples, scores patches and photographs, saves itself."""

import time
from typing import Any, Dict, Iterator, Optional

import numpy as np

from data_prep.normalisation import Normalisation
from data_prep.random_streams import Stream, random_state
from egl.gradient_length.features import FeatureRows
from egl.gradient_length.maps import PhiMaps
from egl.gradient_length.phi import GradientFactors, GradientLengths
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
        workers: Any = 1,
    ) -> None:
        """folder: the run's; committee: whether one is trained; workers: processes that score."""
        self._settings = settings
        self.reduction, self.stride = settings.score, settings.stride
        self.rate = settings.trainer.rate
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
        self._scorer: Any
        if workers == 1:
            self._scorer = NetScorer(weights=net, **scorer)
        else:
            self._scorer = Workers(net, scorer, workers, settings.trainer.device)
        self.committee = Committee(settings.trainer, normalisation, folder) if committee else None

    @property
    def iteration(self) -> int:
        """SGD steps done so far."""
        return self._trainer.iteration

    # Training

    def update(
        self, chosen: Numbers, training: TrainingSet, earlier: Numbers, iterations: int
    ) -> None:
        """Train on L_k = chosen and L' = earlier (Algorithm 1, line 7)."""
        size = self._settings.trainer.batch
        known = np.concatenate([earlier, chosen]).astype(int)
        random = self.random(Stream.FILL)
        for batch in update_batches(
            np.asarray(chosen), np.asarray(earlier), iterations, size, random
        ):
            self.loss = self._trainer.step(*training.read(batch))
            if self.committee:
                began = time.time()
                self.committee.step(len(known), lambda indices: training.read(known[indices]))
                self.seconds_committee += time.time() - began
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
        if isinstance(self._scorer, Workers):
            self._scorer.close()

    # Scoring: patches are uint8 N x C x H x W; each call sees the present weights

    def posterior(self, patches: np.ndarray) -> np.ndarray:
        """Return p(y | x), float64 (N, C)."""
        return self._scorer.posterior(patches)

    def phi(self, patches: np.ndarray) -> GradientLengths:
        """Return the expected gradient lengths of patches (Eq. 1)."""
        return self._scorer.phi(patches)

    def features(self, patches: np.ndarray) -> FeatureRows:
        """Return the last layer's input and output for patches."""
        return self._scorer.features(patches)

    def factors(self, patches: np.ndarray) -> GradientFactors:
        """Return the two factors of one layer's gradient for patches."""
        return self._scorer.factors(patches)

    def maps_of(self, views: Any, stride: int) -> Iterator[PhiMaps]:
        """Yield the maps of phi of each (photograph, field of view)."""
        return self._scorer.maps_of(views, stride)

    def random(self, stream: Stream) -> np.random.RandomState:
        """Return random numbers for one use in the present round."""
        return random_state(self._settings.trainer.seed, stream, self.iteration)
