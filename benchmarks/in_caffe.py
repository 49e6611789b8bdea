"""Compare ways to compute phi in Caffe, and profile them, in one process.

python3 -m benchmarks.in_caffe FOLDER     where Caffe is; writes FOLDER/in_caffe.json
"""

import contextlib
import json
import os
import sys
from functools import partial
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from benchmarks import kernels, where_time_goes
from benchmarks.comparing import Comparison, alternate, comparison, fastest
from benchmarks.equality import largest_difference
from benchmarks.material import SCORE, Material
from data_prep.files import write_text
from data_prep.geometry import PATCH_SIDE
from egl.gradient_length.phi import GradientLength
from egl.gradient_length.scorer import NetScorer
from egl.gradient_length.workers import Workers
from egl.nets.building import scoring_net

BATCH = 64
Found = Tuple[List[Comparison], List[Dict[str, Any]]]  # comparisons, and what was the same


def main(folder: str) -> None:
    material = Material(folder)
    compared: List[Comparison] = []
    equal: List[Dict[str, Any]] = []
    for measure in (forward_and_phi, workers_and_param_diff, dense):
        print(f"  {measure.__name__}", file=sys.stderr)
        comparisons, checks = measure(material)
        compared += comparisons
        equal += checks
    print("  profile", file=sys.stderr)
    profile = where_time_goes.measure(material, BATCH)
    result = {"compared": compared, "equal": equal, "profile": profile}
    write_text(os.path.join(folder, "in_caffe.json"), json.dumps(result))  # in this order


def forward_and_phi(material: Material) -> Found:
    """Compare batched phi with the plain forward, and that with a large matrix product."""
    patches = material.patches[: material.sizes.forward]
    net = scoring_net(SCORE, material.weights, BATCH)
    batched = GradientLength(SCORE, material.weights, batch=BATCH, route="batched")

    def forward() -> int:
        posterior = np.empty((len(patches), 2))
        for start in range(0, len(patches), BATCH):
            chunk = patches[start : start + BATCH]
            net.blobs["data"].data[: len(chunk)] = chunk
            posterior[start : start + BATCH] = net.forward(end="prob")["prob"][: len(chunk)]
        return len(patches)

    def phi() -> int:
        batched.score(patches)
        return len(patches)

    sides = {"plain forward": forward, "batched phi": phi}
    rates = alternate(sides, material.sizes.forward_repeats)
    difference = largest_difference(batched.score(patches).phi, material.scores)
    per_patch = sum(where_time_goes.operations(net).values()) / 1e9
    compared = [
        comparison("phi_vs_forward", "patches/s", rates, "batched phi", "plain forward"),
        against_product(material, forward, per_patch),
    ]
    return compared, [equality("phi: batched against parameter diffs (relative)", difference, 1e-4)]


def against_product(material: Material, forward: Callable[[], int], per_patch: float) -> Comparison:
    """Compare the plain forward with the fastest matrix product.

    per_patch: 10^9 floating-point operations of a forward pass
    """
    with contextlib.ExitStack() as stack:
        running = {
            name: stack.enter_context(program)
            for name, program in kernels.programs(material.folder, os.getcwd()).items()
        }
        products: Dict[str, Callable[[], float]] = {
            f"matrix product, kernels {name}": partial(program.ask, "product")
            for name, program in running.items()
        }
        sides = {**products, "plain forward": lambda: forward() * per_patch}
        rates = alternate(sides, material.sizes.profile_repeats)
    quickest = fastest(rates, list(products))
    return comparison("forward_vs_gemm", "GFLOP/s", rates, "plain forward", quickest)


def workers_and_param_diff(material: Material) -> Found:
    """Compare two workers with one process, and with parameter diffs of single samples."""
    sizes, patches = material.sizes, material.levels
    settings: Dict[str, Any] = {
        "prototxt": SCORE,
        "normalisation": material.normalisation,
        "batch": BATCH,
    }
    alone = NetScorer(weights=material.weights, **settings)
    param_diff = NetScorer(weights=material.weights, route="param-diff", **settings)
    with Workers(material.weights, settings, 2) as workers:

        def scoring(score: Callable[[np.ndarray], Any], n: int) -> Callable[[], int]:
            def work() -> int:
                score(patches[:n])
                return n

            return work

        sides = {
            "2 workers": scoring(workers.phi, sizes.patches),
            "1 process": scoring(alone.phi, sizes.one_process),
            "param diffs": scoring(param_diff.phi, sizes.param_diff),
        }
        rates = alternate(sides, sizes.workers_repeats)
        some = patches[: sizes.one_process]
        difference = float(np.abs(workers.phi(some).phi - alone.phi(some).phi).max())
    compared = [
        comparison("batched_vs_param_diff", "patches/s", rates, "2 workers", "param diffs"),
        comparison("workers_2", "patches/s", rates, "2 workers", "1 process"),
    ]
    return compared, [equality("phi: 2 workers against 1 process", difference, 0.0)]


def dense(material: Material) -> Found:
    """Compare whole images by the dense route with patches in batches, in grid positions a second.

    At strides 8 and 4 the patches of the whole grid would take minutes: a band of the grid's rows
    stands for it, another band in each repeat.
    """
    image, compared, equal = material.image, [], []
    patches = material.image_scorer("patches")
    for stride in material.sizes.dense_strides:
        whole = material.image_scorer("dense")
        coarsest = stride == max(material.sizes.dense_strides)
        bands = Bands(image.shape[:2], stride, None if coarsest else material.sizes.band)
        last: Dict[str, Any] = {}

        def by_dense(scorer: Any = whole, stride: int = stride, last: Any = last) -> int:
            last["dense"] = scorer.maps(image, stride)
            return int(last["dense"].phi.size)

        def by_patches(stride: int = stride, bands: Any = bands, last: Any = last) -> int:
            last["patches"] = patches.maps(image, stride, bands.next())
            return int(last["patches"].inside.sum())

        sides = {"dense": by_dense, "batched patches": by_patches}
        rates = alternate(sides, material.sizes.dense_repeats)
        name = f"dense_vs_batched_{stride}"
        compared.append(comparison(name, "positions/s", rates, "dense", "batched patches"))
        inside = last["patches"].inside
        found, expected = (last[route].phi[inside] for route in ("dense", "patches"))
        # In a few patches of thousands, rounding turns a hidden unit on by one route and off by the
        # other (see egl/gradient_length/dense.py), hence not the maximum.
        difference = float(np.percentile(np.abs(found - expected) / np.abs(expected), 99))
        what = f"phi: dense against patches, stride {stride} (relative, 99th percentile)"
        equal.append(equality(what, difference, 1e-4))
    return compared, equal


def equality(what: str, difference: float, limit: float) -> Dict[str, Any]:
    """Return the record of one check that two ways give the same numbers."""
    return {"what": what, "difference": difference, "limit": limit}


class Bands:
    """Fields of view that keep some rows of a grid, other rows each time.

    shape: H, W; stride: pixels; positions: about how many of the grid are kept, None for all
    """

    def __init__(self, shape: Tuple[int, int], stride: int, positions: Optional[int]) -> None:
        self._shape, self._stride = shape, stride
        rows, columns = ((side - PATCH_SIDE) // stride + 1 for side in shape)
        self._rows = rows if positions is None else min(rows, max(1, round(positions / columns)))
        self._starts = range(0, rows - self._rows + 1, self._rows)
        self._turn = 0

    def next(self) -> np.ndarray:
        """Return the next field of view, bool H x W."""
        quarter = max(1, len(self._starts) // 4)
        start = self._starts[self._turn * quarter % len(self._starts)]
        self._turn += 1
        field = np.zeros(self._shape, bool)
        last = start + self._rows - 1
        field[start * self._stride : last * self._stride + PATCH_SIDE] = True
        return field


if __name__ == "__main__":
    main(sys.argv[1])
