"""One net and its Caffe solver: SGD steps on given batches, posteriors, snapshots."""

import hashlib
import json
import os
import shutil
from typing import NamedTuple

import numpy as np

from egl.errors import Diverged, EglError
from egl.nets.building import scoring_net
from egl.nets.definition import find_classifier, prototxt_path, read_net, read_solver
from egl.nets.device import check_device, scoring_batch, use_device
from egl.nets.runtime import import_caffe
from egl.training.run_folder import open_whole

SCALINGS = ("mean", "patch-mean")
# A weight beyond this has diverged. The limit keeps a forward pass of LeNet within float32: once a NaN gets into it, Caffe's
# max pooling writes outside its memory on the way back, so divergence must be seen a step earlier.
LARGEST_WEIGHT = 1e5


class TrainerSettings(NamedTuple):
    """A run's choices for training; the paper's values where it gives them (rate, batch)."""

    solver: str = (
        "lenet_solver.prototxt"  # a name in prototxt/, or a path; it names the net to train
    )
    score_net: str = "lenet_score.prototxt"
    seed: int = 1
    batch: int = 32
    rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 0.0005
    scaling: str = "mean"  # subtracted: the training patches' "mean" a channel, or each patch's own, "patch-mean"
    factor: float = 1 / 64  # then multiplied; raw grey levels diverge at the paper's rate
    device: str = "cpu"  # or "gpu:N"

    def check(self):
        """Raise EglError for a value that cannot be meant."""
        if (
            self.batch < 1
            or not self.rate > 0
            or not 0 <= self.momentum < 1
            or self.weight_decay < 0
        ):
            raise EglError(
                "batch must be at least 1, rate above 0, momentum in [0, 1), weight decay at least 0"
            )
        if self.scaling not in SCALINGS:
            raise EglError("scaling {!r}: give one of {}".format(self.scaling, ", ".join(SCALINGS)))
        if not 0 <= self.seed < 2**31:
            raise EglError(f"seed {self.seed}: give a number from 0 to 2147483647")


class Trainer:
    """A solver and, sharing its weights, a net for scoring. Two trainers share nothing.

    iteration: SGD steps done so far
    """

    def __init__(self, settings, mean, folder):
        """settings: TrainerSettings; mean: (C,) of the training patches, grey levels; folder: for solver.prototxt and snapshots."""
        settings.check()
        caffe = import_caffe()
        self.settings = settings
        self._mean = np.asarray(mean, np.float32).reshape(1, -1, 1, 1)
        self._folder = folder
        self._writing = os.path.join(folder, "snapshots", ".writing")
        gpu = check_device(settings.device)
        definition = self._define(gpu)
        path = os.path.join(folder, "solver.prototxt")
        with open_whole(path) as file:
            file.write(str(definition))
        use_device(gpu)
        self.solver = caffe.get_solver(path)
        self.score_prototxt = _find(settings.score_net)
        self._score_net = scoring_net(self.score_prototxt, self.solver.net, scoring_batch())
        self._classifier = find_classifier(read_net(self.score_prototxt), self.score_prototxt)

    def _define(self, gpu):
        """Return the SolverParameter of this run, its net inside it, from the prototxt files and the settings."""
        settings = self.settings
        solver = read_solver(_find(settings.solver))
        net = read_net(solver.net)
        for layer in net.layer:
            if layer.type == "Input":
                for shape in layer.input_param.shape:
                    shape.dim[0] = settings.batch
        solver.ClearField("net")
        solver.train_net_param.CopyFrom(net)
        solver.base_lr = settings.rate
        solver.momentum = settings.momentum
        solver.weight_decay = settings.weight_decay
        solver.random_seed = settings.seed
        solver.max_iter = 2**31 - 1  # Python decides when to stop
        solver.snapshot = 0  # and when to take a snapshot
        solver.snapshot_after_train = False
        solver.snapshot_prefix = os.path.join(self._writing, "model")
        solver.solver_mode = solver.CPU if gpu is None else solver.GPU
        solver.device_id = gpu or 0
        return solver

    @property
    def iteration(self):
        return self.solver.iter

    def normalise(self, patches):
        """Return patches (N, 3, 48, 48) uint8 as the net takes them: float32, mean subtracted, multiplied by the factor."""
        values = patches.astype(np.float32)
        values -= (
            self._mean
            if self.settings.scaling == "mean"
            else values.mean(axis=(2, 3), keepdims=True)
        )
        values *= np.float32(self.settings.factor)
        return values

    def step(self, patches, labels):
        """Do one SGD iteration on one batch of exactly settings.batch patches (uint8) and labels; return its loss, a float.

        The loss is that of the batch before the step. Raises EglError for a label outside [0, C), which would corrupt
        Caffe's memory; Diverged if training has.
        """
        if len(patches) != self.settings.batch or len(labels) != self.settings.batch:
            raise EglError(
                f"a batch of {len(patches)} patches and {len(labels)} labels; the net takes {self.settings.batch}"
            )
        labels = np.asarray(labels, int)
        if labels.min() < 0 or labels.max() >= self._classifier.classes:
            raise EglError(
                f"labels from {labels.min()} to {labels.max()}; the net has classes 0 to {self._classifier.classes - 1}"
            )
        net = self.solver.net
        net.blobs["data"].data[...] = self.normalise(patches)
        net.blobs["label"].data[...] = labels
        self.solver.step(1)
        loss = float(net.blobs["loss"].data)
        largest = max(
            max(blob.data.max(), -blob.data.min())
            for blobs in net.params.values()
            for blob in blobs
        )
        if not (np.isfinite(loss) and largest < LARGEST_WEIGHT):
            raise Diverged(
                f"training diverged at iteration {self.iteration}: the loss is {loss:.4g}, the largest weight {largest:.4g}; "
                "lower the rate or the momentum"
            )
        return loss

    def posterior(self, patches):
        """Return p(y|x) of patches (N, 3, 48, 48) uint8, float64 (N, C), under the present weights."""
        result = np.empty((len(patches), self._classifier.classes))
        blob = self._score_net.blobs["data"]
        size = blob.shape[0]
        for start in range(0, len(patches), size):
            chunk = patches[start : start + size]
            blob.data[: len(chunk)] = self.normalise(
                chunk
            )  # asked for anew each time: so a GPU learns that it has changed
            result[start : start + len(chunk)] = self._score_net.forward(end="prob")["prob"][
                : len(chunk)
            ]
        return result

    def snapshot(self, extra, keep_earlier=False):
        """Save weights, momentum and `extra` (dict for JSON) as snapshots/iter_N, whole or not at all; drop those before it."""
        shutil.rmtree(self._writing, ignore_errors=True)
        os.makedirs(self._writing)
        self.solver.snapshot()
        sums = {
            name: _sha256(os.path.join(self._writing, name)) for name in os.listdir(self._writing)
        }
        with open(os.path.join(self._writing, "state.json"), "w", encoding="utf-8") as file:
            json.dump({"iteration": self.iteration, "sha256": sums, "extra": extra}, file)
        earlier = snapshots(self._folder)
        final = _snapshot(self._folder, self.iteration)
        shutil.rmtree(final, ignore_errors=True)
        os.rename(self._writing, final)
        for folder in earlier:
            if folder != final and not keep_earlier:
                shutil.rmtree(folder)

    def keep_weights(self):
        """Save the present weights for good, as weights/iter_N.caffemodel."""
        path = _kept(self._folder, self.iteration)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.solver.net.save(path + ".writing")
        os.replace(path + ".writing", path)

    def restore(self, iteration=None):
        """Go on from the newest snapshot, or that of an iteration: return its `extra`, or None where there is none.

        EglError if it is damaged.
        """
        folders = snapshots(self._folder)
        if iteration is not None:
            folders = [folder for folder in folders if folder == _snapshot(self._folder, iteration)]
        if not folders:
            return None
        folder = folders[-1]
        try:
            with open(os.path.join(folder, "state.json"), encoding="utf-8") as file:
                state = json.load(file)
            for name, sha256 in state["sha256"].items():
                if _sha256(os.path.join(folder, name)) != sha256:
                    raise ValueError(name + " is not what was written")
        except (OSError, ValueError, KeyError) as error:
            raise EglError(
                f"{folder}: damaged snapshot ({error}); remove the run's folder and start again"
            ) from error
        self._restore_solver(folder, state["iteration"])
        return state["extra"]

    def _restore_solver(self, folder, iteration):
        """Caffe's restore, through a copy of the solverstate that names the weights where they are now: it aborts if they moved."""
        message = import_caffe().proto.caffe_pb2.SolverState()
        stem = os.path.join(folder, f"model_iter_{iteration}")
        with open(stem + ".solverstate", "rb") as file:
            message.ParseFromString(file.read())
        message.learned_net = stem + ".caffemodel"
        path = os.path.join(self._folder, "snapshots", ".restoring.solverstate")
        with open(path, "wb") as file:
            file.write(message.SerializeToString())
        try:
            self.solver.restore(path)
        finally:
            os.remove(path)


def _snapshot(folder, iteration):
    return os.path.join(folder, "snapshots", f"iter_{iteration:06d}")


def _kept(folder, iteration):
    return os.path.join(folder, "weights", f"iter_{iteration:06d}.caffemodel")


def weights_at(folder, iteration):
    """Return the path of the weights that a run kept after an iteration, or of its last ones. EglError where there are none."""
    last = os.path.join(_snapshot(folder, iteration), f"model_iter_{iteration}.caffemodel")
    for path in (_kept(folder, iteration), last):
        if os.path.isfile(path):
            return path
    raise EglError(
        f"{folder}: kept no weights of iteration {iteration}; remove the run's folder and start again"
    )


def snapshots(folder):
    """Return the snapshot folders of a run folder, the newest last."""
    parent = os.path.join(folder, "snapshots")
    if not os.path.isdir(parent):
        return []
    return [
        os.path.join(parent, name)
        for name in sorted(os.listdir(parent))
        if name.startswith("iter_")
    ]


def _find(name):
    return name if os.path.sep in name else prototxt_path(name)


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
