"""Prototxt files parsed, and the wiring of their layers checked, without Caffe's own parser."""

from __future__ import annotations

from typing import Any, Iterable, Set

from egl.errors import NetError
from egl.nets.arguments import check_file


def parse(path: str, message: Any) -> Any:
    """Return `message` (an empty protobuf message) filled from the prototxt `path`.

    Raises NetError where the file cannot be read, and with line and column for its syntax.
    """
    from google.protobuf import text_format

    check_file(path)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NetError(f"{path}: cannot be read as a prototxt: {reason}") from error
    try:
        return text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise NetError(f"{path}:{error}") from error  # the error begins with line and column


def inputs_to_layer(net: Any) -> None:
    """Turn the old fields `input` and `input_shape` or `input_dim` of a NetParameter into an Input
    layer, as Caffe does when it loads a net."""
    if not net.input:
        return
    shapes = [list(shape.dim) for shape in net.input_shape] or [
        list(net.input_dim[start : start + 4]) for start in range(0, len(net.input_dim), 4)
    ]
    layers = list(net.layer)
    del net.layer[:]
    layer = net.layer.add(name="input", type="Input", top=list(net.input))
    for shape in shapes:
        layer.input_param.shape.add(dim=shape)
    net.layer.extend(layers)
    for field in ("input", "input_shape", "input_dim"):
        net.ClearField(field)


def check_wiring(layers: Iterable[Any], path: str) -> None:
    """Raise NetError for two layers of one name, an unknown bottom, a blob made twice, or a blob
    that one layer changes in place and another reads unchanged."""
    names: Set[str] = set()
    blobs: Set[str] = set()
    read: Set[str] = set()  # since they were last written
    for layer in layers:
        if layer.name in names:
            raise NetError(f"{path}: two layers are named {layer.name!r}")
        names.add(layer.name)
        for bottom in layer.bottom:
            if bottom not in blobs:
                raise NetError(
                    f"{path}: layer {layer.name!r} reads the blob {bottom!r}, "
                    "which no layer before it makes"
                )
            if bottom in read and bottom in layer.top:
                raise NetError(
                    f"{path}: layer {layer.name!r} changes the blob {bottom!r} in place, which "
                    "another layer reads before; give it a top of its own"
                )
            read.add(bottom)
        for index, top in enumerate(layer.top):
            in_place = index < len(layer.bottom) and layer.bottom[index] == top
            if top in blobs and not in_place:
                raise NetError(f"{path}: layer {layer.name!r} makes the blob {top!r} a second time")
            blobs.add(top)
            read.discard(top)
