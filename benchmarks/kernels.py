"""The plain forward and a large matrix product with the BLAS kernels that the environment names: a program (see programs).

    OPENBLAS_CORETYPE=SkylakeX python3 -m benchmarks.kernels FOLDER     where Caffe is

Debian 11's OpenBLAS is of 2020 and takes kernels of 2004, without AVX, on processors that it has not heard of. So the
floating-point limit of the machine is looked for among all kernels that the processor can run.
"""

import sys

import numpy as np

from benchmarks.material import SCORE, Material
from benchmarks.programs import Program, answer
from egl.nets.building import scoring_net
from egl.nets.runtime import blas_description

BATCH = 64
SIDE = 1024  # of the matrices
PRODUCTS = 8
FORWARDS = 8
NEEDED = {"Haswell": {"avx2", "fma"}, "SkylakeX": {"avx512f", "avx512dq", "avx512bw", "avx512vl"}}
AS_CHOSEN = "as chosen"  # in bounds too, which needs no numpy


def programs(folder, project):
    """Return {kernels: Program} for the kernels that OpenBLAS chooses itself (or was told to) and those of NEEDED that can run here."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = next((set(line.split()) for line in file if line.startswith("flags")), set())
    command = [sys.executable, "-m", "benchmarks.kernels", folder]
    found = {AS_CHOSEN: Program(command, project)}
    for name, needed in NEEDED.items():
        if needed <= flags:
            found[name] = Program(["env", f"OPENBLAS_CORETYPE={name}", *command], project)
    return found


def main(folder):
    material = Material(folder)
    net = scoring_net(SCORE, material.weights, BATCH)
    net.blobs["data"].data[...] = material.patches[:BATCH]
    left, right = np.random.RandomState(0).rand(2, SIDE, SIDE).astype(np.float32)
    product = np.empty_like(left)

    def forward():
        """Return the number of patches."""
        for _ in range(FORWARDS):
            net.forward(end="prob")
        return FORWARDS * BATCH

    def matrix_product():
        """Return the number of floating-point operations, 10^9."""
        for _ in range(PRODUCTS):
            np.dot(left, right, out=product)
        return PRODUCTS * 2 * SIDE**3 / 1e9

    answer(
        {
            "forward": forward,
            "product": matrix_product,
            "kernels": lambda: blas_description()[0]["kernels"],
        }
    )


if __name__ == "__main__":
    main(sys.argv[1])
