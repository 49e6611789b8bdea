"""prototxt/lenet_deploy.svg: Fig. 1 of the paper, drawn from the prototxt.   make docs"""

import os
import sys
import tempfile

from data_prep.files import write_text
from egl.nets.definition import prototxt_path
from experiments import plots
from experiments.net_figure import net_figure


def net_picture() -> str:
    """Return the picture of LeNet as SVG; needs Caffe."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.png")
        plots.save(net_figure(prototxt_path("lenet_deploy.prototxt")), path)
        with open(plots.svg_of(path), encoding="utf-8") as file:
            return file.read()


if __name__ == "__main__":
    write_text(sys.argv[1], net_picture())
