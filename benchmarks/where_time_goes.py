"""Where the time goes: layer by layer, phi beyond the forward, batch sizes, threads, processes, the dense route."""

import contextlib
import cProfile
import multiprocessing
import os
import pickle
import pstats
import statistics
import time

import numpy as np
import threadpoolctl

from benchmarks import kernels
from benchmarks.comparing import alternate
from benchmarks.material import SCORE
from egl.gradient_length.batched import row_squares
from egl.gradient_length.workers import CHUNK
from egl.nets.building import scoring_net

BATCHES = (1, 16, 32, 64, 128, 256)
SECONDS = 2  # that two processes run side by side


def measure(material, batch):
    """Return a dict for JSON, see the functions below."""
    repeats = material.sizes.profile_repeats
    net = scoring_net(SCORE, material.weights, batch)
    net.blobs["data"].data[...] = material.patches[:batch]
    net.forward(end="prob")
    return {
        "batch": batch,
        "layers": layers(net, repeats),
        "phi": phi_parts(net, material.patches[:batch], repeats),
        "batches": batch_sizes(material, repeats),
        "kernels": by_kernels(material),
        "threads": two_threads(net, batch, repeats),
        "processes": two_processes(material, batch),
        "transfer": transfer(material.patches[: CHUNK * batch], repeats),
        "dense": {
            str(stride): dense_parts(material, stride) for stride in material.sizes.dense_strides
        },
    }


def operations(net):
    """Return {layer: floating-point operations a patch}, two for each multiply-add, of the layers with weights."""
    result = {}
    for name, (weights, _) in net.params.items():
        places = np.prod(net.blobs[name].data.shape[2:], dtype=int)
        result[name] = int(2 * weights.data.size * places)
    return result


def layers(net, repeats):
    """Return a list of dicts, a layer up to prob: name, ms a batch, and where it has weights GFLOP/s and `product`: the
    GFLOP/s of numpy's matrix products of the same shapes, without what Caffe does around them (im2col)."""
    flop = operations(net)
    names = list(net._layer_names)
    result = []
    for name in names[: names.index("prob") + 1]:
        if net.layers[names.index(name)].type in ("Input", "Split"):
            continue
        seconds = _median(lambda name=name: net.forward(start=name, end=name), repeats)
        row = {"name": name, "ms": seconds * 1e3}
        if name in flop:
            work = flop[name] * net.blobs["data"].data.shape[0]
            row.update(
                rate=work / seconds / 1e9, product=work / _product_seconds(net, name, repeats) / 1e9
            )
        result.append(row)
    return result


def _product_seconds(net, name, repeats):
    """Seconds for the matrix products of one batch of a layer: one an image for convolutions, one in all for the others."""
    batch = net.blobs["data"].data.shape[0]
    weights = net.params[name][0].data
    weights = weights.reshape(len(weights), -1).copy()
    random = np.random.RandomState(0)
    places = int(np.prod(net.blobs[name].data.shape[2:], dtype=int))
    if net.blobs[name].data.ndim == 4:
        columns = random.rand(weights.shape[1], places).astype(np.float32)
        out = np.empty((len(weights), places), np.float32)
        return _median(lambda: [np.dot(weights, columns, out=out) for _ in range(batch)], repeats)
    rows = random.rand(batch, weights.shape[1]).astype(np.float32)
    return _median(lambda: np.dot(rows, weights.T), repeats)


def phi_parts(net, patches, repeats):
    """Return {part: ms a batch} of what a batch of phi is made of; "forward to prob" is the plain forward for comparison."""
    blob = net.blobs["data"]
    net.blobs["ip2"].diff[...] = (-1, 1)

    def feed():
        blob.data[...] = patches

    parts = {
        "copying the batch into the net": feed,
        "forward to prob": lambda: net.forward(end="prob"),
        "forward to ip2": lambda: net.forward(end="ip2"),
        "backward from ip2 to ip1's output": lambda: net.backward(start="ip2", end="relu1"),
        "norms of ip1's input": lambda: row_squares(net.blobs["pool2"].data),
        "norms of the diff": lambda: row_squares(net.blobs["ip1"].diff),
    }
    return {name: _median(part, repeats) * 1e3 for name, part in parts.items()}


def batch_sizes(material, repeats):
    """Return {batch: patches a second} of the plain forward."""
    result = {}
    for batch in BATCHES:
        net = scoring_net(SCORE, material.weights, batch)
        net.blobs["data"].data[...] = material.patches[:batch]
        rounds = max(1, BATCHES[-1] // 4 // batch)
        seconds = _median(
            lambda net=net, rounds=rounds: [net.forward(end="prob") for _ in range(rounds)],
            min(repeats, 5),
        )
        result[str(batch)] = batch * rounds / seconds
    return result


def by_kernels(material):
    """Return {kernels: {"name", "forward": patches/s, "product": GFLOP/s}}, medians, for the BLAS kernels that can run here."""
    with contextlib.ExitStack() as stack:
        running = {
            name: stack.enter_context(each)
            for name, each in kernels.programs(material.folder, os.getcwd()).items()
        }
        work = {
            (name, what): lambda each=each, what=what: each.ask(what)
            for name, each in running.items()
            for what in ("forward", "product")
        }
        rates = alternate(work, material.sizes.profile_repeats)
        names = {name: each.ask("kernels") for name, each in running.items()}
    medians = {key: statistics.median(values) for key, values in rates.items()}
    return {
        name: {
            "name": names[name],
            "forward": medians[name, "forward"],
            "product": medians[name, "product"],
        }
        for name in names
    }


def two_threads(net, batch, repeats):
    """Return the plain forward's speed with two BLAS threads over that with one."""
    one = _median(lambda: net.forward(end="prob"), repeats)
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        two = _median(lambda: net.forward(end="prob"), repeats)
    return one / two


def two_processes(material, batch):
    """Return the plain forwards of two processes side by side, with nothing to send or to share, over those of one alone."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as first, context.Pool(1) as second:
        jobs = [(material.weights, batch, SECONDS)] * 2
        first.apply(_forwards, jobs[0]), second.apply(_forwards, jobs[1])  # to start them
        before = first.apply(_forwards, jobs[0])
        both = [pool.apply_async(_forwards, job) for pool, job in zip((first, second), jobs)]
        together = sum(each.get() for each in both)
        after = second.apply(_forwards, jobs[1])
    return together / ((before + after) / 2)


_nets = {}  # of a process of two_processes


def _forwards(weights, batch, seconds):
    """Return plain forwards a second, over `seconds` seconds."""
    if batch not in _nets:
        _nets[batch] = scoring_net(SCORE, weights, batch)
        _nets[batch].forward(end="prob")
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        _nets[batch].forward(end="prob")
        done += 1
    return done / (time.perf_counter() - began)


def transfer(patches, repeats):
    """Return patches a second that go through pickle, a pipe's two ends and back to an array: what a worker is sent."""
    reader, writer = multiprocessing.Pipe(duplex=False)

    def through():
        message = pickle.dumps(patches, protocol=pickle.HIGHEST_PROTOCOL)
        for start in range(0, len(message), 1 << 14):  # a pipe holds 64 KiB
            writer.send_bytes(message[start : start + (1 << 14)])
            reader.recv_bytes()
        pickle.loads(message)

    return len(patches) / _median(through, repeats)


DENSE_PARTS = (
    ("Caffe's layers", "pycaffe.py", "_Net_forward"),
    ("ip1 through the Fourier transform", "fourier_convolution.py", "apply"),
    ("box sums", "dense.py", "box_sums"),
    ("phi from the scores and the diff", "dense.py", "_lengths"),
)


def dense_parts(material, stride):
    """Return {part: share of the time} of a second map, and "by count": how many times fewer multiply-adds than patches
    cut out one by one take where convolutions are shared and ip1 is done directly at every position."""
    scorer = material.image_scorer("dense")
    scorer.maps(material.image, stride)
    profiler = cProfile.Profile()
    began = time.perf_counter()
    profiler.runcall(scorer.maps, material.image, stride)
    total = time.perf_counter() - began
    spent = {}
    for (path, _, function), numbers in pstats.Stats(profiler).stats.items():
        key = os.path.basename(path), function
        spent[key] = spent.get(key, 0) + numbers[3]  # cumulative
    shares = {part: spent.get((file, function), 0) / total for part, file, function in DENSE_PARTS}
    shares["the rest (normalising, copying, Python)"] = max(0.0, 1 - sum(shares.values()))
    return {
        "seconds": total,
        "shares": shares,
        "by count": _fewer(material.image.shape[:2], stride),
    }


def _fewer(shape, stride):
    height, width = shape
    positions = ((height - 48) // stride + 1) * ((width - 48) // stride + 1)
    net = scoring_net(SCORE)
    flop = operations(net)
    patch_places = {
        name: np.prod(net.blobs[name].data.shape[2:], dtype=int) for name in ("conv1", "conv2")
    }
    image_places = {
        "conv1": (height - 4) * (width - 4),
        "conv2": (height // 2 - 6) * (width // 2 - 6),
    }
    shared = sum(flop[name] / patch_places[name] * image_places[name] for name in patch_places)
    return float(
        positions * sum(flop.values()) / (shared + positions * (flop["ip1"] + flop["ip2"]))
    )


def _median(work, repeats):
    """Return the median of the seconds that work() takes, after one go unmeasured."""
    work()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)
