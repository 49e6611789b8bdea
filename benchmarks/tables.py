"""The text of benchmarks.md: tables of what was measured, in Markdown. Pure."""

import time

from benchmarks.aims import AIMS, MEMORY_LIMIT, verdict
from benchmarks.bounds import PARAGRAPHS, lost_in_forward
from benchmarks.comparing import ratios, summary

MEASURED_HOW = """\
- Both sides of a ratio are measured in one run, in turn, the order turned round from one repeat to the next; each repeat gives one
  ratio. The table shows their median and range; `spread` in benchmarks.json is the highest less the lowest. Nothing is measured before
  each side has run once.
- The net is LeNet on 48 x 48 patches of a phantom, trained for a short while so that its posteriors are no extremes; phi is
  that of the paper: weights and bias of ip1. One BLAS thread a process in Caffe.
- dense_vs_batched: positions of the grid a second. At strides 8 and 4 a band of rows of the grid stands for the batched patches,
  another band each repeat, since all of it would take minutes; the dense route does the whole image.
- vs_small_text: `query()` of small-text's own `ExpectedGradientLengthLayer(num_classes=2, layer_name="ip1")`, with its default batch
  of 50: the class whose score is phi (L2, one layer). The net is an `nn.Module` with Caffe's weights behind an
  object with the two members that `query()` uses, `model` and `_create_collate_fn`. All parameters have gradients, as a
  classifier's do after training. What other settings of small-text's give is under "What was timed".
- vs_torch_func: `vmap` over patches and labels of `grad` for ip1's weights and bias alone, both labels sharing one forward, at the
  fastest of several numbers of patches at a time.
- forward_vs_gemm: 2 x the multiply-adds of conv1, conv2, ip1 and ip2 a second, over those of a product of two 1024 x 1024 float32
  matrices on one thread with whichever of OpenBLAS's kernels is fastest here: the machine's limit, also where OpenBLAS chooses others.
- Against PyTorch, two cores on either side: our two workers, and PyTorch's one or two threads, whichever is faster."""


def page(entries, measured, memory, equal, peers, run, surroundings):
    """Return benchmarks.md. The arguments are what benchmarks.report has read."""
    parts = [
        "# Benchmarks",
        "Written by `make bench`; change nothing here by hand. [benchmarks-notes.md](benchmarks-notes.md) says what else was tried.",
        "**Tiny sizes, only to see that everything runs: these numbers mean nothing.**"
        if run["small"]
        else "",
        surrounding(surroundings, peers, run),
        results(entries, measured.compared),
        "Not measured: {}".format(peers["missing"]) if peers.get("missing") else "",
        "![Ratios, with what they must reach and aim at](benchmarks.png)",
        "## What was timed",
        speeds(measured.compared),
        chunks(peers),
        memories(memory),
        "## What bounds it",
        bounded(entries, measured),
        "## Profile",
        profile(measured),
        "## The same numbers on both sides",
        "\n".join("- " + equality(each) for each in equal),
        "## How it is measured",
        MEASURED_HOW,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def surrounding(surroundings, peers, run):
    libraries = [
        "{library} {version} with {kernels} kernels".format(**pool) for pool in surroundings["blas"]
    ]
    versions = [
        f"Caffe {surroundings['caffe']}",
        f"Python {surroundings['python']}",
        f"numpy {surroundings['numpy']}",
    ]
    versions += [f"{name} {version}" for name, version in peers.get("versions", {}).items()]
    return "\n".join(
        [
            "- {}, commit {}, {:.0f} s".format(
                time.strftime("%Y-%m-%d", time.gmtime(run["began"])),
                surroundings["commit"],
                run["seconds"],
            ),
            f"- {surroundings['processor']}, {surroundings['cores']} cores, {surroundings['memory']} GB, Linux {surroundings['system']}",
            f"- {', '.join(libraries)}; {', '.join(versions)}",
        ]
    )


def results(entries, compared):
    """The table of the ratios that have an aim."""
    rows = []
    for aim, each in zip(AIMS, entries):
        low, high = (
            summary(ratios(compared[aim.name]))[1:] if aim.name in compared else (None, None)
        )
        ratio, wanted = number(each["ratio"]), (number(aim.must), number(aim.aim))
        rows.append(
            (
                f"`{aim.name}`",
                aim.what,
                ratio,
                span(low, high),
                *wanted,
                verdict(aim, each["ratio"]),
            )
        )
    return table(("name", "what", "ratio", "range", "must", "aim", ""), rows)


def speeds(compared):
    rows = []
    for each in compared.values():
        sides = []
        for side in (each["ours"], each["theirs"]):
            middle, low, high = summary(side["rates"])
            sides.append(f"{side['label']}: {number(middle)} ({span(low, high)})")
        rows.append((each["name"], *sides, each["unit"], number(summary(ratios(each))[0])))
    return table(("comparison", "ours", "against", "", "ratio"), rows)


def chunks(peers):
    chosen = [
        f"{number} with {threads} thread{'s' * (threads != '1')}"
        for threads, number in peers.get("chunks", {}).items()
    ]
    return (
        "Patches at a time for torch.func, the fastest of those tried: {}.".format(
            ", ".join(chosen)
        )
        if chosen
        else ""
    )


def memories(memory):
    listed = ", ".join(
        "stride {}: {:.2f} GB".format(each["stride"], each["peak"]) for each in memory
    )
    kept = "kept" if all(each["peak"] < MEMORY_LIMIT for each in memory) else "**exceeded**"
    return f"Most memory of a process that scores the image by the dense route: {listed}. The limit of {MEMORY_LIMIT} GB is {kept}."


def bounded(entries, measured):
    """A paragraph for each aim that was missed."""
    missed = [
        (aim, each["ratio"])
        for aim, each in zip(AIMS, entries)
        if each["ratio"] is not None and each["ratio"] < aim.aim
    ]
    if not missed:
        return "Every aim was reached."
    return "\n\n".join(
        f"**{aim.name}** ({number(ratio)}, aim {number(aim.aim)}). {PARAGRAPHS[aim.name](measured)}"
        for aim, ratio in missed
    )


def profile(measured):
    found, limit = measured.profile, measured.rate("forward_vs_gemm", "theirs")
    layers = [
        (
            layer["name"],
            f"{layer['ms']:.3f}",
            number(layer.get("rate")),
            number(layer.get("product")),
            number(layer["rate"] / limit) if "rate" in layer else "",
        )
        for layer in found["layers"]
    ]
    dense = [
        (stride, f"{each['seconds']:.2f}", *(f"{share:.0%}" for share in each["shares"].values()))
        for stride, each in found["dense"].items()
    ]
    kernels = [
        (name, each["name"] or "", number(each["forward"]), number(each["product"]))
        for name, each in found["kernels"].items()
    ]
    names = next(iter(found["dense"].values()))["shares"]
    return "\n\n".join(
        [
            f"The plain forward, layer by layer, batches of {found['batch']}; the large product reaches {number(limit)} GFLOP/s:",
            table(
                (
                    "layer",
                    "ms a batch",
                    "GFLOP/s",
                    "its matrix products alone",
                    "of the large product",
                ),
                layers,
            ),
            "What makes up the forward's time:",
            table(
                ("part", "ms a batch"),
                [(name, f"{ms:.2f}") for name, ms in lost_in_forward(measured).items()],
            ),
            "What phi is made of:",
            table(
                ("part", "ms a batch"), [(name, f"{ms:.3f}") for name, ms in found["phi"].items()]
            ),
            "The plain forward by batch size:",
            table(
                ("batch", "patches/s"),
                [(batch, number(rate)) for batch, rate in found["batches"].items()],
            ),
            "The plain forward and the large product by BLAS kernels (`OPENBLAS_CORETYPE`), one thread:",
            table(("kernels", "of", "patches/s", "GFLOP/s"), kernels),
            f"Two BLAS threads in one process: {found['threads']:.2f} times one. Two processes of one thread, nothing shared: "
            f"{found['processes']:.2f} times one. Patches sent from process to process: {number(found['transfer'])} a second.",
            "The dense route, shares of the time of a whole image:",
            table(("stride", "seconds", *names), dense),
        ]
    )


def equality(each):
    return f"{each['what']}: {each['difference']:.1e} (at most {each['limit']:.0e})"


def table(header, rows):
    """Return a Markdown table; header and rows are sequences of strings."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| {} |".format(" | ".join(line)) for line in lines)


def number(value):
    """Return three significant digits, plainly written; nothing for None."""
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def span(low, high):
    return "" if low is None else f"{number(low)} to {number(high)}"
