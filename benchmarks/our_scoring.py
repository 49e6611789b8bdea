"""Our side of the comparisons with PyTorch: a program that scores patches on request.

python3 -m benchmarks.our_scoring FOLDER     where Caffe is
"""

import sys
from typing import Any, Dict

from benchmarks.material import SCORE, Material
from benchmarks.programs import answer
from egl.gradient_length.scorer import NetScorer
from egl.gradient_length.workers import Workers


def main(folder: str) -> None:
    material = Material(folder)
    settings: Dict[str, Any] = {"prototxt": SCORE, "normalisation": material.normalisation}
    alone = NetScorer(weights=material.weights, **settings)
    with Workers(material.weights, settings, 2) as workers:

        def score(processes: int) -> int:
            """Return the number of patches scored."""
            if processes == 2:
                return len(workers.phi(material.levels).phi)
            return len(alone.phi(material.levels[: material.sizes.one_process]).phi)

        answer({"score": score})


if __name__ == "__main__":
    main(sys.argv[1])
