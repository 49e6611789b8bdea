"""Layers in place, where Caffe's gradient is wrong and Caffe does not say so.

A layer in place overwrites the numbers that it reads. Some kinds then miss them in their own
backward pass, and so may the layer that made them (a TanH needs its output, a ReLU in place its
signs). Flatten and Reshape share the memory of their input, which so reaches further still.
"""

from __future__ import annotations

from typing import Any, Collection, List, Sequence

from egl.errors import NetError
from egl.nets.graph import Source, depending_on, sources

# Kinds whose own backward pass is right in place.
RIGHT = frozenset("BatchNorm Bias Dropout ELU Exp PReLU ReLU Scale Sigmoid Swish TanH".split())
# Kinds whose backward pass needs neither their output nor, in place, what they have overwritten.
INDEPENDENT = frozenset(
    """BatchNorm Bias Concat Convolution Deconvolution Dropout Flatten Im2col InnerProduct Input
    PReLU Pooling Reduction Reshape Scale Slice Tile""".split()
)
# Kinds whose backward pass needs their input alone: right if that is in other memory.
FROM_THE_INPUT = frozenset("AbsVal BNLL Clip Log ReLU".split())


def check_gradients(layers: Sequence[Any], wanted: Collection[str], path: str) -> None:
    """Raise NetError if Caffe's gradient is wrong by a layer in place.

    layers: of the phase TEST, in order; wanted: names of those whose backward pass counts
    """
    read = sources(layers)
    memory = _memory(layers, read)
    for index, layer in enumerate(layers):
        if not _is_in_place(layer):
            continue
        if layer.name in wanted and not _is_right(layer):
            raise NetError(
                f"{path}: in place, Caffe's gradient of layer {layer.name!r} ({layer.type}) is "
                "wrong; give it a top of its own"
            )
        if layer.type == "Dropout":  # changes nothing in phase TEST
            continue
        above = depending_on(layers, layer.name)
        below = [
            other for other in layers[:index] if layer.name in depending_on(layers, other.name)
        ]
        for number, other in enumerate(layers):
            if other is layer or not {other.name, layer.name} & set(wanted):
                continue
            writes = any(memory[number][top] == memory[index][0] for top in range(len(other.top)))
            needs = other in below and writes and other.name in wanted and not _forgets(other)
            misses = (
                not _is_in_place(other)
                and not _shares(other)
                and any(
                    memory[source.layer][source.top] == memory[index][0]
                    and source.layer != index
                    and layers[source.layer].name not in above
                    for source in read[number]
                )
            )
            if needs or misses:
                raise NetError(
                    f"{path}: layer {layer.name!r} overwrites in place what the gradient of layer "
                    f"{other.name!r} ({other.type}) needs; give {layer.name!r} a top of its own"
                )


def _memory(layers: Sequence[Any], read: Sequence[Sequence[Source]]) -> List[List[int]]:
    """Return a number for each top of each layer, the same for tops in the same memory."""
    found: List[List[int]] = []
    unused = 0
    for layer, bottoms in zip(layers, read):
        numbers = []
        for name in layer.top:
            if name in layer.bottom or _shares(layer):
                source = bottoms[list(layer.bottom).index(name) if name in layer.bottom else 0]
                numbers.append(found[source.layer][source.top])
            else:
                numbers.append(unused)
                unused += 1
        found.append(numbers)
    return found


def _is_in_place(layer: Any) -> bool:
    return any(top in layer.bottom for top in layer.top)


def _shares(layer: Any) -> bool:
    """Return whether a layer's top is its bottom's memory, seen in another shape."""
    return layer.type in ("Flatten", "Reshape") or (
        layer.type in ("Concat", "Slice") and len(layer.bottom) == len(layer.top) == 1
    )


def _is_right(layer: Any) -> bool:
    """Return whether the layer's own gradient is right in place."""
    if layer.type == "ReLU" and layer.relu_param.negative_slope < 0:
        return False
    if layer.type == "ELU" and layer.elu_param.alpha < 0:
        return False
    return layer.type in RIGHT


def _forgets(layer: Any) -> bool:
    """Return whether the layer's gradient is right whatever becomes of its output."""
    if layer.type == "Power":
        return bool(layer.power_param.power == 1)
    if layer.type == "Eltwise":
        product = layer.eltwise_param.operation == layer.eltwise_param.PROD
        return not _is_in_place(layer) and (not product or layer.eltwise_param.stable_prod_grad)
    return layer.type in INDEPENDENT or (layer.type in FROM_THE_INPUT and not _is_in_place(layer))
