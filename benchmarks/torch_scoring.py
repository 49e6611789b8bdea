"""PyTorch's side: a program that scores patches with other people's code on request (see programs).

python3 -m benchmarks.torch_scoring FOLDER     in the environment of peers-requirements.txt
"""

import contextlib
import io
import os
import sys
import time
from typing import Any, Callable, Dict, List, Mapping

import numpy as np
import small_text
import torch
from small_text.base import LABEL_UNLABELED
from small_text.integrations.pytorch.datasets import PytorchTextClassificationDataset
from small_text.integrations.pytorch.query_strategies import (
    ExpectedGradientLength,
    ExpectedGradientLengthLayer,
)
from torch import nn
from torch.func import functional_call, grad, vmap

from benchmarks.equality import largest_difference
from benchmarks.programs import answer

LAYERS = ("conv1", "conv2", "ip1", "ip2")
CHUNKS = (1, 4, 16, 32, 64)  # patches at a time for torch.func; the fastest is used


class LeNet(nn.Module):
    """The net of prototxt/lenet_score.prototxt, with Caffe's weights from weights.npz."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 20, 5), nn.Conv2d(20, 50, 5)
        self.ip1, self.ip2 = nn.Linear(4050, 500), nn.Linear(500, 2)
        for name in LAYERS:
            layer = getattr(self, name)
            layer.weight.data = torch.from_numpy(weights[f"{name}_0"])
            layer.bias.data = torch.from_numpy(weights[f"{name}_1"])

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        hidden = torch.max_pool2d(self.conv1(patches), 2)
        hidden = torch.max_pool2d(self.conv2(hidden), 2)
        return self.ip2(torch.relu(self.ip1(hidden.flatten(1))))


class PerSampleGradients:
    """Phi for ip1 by torch.func: its gradients for every patch and label, and their norms.

    Only the gradient for ip1 is computed, and both labels share one forward pass. That was the
    fastest way found in which torch.func still makes the gradients; one label after the other, or
    squaring and adding, was slower.
    """

    def __init__(self, net: nn.Module) -> None:
        fixed = {name: value.detach() for name, value in net.named_parameters()}
        self._counted = {name: fixed.pop(name) for name in ("ip1.weight", "ip1.bias")}

        def loss(counted: Dict[str, Any], patch: torch.Tensor, label: torch.Tensor) -> Any:
            scores = functional_call(net, {**fixed, **counted}, (patch[None],))
            return nn.functional.cross_entropy(scores, label[None]), scores[0]

        gradient = grad(loss, has_aux=True)
        self._gradients = vmap(vmap(gradient, in_dims=(None, None, 0)), in_dims=(None, 0, None))
        self._labels = torch.arange(2)

    def score(self, patches: torch.Tensor, chunk: int) -> torch.Tensor:
        """Return phi (N,), computed `chunk` patches at a time."""
        phi = []
        for some in patches.split(chunk):
            gradients, scores = self._gradients(self._counted, some, self._labels)
            weights = torch.linalg.vector_norm(gradients["ip1.weight"], dim=(2, 3))
            biases = torch.linalg.vector_norm(gradients["ip1.bias"], dim=2)
            phi.append((torch.softmax(scores[:, 0], 1) * torch.hypot(weights, biases)).sum(1))
        return torch.cat(phi)


class Classifier:
    """What small-text's query strategies use of a classifier: the model, and its way to collate."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    @staticmethod
    def _create_collate_fn() -> Callable[[Any], Any]:
        return lambda batch: (torch.stack([item for item, _ in batch]), None)


STRATEGIES: Dict[str, Callable[[int], Any]] = {
    # The class whose score is phi for one layer (L2); its constructor leaves the device at "cuda".
    "layer": lambda batch: ExpectedGradientLengthLayer(
        num_classes=2, layer_name="ip1", batch_size=batch
    ),
    # The class of that name: all parameters, and the sum of the absolute gradients (L1).
    "all": lambda batch: ExpectedGradientLength(num_classes=2, batch_size=batch, device="cpu"),
}


def by_small_text(net: nn.Module, patches: torch.Tensor, kind: str, batch: int) -> np.ndarray:
    """Return small-text's scores (N,) from its own query()."""
    strategy = STRATEGIES[kind](batch)
    strategy.device = "cpu"
    data = PytorchTextClassificationDataset(
        [(patch, LABEL_UNLABELED) for patch in patches], None, target_labels=np.arange(2)
    )
    empty = np.array([], int)
    with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
        strategy.query(Classifier(net), data, np.arange(len(patches)), empty, empty, n=1)
    return strategy.scores_


def main(folder: str) -> None:
    weights = np.load(os.path.join(folder, "weights.npz"))
    net = LeNet(weights).eval()
    held = np.load(os.path.join(folder, "patches.npy"), mmap_mode="r")[:1024].copy()
    patches = torch.from_numpy(held)
    caffe = np.load(os.path.join(folder, "scores.npz"))
    per_sample = PerSampleGradients(net)

    def check(n: int, n_small_text: int) -> Dict[str, Any]:
        """Return the largest differences from Caffe's parameter diffs, and the versions."""
        with torch.no_grad():
            posterior = torch.softmax(net(patches[: len(caffe["posterior"])]), 1).numpy()
        in_double = PerSampleGradients(LeNet(weights).eval().double())
        exact = in_double.score(patches[:n].double(), 4).numpy()
        in_single = per_sample.score(patches[:n], 4).numpy()
        by_layer = by_small_text(net, patches[:n_small_text], "layer", 4)
        against = "against Caffe's parameter diffs (relative)"
        equal: List[Dict[str, Any]] = [
            {
                "what": "posterior: PyTorch against Caffe",
                "difference": float(np.abs(posterior - caffe["posterior"]).max()),
                "limit": 1e-5,
            },
            {
                "what": f"phi: torch.func in float64 {against}",
                "difference": largest_difference(exact, caffe),
                "limit": 1e-5,
            },
            # PyTorch's float32 norms of 2,025,000 numbers are good to 6e-5.
            {
                "what": f"phi: torch.func in float32, as it is timed, {against}",
                "difference": largest_difference(in_single, caffe),
                "limit": 1e-4,
            },
            {
                "what": f"phi: small-text's Layer class {against}",
                "difference": largest_difference(by_layer, caffe),
                "limit": 1e-4,
            },
        ]
        versions = {"torch": torch.__version__, "small-text": small_text.__version__}
        return {"equal": equal, "versions": versions}

    def torch_func(threads: int, n: int, chunk: int) -> int:
        torch.set_num_threads(threads)
        return len(per_sample.score(patches[:n], chunk))

    def best_chunk(threads: int) -> int:
        def seconds(chunk: int) -> float:
            torch_func(threads, chunk, chunk)
            began = time.perf_counter()
            torch_func(threads, 2 * CHUNKS[-1], chunk)
            return time.perf_counter() - began

        return min(CHUNKS, key=seconds)

    def small_text_scores(threads: int, n: int, kind: str, batch: int) -> int:
        torch.set_num_threads(threads)
        return len(by_small_text(net, patches[:n], kind, batch))

    answer(
        {
            "check": check,
            "best_chunk": best_chunk,
            "torch_func": torch_func,
            "small_text": small_text_scores,
        }
    )


if __name__ == "__main__":
    main(sys.argv[1])
