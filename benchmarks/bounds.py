"""What bounds a comparison whose aim was missed: sentences made from the profile of the same run.

Each function takes what was measured, a Measured, and returns one paragraph. Every number in it was measured or counted
in this run, and what is named as the largest part is found among them, so it stays true on another machine.
"""

import statistics
from typing import NamedTuple

from benchmarks.comparing import ratios

AS_CHOSEN = "as chosen"  # a key of profile.by_kernels


class Measured(NamedTuple):
    """compared: dict name -> comparison; profile: see profile.measure."""

    compared: dict
    profile: dict

    def ratio(self, name):
        return statistics.median(ratios(self.compared[name]))

    def rate(self, name, side):
        return statistics.median(self.compared[name][side]["rates"])


def phi_vs_forward(measured):
    parts, batch = measured.profile["phi"], measured.profile["batch"]
    forward = parts["forward to prob"]
    backward = parts["backward from ip2 to ip1's output"]
    norms = parts["norms of ip1's input"] + parts["norms of the diff"]
    more = 1 / measured.ratio("phi_vs_forward") - 1
    rest = more - (backward + norms) / forward
    return (
        f"Phi takes {more:.1%} more time than the forward. A batch of {batch} goes forward in {forward:.2f} ms; the partial backward "
        f"adds {backward:.3f} ms ({backward / forward:.2%}), the norms in numpy {norms:.3f} ms ({norms / forward:.2%}); the remaining "
        f"{rest:.2%} is Python around them, and noise. {_feeding(measured)}"
    )


def _feeding(measured):
    parts = measured.profile["phi"]
    share = parts["copying the batch into the net"] / parts["forward to prob"]
    return f"Feeding without a copy could gain {share:.2%} at most, on both sides."


def lost_in_forward(measured):
    """Return {reason: ms a batch} that make up the plain forward, the time at the limit of the large product among them."""
    profile = measured.profile
    batch, layers = profile["batch"], profile["layers"]
    fastest, own = (
        measured.rate("forward_vs_gemm", "theirs"),
        profile["kernels"][AS_CHOSEN]["product"],
    )
    whole = 1e3 * batch / measured.rate("phi_vs_forward", "theirs")  # fed, as a user would
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
        "matrix products of the layers' shapes slower than the large one": shaped - chosen,
        "im2col and biases: what layers with weights take beyond their products": in_layers
        - shaped,
        "pooling, ReLU and softmax": without,
        "feeding, Python, and layers slower in turn than each alone": whole - in_layers - without,
    }


def forward_vs_gemm(measured):
    lost = lost_in_forward(measured)
    (_, ideal), *reasons = lost.items()
    reasons.sort(key=lambda item: -item[1])
    listed = "; ".join(f"{reason}: {ms:.2f} ms" for reason, ms in reasons)
    return (
        f"Of {sum(lost.values()):.2f} ms a batch, {ideal:.2f} ms would be needed at the speed of the large product. The rest, largest "
        f"first: {listed}. {_tries(measured)}"
    )


def _tries(measured):
    profile = measured.profile
    best = max(profile["batches"], key=profile["batches"].get)
    gain = profile["batches"][best] / profile["batches"][str(profile["batch"])]
    kernels = profile["kernels"]
    fastest = max(kernels, key=lambda name: kernels[name]["forward"])
    other = kernels[fastest]["forward"] / kernels[AS_CHOSEN]["forward"]
    return (
        f"Tried: the best batch size, {best}, gives {gain:.2f} times the speed of {profile['batch']}; two BLAS threads in one process "
        f"{profile['threads']:.2f} times that of one, two processes of one thread {profile['processes']:.2f} times; the BLAS kernels "
        f"of {kernels[fastest]['name']} {other:.2f} times those of {kernels[AS_CHOSEN]['name']}, which it chooses here."
    )


def dense_vs_batched(stride):
    def paragraph(measured):
        dense = measured.profile["dense"][str(stride)]
        shares = sorted(dense["shares"].items(), key=lambda item: -item[1])
        listed = ", ".join(f"{part} {share:.0%}" for part, share in shares if share >= 0.005)
        return (
            f"By count, patches cut out one by one take {dense['by count']:.2f} times the multiply-adds of shared convolutions with ip1 "
            f"done directly at every position; the measured ratio is {measured.ratio(f'dense_vs_batched_{stride}'):.2f}. "
            f"Where the time of the dense route goes: {listed}."
        )

    return paragraph


def workers_2(measured):
    profile = measured.profile
    one = measured.rate("workers_2", "theirs")
    return (
        f"Two processes that run plain forwards side by side, with nothing to send, do {profile['processes']:.2f} times the work of "
        f"one here: what workers can reach. Sending a patch to a worker takes {one / profile['transfer']:.1%} of the time of "
        "scoring it; each call also builds the net and loads the weights anew in each worker."
    )


def batched_vs_param_diff(measured):
    workers = measured.ratio("workers_2")
    batched = measured.ratio("batched_vs_param_diff") / workers
    return (
        f"It is the product of two factors: {batched:.1f} from batches in place of single samples and labels, in one process, and "
        f"{workers:.2f} from the second worker. {workers_2(measured)}"
    )


def vs_small_text(measured):
    return (
        f"small-text does one backward pass through the whole net, for its whole batch, for each patch and label: "
        f"{measured.rate('vs_small_text', 'theirs'):.1f} patches/s. On our side the limit is Caffe's forward, see forward_vs_gemm."
    )


def vs_torch_func(measured):
    return (
        "torch.func writes and reads a gradient of 2,025,500 numbers (8.1 MB) for each patch and label, where the closed form needs none, "
        f"and reaches {measured.rate('vs_torch_func', 'theirs'):.0f} patches/s. On our side the limit is Caffe's forward, see "
        "forward_vs_gemm."
    )


PARAGRAPHS = {
    "phi_vs_forward": phi_vs_forward,
    "batched_vs_param_diff": batched_vs_param_diff,
    "dense_vs_batched_24": dense_vs_batched(24),
    "dense_vs_batched_8": dense_vs_batched(8),
    "dense_vs_batched_4": dense_vs_batched(4),
    "workers_2": workers_2,
    "vs_small_text": vs_small_text,
    "vs_torch_func": vs_torch_func,
    "forward_vs_gemm": forward_vs_gemm,
}
