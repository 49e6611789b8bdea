"""Images as bags of patches (multiple-instance EGL), read off Caffe. Patches alone are chosen by plain EGL."""

import numpy as np

from egl.errors import NetError
from egl.strategies.bags import bag_gradient_length, noisy_or, softmax_max
from egl.strategies.by_score import GradientLengths, of_bags


class BagGradientLengths(GradientLengths):
    """The expected gradient length of an image's label, by noisy-or. It is of the patches that are scored: a part of the grid."""

    bag = staticmethod(noisy_or)

    def image_scores(self, images, bags):
        return np.array([self._length(rows) for rows, _ in of_bags(images, bags, self._rows)])

    def of_bag(self, patches):
        """Return the EGL of a bag, a float, over the layer where the run's backward pass stops. patches: uint8 n x 3 x H x W."""
        return self._length(self._rows(patches))

    def _rows(self, patches):
        """Return p(exudate), the gradient at the layer's output, and the layer's input, of each patch: a row, side by side."""
        top, bottom = self._blobs()
        batch, values, rows = bottom.shape[0], self.learner.trainer.normalise(patches), []
        for start in range(0, len(values), batch):
            chunk = values[start : start + batch]
            # With two classes the batched route runs the gradient of (score 1 - score 0) back, and leaves it in the blobs.
            posterior = self.learner.phi_scorer.score(chunk).posterior[:, 1:]
            rows.append(
                np.hstack(
                    [
                        posterior,
                        *(
                            part[: len(chunk)].reshape(len(chunk), -1)
                            for part in (top.diff, bottom.data)
                        ),
                    ]
                )
            )
        return np.concatenate(rows)

    def _length(self, rows):
        units = self._blobs()[0].diff[0].size
        posterior, deltas, inputs = np.split(rows, (1, 1 + units), axis=1)
        return bag_gradient_length(posterior[:, 0], deltas, inputs, self.bag)

    def _blobs(self):
        """Return the output and the input of the layer that is counted. NetError where the EGL of a bag cannot be read off it."""
        scorer = self.learner.phi_scorer
        types = {each.name: each.type for each in scorer.classifier.layers}
        if (
            scorer.route != "batched"
            or scorer.classifier.classes != 2
            or [types[each] for each in scorer.counted] != ["InnerProduct"]
        ):
            raise NetError(
                "the EGL of a bag is for two classes and one fully connected layer: ip1 or ip2"
            )
        (layer,) = scorer.counted
        return [
            scorer.net.blobs[names[layer][0]]
            for names in (scorer.net.top_names, scorer.net.bottom_names)
        ]


class SoftmaxBagGradientLengths(BagGradientLengths):
    """The same by softmax-max."""

    bag = staticmethod(softmax_max)
