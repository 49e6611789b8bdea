"""Our side of the comparisons with PyTorch: a program that scores patches on request.

python3 -m benchmarks.our_scoring FOLDER     where Caffe is
"""

import sys

from benchmarks.material import SCORE, Material
from benchmarks.programs import answer
from egl.gradient_length.phi import GradientLength
from egl.gradient_length.workers import Workers


def main(folder: str) -> None:
    material = Material(folder)
    alone = GradientLength(SCORE, material.weights)
    with Workers(GradientLength, {"prototxt": SCORE}, 2) as workers:

        def score(processes: int) -> int:
            """Return the number of patches scored."""
            if processes == 2:
                return len(workers.score(material.weights, material.patches).phi)
            return len(alone.score(material.patches[: material.sizes.one_process]).phi)

        answer({"score": score})


if __name__ == "__main__":
    main(sys.argv[1])
