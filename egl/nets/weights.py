"""Weights into a net, checked first: Caffe aborts on a wrong shape and ignores an absent layer."""

from __future__ import annotations

import warnings
from typing import Any, Dict, Tuple

import numpy as np

from egl.errors import NetError
from egl.nets.runtime import import_caffe

Shape = Tuple[int, ...]


def load_weights(net: Any, path: str) -> None:
    """Copy the weights of the .caffemodel `path` into `net` (caffe.Net), if they fit.

    The file must hold every layer of the net that has parameters, with the same shapes and finite
    numbers; other layers of the file are ignored. Raises NetError otherwise, and leaves the net as
    it was.
    """
    _check_stored(net, path)
    before = {name: [blob.data.copy() for blob in blobs] for name, blobs in net.params.items()}
    net.copy_from(path)
    # Checked after the copy: reading the numbers from the message takes ten times as long.
    for name, blobs in net.params.items():
        if not all(np.isfinite(blob.data).all() for blob in blobs):
            _put_back(net, before)
            raise NetError(
                f"{path}: the weights of layer {name!r} are not finite: has training diverged?"
            )


def check_same_parameters(net: Any, source: Any) -> None:
    """Raise NetError unless `source` has all layers with parameters of `net`, in the same shapes.

    net, source: caffe.Net
    """
    for name, blobs in net.params.items():
        if name not in source.params:
            raise NetError(
                f"the net that shares its weights has no layer {name!r}; "
                f"it has {', '.join(source.params)}"
            )
        shapes = [tuple(blob.data.shape) for blob in source.params[name]]
        wanted = [tuple(blob.data.shape) for blob in blobs]
        if shapes != wanted:
            raise NetError(
                f"layer {name!r} of the net that shares its weights has the shapes {shapes}; "
                f"wanted are {wanted}"
            )


def _check_stored(net: Any, path: str) -> None:
    """Raise NetError unless the file holds the net's layers with parameters, whole."""
    stored = _read(path)
    for name, blobs in net.params.items():
        if name not in stored:
            raise NetError(f"{path}: has no weights for layer {name!r}; it has {', '.join(stored)}")
        shapes = [_shape(blob) for blob in stored[name]]
        wanted = [tuple(blob.data.shape) for blob in blobs]
        if len(shapes) != len(wanted) or not all(map(_same_shape, shapes, wanted)):
            raise NetError(
                f"{path}: layer {name!r} has the shapes {shapes}, the net wants {wanted}"
            )
        for blob, shape in zip(stored[name], shapes):
            if len(blob.double_data or blob.data) != np.prod(shape):
                raise NetError(f"{path}: the weights of layer {name!r} are cut off")


def _put_back(net: Any, before: Dict[str, Any]) -> None:
    for name, values in before.items():
        for blob, value in zip(net.params[name], values):
            blob.data[...] = value


def _read(path: str) -> Dict[str, Any]:
    """Return {layer name: BlobProtos} of a .caffemodel."""
    from google.protobuf.message import DecodeError

    model = import_caffe().proto.caffe_pb2.NetParameter()
    try:
        with open(path, "rb") as file, warnings.catch_warnings(record=True) as read_in_part:
            warnings.simplefilter("always")
            model.ParseFromString(file.read())
    except OSError as error:
        raise NetError(f"{path}: the weights cannot be read: {error.strerror}") from error
    except DecodeError as error:
        raise NetError(f"{path}: is no .caffemodel, or a damaged one") from error
    if read_in_part:
        raise NetError(f"{path}: is no .caffemodel, or a damaged one")
    if model.layers:
        raise NetError(
            f"{path}: written by Caffe before 2014; convert it with upgrade_net_proto_binary"
        )
    stored = {layer.name: layer.blobs for layer in model.layer if layer.blobs}
    if not stored:
        raise NetError(f"{path}: holds no weights")
    return stored


def _shape(blob: Any) -> Shape:
    if blob.HasField("shape"):
        return tuple(blob.shape.dim)
    return (blob.num, blob.channels, blob.height, blob.width)  # files from before 2015


def _same_shape(stored: Shape, wanted: Shape) -> bool:
    """Compare as Caffe does: an old file's four axes may begin with ones that the net lacks."""
    return stored == wanted or (len(stored) == 4 and stored == (1,) * (4 - len(wanted)) + wanted)
