"""Images as bags of patches (multiple-instance EGL), read off Caffe. Patches alone are chosen by plain EGL."""
import numpy as np

from egl.errors import NetError
from egl.strategies.bags import bag_gradient_length, noisy_or, softmax_max
from egl.strategies.by_score import GradientLengths


class BagGradientLengths(GradientLengths):
    """The expected gradient length of an image's label, by noisy-or. It is of the patches that are scored: a part of the grid."""

    bag = staticmethod(noisy_or)

    def image_scores(self, images, bags):
        return np.array([self.of_bag(bags.of(image)[0]) for image in images])

    def of_bag(self, patches):
        """Return the EGL of a bag, a float, over the layer where the run's backward pass stops. patches: uint8 n x 3 x H x W."""
        scorer = self.learner.phi_scorer
        types = {each.name: each.type for each in scorer.classifier.layers}
        if scorer.route != "batched" or scorer.classifier.classes != 2 or [types[each] for each in scorer.counted] != ["InnerProduct"]:
            raise NetError("the EGL of a bag is for two classes and one fully connected layer: ip1 or ip2")
        (layer,) = scorer.counted
        bottom, top = (scorer.net.blobs[names[layer][0]] for names in (scorer.net.bottom_names, scorer.net.top_names))
        batch, values = bottom.data.shape[0], self.learner.trainer.normalise(patches)
        posterior, deltas, inputs = [], [], []
        for start in range(0, len(values), batch):
            chunk = values[start : start + batch]
            # With two classes the batched route runs the gradient of (score 1 - score 0) back, and leaves it in the blobs.
            posterior.append(scorer.score(chunk).posterior[:, 1])
            deltas.append(top.diff[: len(chunk)].reshape(len(chunk), -1).copy())
            inputs.append(bottom.data[: len(chunk)].reshape(len(chunk), -1).copy())
        return bag_gradient_length(np.concatenate(posterior), np.concatenate(deltas), np.concatenate(inputs), self.bag)


class SoftmaxBagGradientLengths(BagGradientLengths):
    """The same by softmax-max."""

    bag = staticmethod(softmax_max)
