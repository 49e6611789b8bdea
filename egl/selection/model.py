"""What the strategies may ask of the net that is being trained."""

from functools import cached_property

from egl.gradient_length.features import Features
from egl.gradient_length.maps import ImageScorer
from egl.gradient_length.phi import GradientLength


class Learner:
    """Scores patches (uint8 N x 3 x H x W) with a trainer's present weights. Each kind of net is built when first asked for.

    trainer: egl.training.trainer.Trainer; mean: (3,) of the training patches; settings: egl.selection.run.RunSettings
    random(*what): a numpy RandomState of this run for that use and the present iteration
    committee: egl.strategies.committee.Committee, None where no strategy has one
    """

    def __init__(self, trainer, mean, settings, random):
        self.trainer, self.mean, self.settings, self._random = trainer, mean, settings, random
        self.committee = None

    def random(self, *what):
        """Return a RandomState for one use in the present round."""
        return self._random(*what, self.trainer.iteration)

    def phi(self, patches):
        """Return the GradientLengths of patches."""
        return self.phi_scorer.score(self.trainer.normalise(patches))

    def features(self, patches):
        """Return the FeatureRows of patches."""
        return self._features.of(self.trainer.normalise(patches))

    def phi_of_whole(self, photograph, field):
        """Return the PhiMaps of a photograph (uint8 H x W x 3) in its field of view, on the grid of the settings."""
        return self._maps.maps(photograph, self.settings.stride, field)

    @cached_property
    def phi_scorer(self):
        """The GradientLength of the settings."""
        settings, trainer = self.settings, self.trainer
        return GradientLength(
            trainer.score_prototxt,
            trainer.solver.net,
            settings.stop_layer,
            settings.parameters,
            route=settings.route,
        )

    @cached_property
    def _features(self):
        return Features(self.trainer.score_prototxt, self.trainer.solver.net)

    @cached_property
    def _maps(self):
        settings, trainer = self.settings, self.trainer
        mean = self.mean if settings.trainer.scaling == "mean" else None
        return ImageScorer(
            trainer.score_prototxt,
            trainer.solver.net,
            mean,
            settings.trainer.factor,
            settings.stop_layer,
            settings.parameters,
        )
