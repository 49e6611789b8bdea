"""Where the time of the dense route goes, and how many multiply-adds it saves."""

import cProfile
import pstats
import time
from typing import Any, Dict, Tuple

import numpy as np

from benchmarks.material import Material
from data_prep.geometry import PATCH_SIDE
from egl.gradient_length import dense
from egl.gradient_length.fourier import FourierConvolution
from egl.nets.runtime import import_caffe

KERNEL = 5  # of conv1 and conv2


def shares(material: Material, stride: int) -> Dict[str, Any]:
    """Return seconds of the second map of an image, and shares: {part: share of the time}."""
    parts = {
        "Caffe's layers": import_caffe().Net.forward,
        "ip1 through the Fourier transform": FourierConvolution.apply,
        "box sums": dense.box_sums,
        "phi from the scores and the diff": dense.DenseLeNet._lengths,
    }
    scorer = material.image_scorer("dense")
    scorer.maps(material.image, stride)
    profiler = cProfile.Profile()
    began = time.perf_counter()
    profiler.runcall(scorer.maps, material.image, stride)
    seconds = time.perf_counter() - began
    entries: Dict[Any, Any] = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    cumulative = {(path, function): times[3] for (path, _, function), times in entries.items()}
    found = {}
    for part, function in parts.items():
        code = function.__code__
        found[part] = cumulative.get((code.co_filename, code.co_name), 0) / seconds
    found["the rest (normalising, copying, Python)"] = max(0.0, 1 - sum(found.values()))
    return {"seconds": seconds, "shares": found}


def fewer(flop: Dict[str, int], net: Any, shape: Tuple[int, ...], stride: int) -> float:
    """Return the multiply-adds of patches cut out one by one over those of the dense route.

    The dense route is counted with shared convolutions, and ip1 computed directly.
    flop: {layer: operations a patch}; net: LeNet for patches; shape: H, W of the image
    """
    height, width = shape[:2]
    rows, columns = ((side - PATCH_SIDE) // stride + 1 for side in (height, width))
    positions = rows * columns
    over_image = {
        "conv1": (height - KERNEL + 1) * (width - KERNEL + 1),
        "conv2": (height // 2 - KERNEL - 1) * (width // 2 - KERNEL - 1),
    }
    shared = 0.0
    for name, outputs in over_image.items():
        in_patch = np.prod(net.blobs[name].data.shape[2:], dtype=int)
        shared += flop[name] / in_patch * outputs
    return float(
        positions * sum(flop.values()) / (shared + positions * (flop["ip1"] + flop["ip2"]))
    )
