"""A program: the plain forward and a large matrix product with the environment's BLAS kernels.

    OPENBLAS_CORETYPE=SkylakeX python3 -m benchmarks.kernels FOLDER     where Caffe is

Debian 11's OpenBLAS is from 2020 and uses kernels from 2004, without AVX, on processors that it
does not know. So the machine's floating-point limit is the fastest of all kernels that the
processor can run.
"""

import sys
from typing import Dict

import numpy as np

from benchmarks.bounds import AS_CHOSEN
from benchmarks.material import SCORE, Material
from benchmarks.programs import Program, answer
from egl.nets.building import scoring_net
from egl.nets.runtime import blas_description

BATCH = 64
SIDE = 1024  # of the matrices
PRODUCTS = 8
FORWARDS = 8
NEEDED = {"Haswell": {"avx2", "fma"}, "SkylakeX": {"avx512f", "avx512dq", "avx512bw", "avx512vl"}}


def programs(folder: str, project: str) -> Dict[str, Program]:
    """Return {kernels: Program}: those that OpenBLAS chooses, and those of NEEDED that can run."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = next((set(line.split()) for line in file if line.startswith("flags")), set())
    command = [sys.executable, "-m", "benchmarks.kernels", folder]
    found = {AS_CHOSEN: Program(command, project)}
    for name, needed in NEEDED.items():
        if needed <= flags:
            found[name] = Program(["env", f"OPENBLAS_CORETYPE={name}", *command], project)
    return found


def main(folder: str) -> None:
    material = Material(folder)
    net = scoring_net(SCORE, material.weights, BATCH)
    net.blobs["data"].data[...] = material.patches[:BATCH]
    left, right = np.random.RandomState(0).rand(2, SIDE, SIDE).astype(np.float32)
    out = np.empty_like(left)

    def forward() -> int:
        """Return the number of patches."""
        for _ in range(FORWARDS):
            net.forward(end="prob")
        return FORWARDS * BATCH

    def product() -> float:
        """Return the number of floating-point operations, 10^9."""
        for _ in range(PRODUCTS):
            np.dot(left, right, out=out)
        return PRODUCTS * 2 * SIDE**3 / 1e9

    def used() -> str:
        """Return the name of the kernels in use."""
        return str(blas_description()[0]["kernels"])

    answer({"forward": forward, "product": product, "kernels": used})


if __name__ == "__main__":
    main(sys.argv[1])
