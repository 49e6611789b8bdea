"""The most memory that a process takes which scores one whole image by the dense route.

python3 -m benchmarks.dense_memory FOLDER STRIDE     where Caffe is; prints JSON: stride, peak in GB (10^9 bytes)
"""

import json
import resource
import sys

from benchmarks.material import Material


def main(folder, stride):
    material = Material(folder)
    material.image_scorer("dense").maps(material.image, int(stride))
    print(
        json.dumps(
            {
                "stride": int(stride),
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
