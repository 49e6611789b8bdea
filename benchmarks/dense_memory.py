"""Print the peak memory of a process that scores one whole image by the dense route.

python3 -m benchmarks.dense_memory FOLDER STRIDE     where Caffe is; prints JSON: stride, peak in GB
(10^9 bytes)
"""

import json
import resource
import sys

from benchmarks.material import Material


def main(folder: str, stride: int) -> None:
    material = Material(folder)
    material.image_scorer("dense").maps(material.image, stride)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(json.dumps({"stride": stride, "peak": peak}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
