"""Weights into a net, checked first: Caffe aborts on a wrong shape and says nothing about an absent layer."""

import warnings

import numpy as np

from egl.errors import NetError
from egl.nets.runtime import import_caffe


def load_weights(net, path):
    """Copy the weights of the .caffemodel `path` into `net` (caffe.Net), once they are known to fit.

    Every layer of the net that has parameters must be in the file, with the same shapes and finite numbers; further
    layers in the file are passed over. Raises NetError otherwise, and leaves the net as it was.
    """
    stored = _read(path)
    for name, blobs in net.params.items():
        if name not in stored:
            raise NetError(
                "{}: has no weights for layer {!r}; it has {}".format(path, name, ", ".join(stored))
            )
        shapes = [_shape(blob) for blob in stored[name]]
        wanted = [tuple(blob.data.shape) for blob in blobs]
        if len(shapes) != len(wanted) or not all(map(_same_shape, shapes, wanted)):
            raise NetError(
                f"{path}: layer {name!r} has the shapes {shapes}, the net wants {wanted}"
            )
        for blob, shape in zip(stored[name], shapes):
            if len(blob.double_data or blob.data) != np.prod(shape):
                raise NetError(f"{path}: the weights of layer {name!r} are cut off")
    before = {name: [blob.data.copy() for blob in blobs] for name, blobs in net.params.items()}
    net.copy_from(path)
    # Only now: numbers are read ten times as fast from the net as from the message.
    bad = [
        name
        for name, blobs in net.params.items()
        if not all(np.isfinite(blob.data).all() for blob in blobs)
    ]
    if bad:
        for name, values in before.items():
            for blob, value in zip(net.params[name], values):
                blob.data[...] = value
        raise NetError(
            f"{path}: the weights of layer {bad[0]!r} are not finite: has training diverged?"
        )


def check_same_parameters(net, source):
    """Raise NetError unless every layer with parameters of `net` is in `source`, with the same shapes (both caffe.Net)."""
    for name, blobs in net.params.items():
        if name not in source.params:
            raise NetError(
                "the net that shares its weights has no layer {!r}; it has {}".format(
                    name, ", ".join(source.params)
                )
            )
        shapes, wanted = (
            [tuple(blob.data.shape) for blob in each] for each in (source.params[name], blobs)
        )
        if shapes != wanted:
            raise NetError(
                f"layer {name!r} of the net that shares its weights has the shapes {shapes}, wanted are {wanted}"
            )


def _read(path):
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


def _shape(blob):
    if blob.HasField("shape"):
        return tuple(blob.shape.dim)
    return (blob.num, blob.channels, blob.height, blob.width)  # files from before 2015


def _same_shape(stored, wanted):
    """As Caffe compares: an old file's four axes may begin with ones that the net does not have."""
    return stored == wanted or (len(stored) == 4 and stored == (1,) * (4 - len(wanted)) + wanted)
