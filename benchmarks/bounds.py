"""Explains what limits a comparison whose aim was missed, from the profile of the same run.

Each function takes what was measured and returns one paragraph. Every number in it was measured or
counted in this run, and the part that it calls the largest was found among them, so the paragraph
stays true on another machine.
"""

import statistics
from typing import Any, Callable, Dict, NamedTuple

from benchmarks.comparing import Comparison, ratios

AS_CHOSEN = "as chosen"  # a key of where_time_goes.by_kernels


class Measured(NamedTuple):
    """What was measured.

    compared: {name: Comparison}; profile: see where_time_goes.measure; select: see
    selecting.measure; rank: seconds a photograph, see ranking.seconds
    """

    compared: Dict[str, Comparison]
    profile: Dict[str, Any]
    select: Dict[str, Any]
    rank: Dict[str, float]

    def ratio(self, name: str) -> float:
        return statistics.median(ratios(self.compared[name]))

    def median(self, name: str, side: str) -> float:
        """Return the median of one side, "ours" or "theirs", of a comparison."""
        return statistics.median(self.compared[name][side]["values"])


def phi_vs_forward(measured: Measured) -> str:
    parts, batch = measured.profile["phi"], measured.profile["batch"]
    forward = parts["forward to prob"]
    backward = parts["backward from ip2 to ip1's output"]
    norms = parts["norms of ip1's input"] + parts["norms of the diff"]
    more = 1 / measured.ratio("phi_vs_forward") - 1
    rest = more - (backward + norms) / forward
    copying = parts["copying the batch into the net"] / forward
    return (
        f"Phi takes {more:.1%} more time than the forward pass. The forward pass of a batch of "
        f"{batch} takes {forward:.2f} ms; the partial backward pass adds {backward:.3f} ms "
        f"({backward / forward:.2%}) and the norms in numpy {norms:.3f} ms "
        f"({norms / forward:.2%}). The remaining {rest:.2%} are Python and noise. Feeding the net "
        f"without a copy could gain {copying:.2%} at most, on both sides."
    )


def lost_in_forward(measured: Measured) -> Dict[str, float]:
    """Return {reason: ms a batch}, which add up to the plain forward.

    The first is the time that the multiply-adds would take at the large product's speed.
    """
    profile = measured.profile
    batch, layers = profile["batch"], profile["layers"]
    fastest = measured.median("forward_vs_gemm", "theirs")
    own = profile["kernels"][AS_CHOSEN]["product"]
    whole = 1e3 * batch / measured.median("phi_vs_forward", "theirs")  # fed, as a user would
    with_weights = [layer for layer in layers if "rate" in layer]
    flop = [layer["rate"] * layer["ms"] for layer in with_weights]
    ideal = sum(flop) / fastest
    chosen = sum(flop) / own
    shaped = sum(work / layer["product"] for work, layer in zip(flop, with_weights))
    in_layers = sum(layer["ms"] for layer in with_weights)
    without = sum(layer["ms"] for layer in layers) - in_layers
    return {
        "the multiply-adds at the speed of the large product": ideal,
        "BLAS kernels slower than the fastest that the processor can run": chosen - ideal,
        "matrix products of the layers' shapes, slower than the large one": shaped - chosen,
        "im2col and biases: layers with weights beyond their products": in_layers - shaped,
        "pooling, ReLU and softmax": without,
        "feeding, Python, and layers slower in turn than alone": whole - in_layers - without,
    }


def forward_vs_gemm(measured: Measured) -> str:
    lost = lost_in_forward(measured)
    (_, ideal), *reasons = lost.items()
    reasons.sort(key=lambda item: -item[1])
    listed = "; ".join(f"{reason}: {ms:.2f} ms" for reason, ms in reasons)
    return (
        f"A batch takes {sum(lost.values()):.2f} ms. At the speed of the large product it would "
        f"take {ideal:.2f} ms. The rest, largest part first: {listed}. {_alternatives(measured)}"
    )


def _alternatives(measured: Measured) -> str:
    profile = measured.profile
    best = max(profile["batches"], key=profile["batches"].get)
    gain = profile["batches"][best] / profile["batches"][str(profile["batch"])]
    kernels = profile["kernels"]
    fastest = max(kernels, key=lambda name: kernels[name]["forward"])
    other = kernels[fastest]["forward"] / kernels[AS_CHOSEN]["forward"]
    return (
        f"Tried: the best batch size, {best}, is {gain:.2f} times as fast as {profile['batch']}; "
        f"two BLAS threads in one process are {profile['threads']:.2f} times as fast as one, two "
        f"processes of one thread each {profile['processes']:.2f} times; the BLAS kernels of "
        f"{kernels[fastest]['name']} are {other:.2f} times as fast as those of "
        f"{kernels[AS_CHOSEN]['name']}, which OpenBLAS uses here."
    )


def dense_vs_batched(stride: int) -> Callable[[Measured], str]:
    def paragraph(measured: Measured) -> str:
        dense = measured.profile["dense"][str(stride)]
        shares = sorted(dense["shares"].items(), key=lambda item: -item[1])
        listed = ", ".join(f"{part} {share:.0%}" for part, share in shares if share >= 0.005)
        ratio = measured.ratio(f"dense_vs_batched_{stride}")
        return (
            f"Patches cut out one by one take {dense['by count']:.2f} times the multiply-adds of "
            "shared convolutions with ip1 computed directly at every position; the measured "
            f"ratio is {ratio:.2f}. The dense route spends its time on: {listed}."
        )

    return paragraph


def workers_2(measured: Measured) -> str:
    profile = measured.profile
    sending = measured.median("workers_2", "theirs") / profile["transfer"]
    return (
        "Two processes that run plain forward passes side by side, without communication, do "
        f"{profile['processes']:.2f} times the work of one on this machine: the limit for "
        f"workers. Sending a patch to a worker takes {sending:.1%} of the time of scoring it; "
        "each call also builds the net and loads the weights in each worker."
    )


def batched_vs_param_diff(measured: Measured) -> str:
    workers = measured.ratio("workers_2")
    batched = measured.ratio("batched_vs_param_diff") / workers
    return (
        f"It is the product of two factors: {batched:.1f} from batches instead of single samples "
        f"and labels, in one process, and {workers:.2f} from the second worker. "
        f"{workers_2(measured)}"
    )


def select_workers_2(measured: Measured) -> str:
    seconds, choosing = measured.select["seconds"], measured.select["seconds_choosing"]
    shared = (seconds - choosing / 2) / seconds
    return (
        f"With one worker the run takes {seconds:.3g} s, {choosing:.3g} s of them to choose what "
        "to label. If a second worker halved that and nothing else, the ratio would be "
        f"{shared:.2f}. The rest is start-up, SGD and evaluation."
    )


def rank_workers_2(measured: Measured) -> str:
    return (
        "Two processes that run plain forward passes side by side do "
        f"{measured.profile['processes']:.2f} times the work of one on this machine: the limit. "
        f"{rank_vs_dense(measured)}"
    )


def rank_dask_2_vs_processes_2(measured: Measured) -> str:
    return (
        "The scheduler and the command need the cores on which the two workers compute; on "
        f"machines of their own they do not. {rank_vs_dense(measured)}"
    )


def rank_vs_dense(measured: Measured) -> str:
    reading, maps = measured.rank["reading"], measured.rank["maps"]
    whole = 1 / measured.median("rank_vs_dense", "ours")
    return (
        f"A photograph takes {whole:.2f} s in all. Its maps take {maps:.2f} s; reading it takes "
        f"{reading:.3f} s, while another one is scored, so it counts where all cores are busy."
    )


def vs_small_text(measured: Measured) -> str:
    rate = measured.median("vs_small_text", "theirs")
    return (
        "small-text runs one backward pass through the whole net, for its whole batch, for each "
        f"patch and label: {rate:.1f} patches/s. Our side is limited by Caffe's forward pass, see "
        "forward_vs_gemm."
    )


def vs_torch_func(measured: Measured) -> str:
    rate = measured.median("vs_torch_func", "theirs")
    return (
        "torch.func writes and reads a gradient of 2,025,500 numbers (8.1 MB) for each patch and "
        f"label, which the closed form does not need, and reaches {rate:.0f} patches/s. Our side "
        "is limited by Caffe's forward pass, see forward_vs_gemm."
    )


PARAGRAPHS: Dict[str, Callable[[Measured], str]] = {
    "phi_vs_forward": phi_vs_forward,
    "batched_vs_param_diff": batched_vs_param_diff,
    "dense_vs_batched_24": dense_vs_batched(24),
    "dense_vs_batched_8": dense_vs_batched(8),
    "dense_vs_batched_4": dense_vs_batched(4),
    "workers_2": workers_2,
    "select_workers_2": select_workers_2,
    "rank_workers_2": rank_workers_2,
    "rank_dask_2_vs_processes_2": rank_dask_2_vs_processes_2,
    "rank_vs_dense": rank_vs_dense,
    "vs_small_text": vs_small_text,
    "vs_torch_func": vs_torch_func,
    "forward_vs_gemm": forward_vs_gemm,
}
