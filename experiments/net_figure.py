"""Fig. 1 of the paper, drawn from the prototxt: the blobs of a net, its layers, its parameters."""

from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from egl.nets.definition import layers_in_phase, read_net
from egl.nets.runtime import import_caffe
from experiments import plots

DEPTH, LIFT = 0.05, 0.035  # how far the sheets of a stack lie apart, in inches of the figure
STEP = 1.5  # from blob to blob
SHEETS = 6  # drawn at most for a blob, however many channels it has


class Stage(NamedTuple):
    """A blob of a net and the layers that make it.

    layers: names and types, such as "conv1 5 x 5"; shape: without the batch; parameters: a number
    """

    blob: str
    layers: Tuple[str, ...]
    shape: Tuple[int, ...]
    parameters: int


def stages(prototxt: str) -> List[Stage]:
    """Return the blobs on the way from the data to the last one, in order (phase TEST).

    Raises NetError where the prototxt is no net of Caffe's.
    """
    caffe = import_caffe()
    layers = layers_in_phase(read_net(prototxt), caffe.TEST)
    net = caffe.Net(str(prototxt), caffe.TEST)
    found: Dict[str, Stage] = {}
    for layer in layers:
        if layer.type == "Accuracy" or layer.type.endswith("Loss") or layer.top[0] == "label":
            continue
        blob = layer.top[0]
        before = found.get(blob, Stage(blob, (), tuple(net.blobs[blob].data.shape[1:]), 0))
        size = sum(weights.data.size for weights in net.params.get(layer.name, ()))
        words = () if layer.type == "Input" else (_words(layer),)
        found[blob] = before._replace(
            layers=before.layers + words, parameters=before.parameters + size
        )
    return list(found.values())


def _words(layer: Any) -> str:
    if layer.type == "Convolution":
        sizes = layer.convolution_param.kernel_size
        return f"{layer.name}\n{sizes[0]} x {sizes[0]} filters"
    if layer.type == "Pooling":
        size = layer.pooling_param.kernel_size
        return f"{layer.name}\nmaximum of {size} x {size}"
    words = {"InnerProduct": "fully connected", "Softmax": "softmax", "ReLU": "ReLU"}
    return f"{layer.name}\n{words.get(layer.type, layer.type)}"


def net_figure(prototxt: str) -> Figure:
    """Return a picture of a net: each blob a stack of sheets, as wide as the blob is.

    Raises NetError where the prototxt is no net of Caffe's.
    """
    blobs = stages(prototxt)
    figure, axes = plots.panels(width=STEP * len(blobs), height=2.6)
    axis = axes[0, 0]
    largest = max(stage.shape[-1] for stage in blobs if len(stage.shape) == 3)
    end = 0.0  # of the blob before, where the arrow begins
    for column, stage in enumerate(blobs):
        left = STEP * column
        side = 0.75 * (stage.shape[-1] / largest) ** 0.7 if len(stage.shape) == 3 else 0.0
        width, height = (side, side) if side else (0.1, 0.25 * np.log10(stage.shape[0]) + 0.1)
        if not side:  # in the middle of where a stack of sheets would be
            left += 0.3
        sheets = min(stage.shape[0], SHEETS) if side else 1
        for sheet in reversed(range(sheets)):
            corner = (left + DEPTH * sheet, -height / 2 + LIFT * sheet)
            axis.add_patch(
                Rectangle(corner, width, height, facecolor="#dce9f5", edgecolor="#2b5c8a")
            )
        shape = " x ".join(map(str, stage.shape))
        middle = left + (width + DEPTH * (sheets - 1)) / 2
        axis.text(middle, -0.55, f"{stage.blob}\n{shape}", ha="center", va="top", fontsize=9)
        if stage.layers:
            words = "\n".join(stage.layers)
            count = f"\n{stage.parameters:,} parameters" if stage.parameters else ""
            axis.text((end + left) / 2, 0.72, words + count, ha="center", va="bottom", fontsize=8)
            arrow = {"arrowstyle": "->", "shrinkA": 3, "shrinkB": 3}
            axis.annotate("", (left, 0), (end, 0), arrowprops=arrow)
        end = left + width + DEPTH * (sheets - 1)
    axis.set(xlim=(-0.1, end + 0.4), ylim=(-0.95, 1.65), aspect="equal")
    axis.axis("off")
    return figure
