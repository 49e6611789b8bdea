"""One net and its Caffe solver: SGD steps on given batches, and snapshots to resume from."""

import os
from typing import Any, Optional, Tuple

import numpy as np

from data_prep.files import cannot_be_written, check_room, write_text, written_whole
from data_prep.normalisation import Normalisation
from egl.errors import Diverged, EglError, NetError
from egl.nets.arguments import check_array, path_of
from egl.nets.building import check_batch, check_classes
from egl.nets.classifier import find_classifier
from egl.nets.definition import prototxt_path, read_net, read_solver, set_batch
from egl.nets.device import check_device, use_device
from egl.nets.finite import watch_pooling
from egl.nets.pixels import check_normalisation
from egl.nets.runtime import import_caffe
from egl.nets.trial import check_builds, check_solver, is_known
from egl.nets.weights import load_weights
from egl.training import snapshots
from egl.training.model_folder import weights_file
from egl.training.settings import INV_GAMMA, INV_POWER, TrainerSettings

# A weight beyond this has diverged. The limit keeps a forward pass of LeNet within float32: once a
# NaN gets in, the backward pass of Caffe's max pooling writes outside its memory, so divergence
# must be seen a step earlier.
LARGEST_WEIGHT = 1e5
_OF_TESTS = ("test_iter", "test_interval", "test_initialization", "test_compute_loss", "test_state")
_OVERHEAD = 2**16  # bytes of Caffe's files beside weights and definitions


class Trainer:
    """A Caffe solver. Two trainers share nothing.

    settings: TrainerSettings; solver: the caffe.SGDSolver; score_prototxt: path of the net for
    scoring, which can share the weights of solver.net
    """

    def __init__(
        self, settings: TrainerSettings, normalisation: Normalisation, folder: str
    ) -> None:
        """normalisation: of the pixels; folder: for solver.prototxt and snapshots.

        Raises NetError where the solver, its net or the net for scoring do not fit.
        """
        settings.check()
        caffe = import_caffe()
        self.settings = settings
        self._normalisation = normalisation
        self._folder = folder
        gpu = check_device(settings.device)
        self.score_prototxt = _find(settings.score_net)
        check_builds(self.score_prototxt)
        self._definition = self._define(gpu)
        check_solver(self._definition, settings.solver)
        path = os.path.join(folder, "solver.prototxt")
        write_text(path, str(self._definition))
        use_device(gpu)
        self.solver = caffe.get_solver(path)
        check_classes(self.solver.net, self._net)
        if settings.weights is not None:
            load_weights(self.solver.net, weights_file(settings.weights))
        # In LeNet, LARGEST_WEIGHT keeps out what is not finite; another net may make it by itself.
        if not is_known(self._definition.train_net_param, caffe.TRAIN):
            watch_pooling(self.solver.net, self._net)

    def _define(self, gpu: Optional[int]) -> Any:
        """Return the SolverParameter of this run, its net inside it."""
        settings = self.settings
        solver = read_solver(_find(settings.solver))
        net = read_net(solver.net)
        check_builds(solver.net, import_caffe().TRAIN)
        self._net = find_classifier(net, solver.net, import_caffe().TRAIN)
        check_normalisation(self._normalisation, self._net)
        check_batch(net, settings.batch, f"--batch {settings.batch}", import_caffe().TRAIN)
        net = set_batch(net, settings.batch)
        # Python feeds the net, so it is built without a stage; and Python tests it.
        for name in ("net", "train_state", *_OF_TESTS):
            solver.ClearField(name)
        solver.train_net_param.CopyFrom(net)
        solver.base_lr = settings.rate
        if settings.lr_policy != "solver":
            solver.lr_policy = settings.lr_policy
        if settings.lr_policy == "inv":
            solver.gamma, solver.power = INV_GAMMA, INV_POWER
        solver.momentum = settings.momentum
        solver.weight_decay = settings.weight_decay
        solver.random_seed = settings.seed
        solver.max_iter = 2**31 - 1  # Python decides when to stop
        solver.snapshot = 0  # and when to take a snapshot
        solver.snapshot_after_train = False
        solver.snapshot_prefix = os.path.join(snapshots.writing_folder(self._folder), "model")
        solver.snapshot_format = solver.BINARYPROTO  # which restore reads
        solver.solver_mode = solver.CPU if gpu is None else solver.GPU
        solver.device_id = gpu or 0
        return solver

    @property
    def iteration(self) -> int:
        """SGD steps done so far."""
        return self.solver.iter

    @property
    def rate(self) -> float:
        """The learning rate of the next step, as Caffe's solver computes it.

        Raises NetError where the solver's file has a policy other than fixed and inv.
        """
        solver, base = self._definition, self.settings.rate
        if solver.lr_policy == "fixed":
            return base
        if solver.lr_policy == "inv":
            return base * float(1 + solver.gamma * self.iteration) ** -solver.power
        raise NetError(
            f"{self.settings.solver}: the rate of the next step is known for the policies fixed "
            f"and inv, not for {solver.lr_policy!r}; give --lr-policy"
        )

    def step(self, patches: np.ndarray, labels: np.ndarray) -> float:
        """Do one SGD iteration on one batch; return the loss of the batch before the step.

        patches: uint8, exactly settings.batch x C x H x W; labels: as many, from 0 to classes - 1.
        Raises EglError for another batch, and for a label out of range, which would corrupt Caffe's
        memory; Diverged if training has diverged.
        """
        check_array(patches, "patches")
        labels = np.asarray(labels)
        if labels.ndim != 1 or labels.dtype.kind not in "iuf" or (labels != np.floor(labels)).any():
            raise EglError("labels must be whole numbers, a class for each patch")
        size = self.settings.batch
        if len(patches) != size or len(labels) != size:
            raise EglError(
                f"a batch of {len(patches)} patches and {len(labels)} labels; the net takes {size}"
            )
        labels = labels.astype(int)
        if labels.min() < 0 or labels.max() >= self._net.classes:
            raise EglError(
                f"labels from {labels.min()} to {labels.max()}; "
                f"the net has classes 0 to {self._net.classes - 1}"
            )
        net = self.solver.net
        if patches.shape[1:] != self._net.input_shape:
            raise NetError(
                f"{self._net.path}: takes {_sizes(self._net.input_shape)} (channels, height, "
                f"width); the store's patches are {_sizes(patches.shape[1:])}"
            )
        normalised = self._normalisation.apply(patches)
        if not np.isfinite(normalised).all():  # with a NaN, Caffe corrupts its memory
            raise EglError("the patches hold numbers that are not finite (NaN or infinite)")
        net.blobs[self._net.data].data[...] = normalised
        net.blobs[self._net.label].data[...] = labels
        self.solver.step(1)
        loss = float(net.blobs[self._net.loss_blob].data)
        largest = largest_weight(net)
        if not (np.isfinite(loss) and largest < LARGEST_WEIGHT):
            raise Diverged(
                f"training diverged at iteration {self.iteration}: the loss is {loss:.4g}, the "
                f"largest weight {largest:.4g}; lower the rate or the momentum"
            )
        return loss

    def snapshot(self, extra: Any, keep_earlier: bool = False) -> None:
        """Save weights, momentum and `extra` (dict for JSON), whole or not at all."""
        per_weight = 3 if self._definition.type in ("Adam", "AdaDelta") else 2  # with the history
        snapshots.save_snapshot(
            self._folder,
            self.iteration,
            self.solver.snapshot,
            extra,
            self._size(per_weight),
            keep_earlier,
        )

    def _size(self, per_weight: int) -> int:
        """Return more bytes than Caffe writes for so many numbers per weight."""
        blobs = [blob for layer in self.solver.net.params.values() for blob in layer]
        weights = sum(blob.data.nbytes for blob in blobs)
        return per_weight * (weights + self._definition.ByteSize()) + _OVERHEAD

    def keep_weights(self) -> None:
        """Save the present weights for good, as weights/iter_N.caffemodel."""
        path = snapshots.kept_weights(self._folder, self.iteration)
        folder = os.path.dirname(path)
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise cannot_be_written(path, error) from error
        with written_whole(path) as temporary:
            check_room(folder, self._size(1))  # Caffe would abort
            self.solver.net.save(temporary)

    def restore(self, iteration: Optional[int] = None) -> Any:
        """Go on from the newest snapshot, or that of an iteration; return its `extra`.

        The others are removed. None where there is no snapshot. Raises EglError if it is damaged.
        """
        path = snapshots.find_snapshot(self._folder, iteration)
        if path is None:
            return None
        state = snapshots.read_state(path)
        self._restore_solver(snapshots.model_stem(path, state["iteration"]))
        if not largest_weight(self.solver.net) < LARGEST_WEIGHT:
            raise EglError(f"{path}: the weights are not finite, or too large to train; remove it")
        snapshots.forget_others(self._folder, path)
        return state["extra"]

    def _restore_solver(self, stem: str) -> None:
        """Let Caffe restore a copy of the solverstate that names the weights where they are now.

        A solverstate keeps the path of its weights, and Caffe aborts if they have moved.
        """
        message = import_caffe().proto.caffe_pb2.SolverState()
        with open(stem + ".solverstate", "rb") as file:
            message.ParseFromString(file.read())
        message.learned_net = stem + ".caffemodel"
        with os.fdopen(os.memfd_create("solverstate"), "wb") as file:  # nothing is left of it
            file.write(message.SerializeToString())
            file.flush()
            self.solver.restore(f"/proc/self/fd/{file.fileno()}")


def largest_weight(net: Any) -> float:
    """Return the largest magnitude among a net's parameters; NaN if one of them is NaN."""
    extremes = [
        (blob.data.max(), -blob.data.min()) for blobs in net.params.values() for blob in blobs
    ]
    return float(np.max(extremes))  # unlike max(), it keeps a NaN


def _find(name: Any) -> str:
    """Return the path of a prototxt given by name or by path."""
    name = path_of(name, "the net or solver")
    if os.path.sep in name:
        return name
    try:
        return prototxt_path(name)
    except NetError:
        if os.path.isfile(name):
            return name
        raise


def _sizes(shape: Tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
