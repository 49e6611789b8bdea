"""Where the time goes: layers, parts of phi, batch sizes, BLAS kernels, threads, processes."""

import contextlib
import multiprocessing
import os
import pickle
import statistics
import time
from functools import partial
from typing import Any, Callable, Dict, List

import numpy as np
import threadpoolctl

from benchmarks import dense_time, kernels
from benchmarks.comparing import alternate
from benchmarks.material import SCORE, Material
from egl.gradient_length.batched import row_squares
from egl.gradient_length.workers import CHUNK
from egl.nets.building import scoring_net

BATCHES = (1, 16, 32, 64, 128, 256)
SECONDS = 2.0  # that two processes run side by side


def measure(material: Material, batch: int) -> Dict[str, Any]:
    """Return a dict for JSON, see the functions below."""
    repeats = material.sizes.profile_repeats
    net = scoring_net(SCORE, material.weights, batch)
    net.blobs["data"].data[...] = material.patches[:batch]
    net.forward(end="prob")
    strides = material.sizes.dense_strides
    return {
        "batch": batch,
        "layers": layers(net, repeats),
        "phi": phi_parts(net, material.patches[:batch], repeats),
        "batches": batch_sizes(material, repeats),
        "kernels": by_kernels(material),
        "threads": two_threads(net, repeats),
        "processes": two_processes(material, batch),
        "transfer": transfer(material.levels[: CHUNK * batch], repeats),
        "dense": {
            str(stride): {
                **dense_time.shares(material, stride),
                "by count": dense_time.fewer(operations(net), net, material.image.shape, stride),
            }
            for stride in strides
        },
    }


def operations(net: Any) -> Dict[str, int]:
    """Return {layer with weights: floating-point operations a patch}; a multiply-add is two."""
    result = {}
    for name, (weights, _) in net.params.items():
        positions = np.prod(net.blobs[name].data.shape[2:], dtype=int)
        result[name] = int(2 * weights.data.size * positions)
    return result


def layers(net: Any, repeats: int) -> List[Dict[str, Any]]:
    """Return a dict for each layer up to prob: name, ms a batch; rate, product if it has weights.

    rate, product: GFLOP/s of the layer, and of numpy's matrix products of the same shapes, without
    what Caffe does around them (im2col)
    """
    flop = operations(net)
    names = list(net._layer_names)
    result = []
    for index, name in enumerate(names[: names.index("prob") + 1]):
        if net.layers[index].type in ("Input", "Split"):
            continue
        seconds = _median(partial(net.forward, start=name, end=name), repeats)
        row: Dict[str, Any] = {"name": name, "ms": seconds * 1e3}
        if name in flop:
            work = flop[name] * net.blobs["data"].data.shape[0] / 1e9
            row["rate"] = work / seconds
            row["product"] = work / _product_seconds(net, name, repeats)
        result.append(row)
    return result


def _product_seconds(net: Any, name: str, repeats: int) -> float:
    """Return the seconds of a layer's matrix products for one batch.

    A convolution takes one product a patch, as Caffe does; another layer one in all.
    """
    batch = net.blobs["data"].data.shape[0]
    weights = net.params[name][0].data
    weights = weights.reshape(len(weights), -1).copy()
    random = np.random.RandomState(0)
    positions = int(np.prod(net.blobs[name].data.shape[2:], dtype=int))
    if net.blobs[name].data.ndim == 4:
        columns = random.rand(weights.shape[1], positions).astype(np.float32)
        out = np.empty((len(weights), positions), np.float32)
        return _median(lambda: [np.dot(weights, columns, out=out) for _ in range(batch)], repeats)
    rows = random.rand(batch, weights.shape[1]).astype(np.float32)
    return _median(lambda: np.dot(rows, weights.T), repeats)


def phi_parts(net: Any, patches: np.ndarray, repeats: int) -> Dict[str, float]:
    """Return {part: ms a batch} of phi; "forward to prob" is the plain forward, for comparison."""
    blob = net.blobs["data"]
    net.blobs["ip2"].diff[...] = (-1, 1)

    def feed() -> None:
        blob.data[...] = patches

    parts: Dict[str, Callable[[], Any]] = {
        "copying the batch into the net": feed,
        "forward to prob": lambda: net.forward(end="prob"),
        "forward to ip2": lambda: net.forward(end="ip2"),
        "backward from ip2 to ip1's output": lambda: net.backward(start="ip2", end="relu1"),
        "norms of ip1's input": lambda: row_squares(net.blobs["pool2"].data),
        "norms of the diff": lambda: row_squares(net.blobs["ip1"].diff),
    }
    return {name: _median(part, repeats) * 1e3 for name, part in parts.items()}


def batch_sizes(material: Material, repeats: int) -> Dict[str, float]:
    """Return {batch: patches a second} of the plain forward."""
    result = {}
    for batch in BATCHES:
        net = scoring_net(SCORE, material.weights, batch)
        net.blobs["data"].data[...] = material.patches[:batch]
        forwards = max(1, BATCHES[-1] // 4 // batch)

        def work(net: Any = net, forwards: int = forwards) -> None:
            for _ in range(forwards):
                net.forward(end="prob")

        result[str(batch)] = batch * forwards / _median(work, min(repeats, 5))
    return result


def by_kernels(material: Material) -> Dict[str, Dict[str, Any]]:
    """Return {kernels: {name, forward: patches/s, product: GFLOP/s}}, medians."""
    with contextlib.ExitStack() as stack:
        running = {
            name: stack.enter_context(program)
            for name, program in kernels.programs(material.folder, os.getcwd()).items()
        }
        sides: Dict[str, Callable[[], float]] = {
            f"{name} {question}": partial(program.ask, question)
            for name, program in running.items()
            for question in ("forward", "product")
        }
        rates = alternate(sides, material.sizes.profile_repeats)
        names = {name: program.ask("kernels") for name, program in running.items()}
    medians = {side: statistics.median(values) for side, values in rates.items()}
    return {
        name: {
            "name": names[name],
            "forward": medians[f"{name} forward"],
            "product": medians[f"{name} product"],
        }
        for name in names
    }


def two_threads(net: Any, repeats: int) -> float:
    """Return the plain forward's speed with two BLAS threads over that with one."""
    one = _median(lambda: net.forward(end="prob"), repeats)
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        two = _median(lambda: net.forward(end="prob"), repeats)
    return one / two


def two_processes(material: Material, batch: int) -> float:
    """Return the plain forwards of two processes side by side, nothing shared, over one's."""
    context = multiprocessing.get_context("spawn")
    arguments = (material.weights, batch, SECONDS)
    with context.Pool(1) as first, context.Pool(1) as second:
        for pool in (first, second):
            pool.apply(_forwards, arguments)  # to start it
        before = first.apply(_forwards, arguments)
        together = [pool.apply_async(_forwards, arguments) for pool in (first, second)]
        both = sum(result.get() for result in together)
        after = second.apply(_forwards, arguments)
    return both / ((before + after) / 2)


_nets: Dict[int, Any] = {}  # by batch, in a process of two_processes


def _forwards(weights: str, batch: int, seconds: float) -> float:
    """Return plain forwards a second, measured over `seconds`."""
    if batch not in _nets:
        _nets[batch] = scoring_net(SCORE, weights, batch)
        _nets[batch].forward(end="prob")
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        _nets[batch].forward(end="prob")
        done += 1
    return done / (time.perf_counter() - began)


def transfer(patches: np.ndarray, repeats: int) -> float:
    """Return patches a second through pickle, a pipe and back to an array: the way to a worker."""
    reader, writer = multiprocessing.Pipe(duplex=False)

    def send_and_receive() -> None:
        message = pickle.dumps(patches, protocol=pickle.HIGHEST_PROTOCOL)
        for start in range(0, len(message), 1 << 14):  # a pipe holds 64 KiB
            writer.send_bytes(message[start : start + (1 << 14)])
            reader.recv_bytes()
        pickle.loads(message)

    return len(patches) / _median(send_and_receive, repeats)


def _median(work: Callable[[], Any], repeats: int) -> float:
    """Return the median of the seconds that work() takes, after one unmeasured call."""
    work()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)
