"""Weights into a net, checked first: Caffe aborts on a wrong shape and ignores an absent layer."""

from __future__ import annotations

import warnings
from typing import Any, Dict, List, Tuple

import numpy as np

from data_prep.captured_stderr import captured_stderr
from egl.errors import NetError
from egl.nets.arguments import check_file
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
    """Raise NetError unless the file holds the net's layers with parameters, whole and once."""
    stored = _read(path)
    named = set(net._layer_names)
    for name, entries in stored.items():
        if name in named and len(entries) > 1:
            raise NetError(f"{path}: holds layer {name!r} {len(entries)} times")
        if name in named and name not in net.params and entries[0]:
            raise NetError(
                f"{path}: holds weights for layer {name!r}, which has none in this net; "
                "is it a layer of another type?"
            )
    with_weights = [name for name, entries in stored.items() if entries[0]]
    for name, blobs in net.params.items():
        if name not in with_weights:
            raise NetError(
                f"{path}: has no weights for layer {name!r}; it has {', '.join(with_weights)}"
            )
        (entry,) = stored[name]
        wanted = [tuple(blob.data.shape) for blob in blobs]
        if len(entry) != len(wanted) or not all(map(_fits, entry, wanted)):
            raise NetError(
                f"{path}: layer {name!r} has the shapes {[_shape(blob) for blob in entry]}, "
                f"the net wants {wanted}"
            )
        if not all(map(_whole, entry, wanted)):
            raise NetError(f"{path}: the weights of layer {name!r} are cut off")


def _put_back(net: Any, before: Dict[str, Any]) -> None:
    for name, values in before.items():
        for blob, value in zip(net.params[name], values):
            blob.data[...] = value


def _read(path: str) -> Dict[str, List[Any]]:
    """Return {layer name: its BlobProtos, for each time that it is stored} of a .caffemodel."""
    from google.protobuf.message import DecodeError

    check_file(path)
    model = import_caffe().proto.caffe_pb2.NetParameter()
    try:
        with open(path, "rb") as file, warnings.catch_warnings(record=True) as read_in_part:
            warnings.simplefilter("always")
            with captured_stderr():  # protobuf says on it what the error below says
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
    stored: Dict[str, List[Any]] = {}
    for layer in model.layer:
        stored.setdefault(layer.name, []).append(layer.blobs)
    if not any(layer.blobs for layer in model.layer):
        raise NetError(f"{path}: holds no weights")
    return stored


def _shape(blob: Any) -> Shape:
    if _is_old(blob):
        return (blob.num, blob.channels, blob.height, blob.width)
    return tuple(blob.shape.dim)


def _is_old(blob: Any) -> bool:
    """Return whether a BlobProto has the four axes of files from before 2015, as Caffe decides."""
    return any(map(blob.HasField, ("num", "channels", "height", "width")))


def _fits(blob: Any, wanted: Shape) -> bool:
    """Compare as Caffe does: an old file's four axes may begin with ones that the net lacks."""
    stored = _shape(blob)
    return stored == wanted or (_is_old(blob) and stored == (1,) * (4 - len(wanted)) + wanted)


def _whole(blob: Any, shape: Shape) -> bool:
    """Return whether a BlobProto has a number for each place, and diffs for each or none."""
    n = int(np.prod(shape))
    diffs = len(blob.double_diff or blob.diff)
    return len(blob.double_data or blob.data) == n and diffs in (0, n)
