"""The text of benchmarks.md: tables of what was measured, in Markdown. Pure."""

import time
from typing import Any, Dict, List, Optional, Sequence

from benchmarks.aims import AIMS, MEMORY_LIMIT
from benchmarks.bounds import PARAGRAPHS, Measured, lost_in_forward
from benchmarks.comparing import Comparison, ratios, summary

HOW = """\
- Both sides of a ratio are measured in one run, in turn; the order is reversed from one repeat to
  the next. Each repeat gives one ratio. The table shows their median and range; `spread` in
  benchmarks.json is the highest minus the lowest. Nothing is measured before each side has run
  once.
- The net is LeNet on 48 x 48 patches of a phantom, trained briefly so that its posteriors are not
  extreme. Phi is that
  of the paper: weights and bias of ip1. Each Caffe process has one BLAS thread.
- dense_vs_batched: grid positions a second. At strides 8 and 4 the whole grid would take batched
  patches minutes, so a band of its rows stands for it, another band in each repeat; the dense route
  always does the whole image.
- select_workers_2: seconds of a whole `egl select`, timed from the shell, on a pool as large as
  IDRiD's: phantoms and their mirror images. It is Fig. 2's EGL arm under `--standard` with fewer
  iterations.
- rank_workers_2, rank_dask_2_vs_processes_2, rank_vs_dense: photographs a second of whole rankings
  by processes that are running already. The dense route alone has the same photographs in memory.
- vs_small_text: `query()` of small-text's own `ExpectedGradientLengthLayer(num_classes=2,
  layer_name="ip1")` with its
  default batch of 50: the class whose score is phi (L2, one layer). The net is an `nn.Module` with
  Caffe's weights, behind an object with the two members that `query()` uses, `model` and
  `_create_collate_fn`. All parameters have gradients, as a classifier's do after training. "What
  was timed" has other settings of small-text.
- vs_torch_func: `vmap`, over patches and labels, of `grad` for ip1's weights and bias alone. Both
  labels share one forward pass. The number of patches at a time is the fastest of several.
- forward_vs_gemm: 2 x the multiply-adds of conv1, conv2, ip1 and ip2 a second, over those of a
  product of two 1024 x 1024 float32 matrices on one thread, with whichever OpenBLAS kernels are
  fastest here: the machine's limit, even where OpenBLAS uses others.
- Against PyTorch both sides have two cores: our two workers, and PyTorch's one or two threads,
  whichever is faster."""


def page(
    entries: Sequence[Dict[str, Any]],
    measured: Measured,
    memory: Sequence[Dict[str, Any]],
    equal: Sequence[Dict[str, Any]],
    peers: Dict[str, Any],
    run: Dict[str, Any],
    surroundings: Dict[str, Any],
) -> str:
    """Return benchmarks.md. The arguments are what benchmarks.report has read."""
    small = "**Tiny sizes, to see that everything runs: these numbers mean nothing.**"
    parts = [
        "# Benchmarks",
        "Written by `make bench`; do not edit by hand. "
        "[benchmarks-notes.md](benchmarks-notes.md) says what else was tried.",
        small if run["small"] else "",
        surrounding(surroundings, peers, run),
        results(entries, measured.compared),
        f"Not measured: {peers['missing']}" if peers.get("missing") else "",
        "![Ratios, with what they must reach and aim at](benchmarks.png)",
        "## What was timed",
        sides(measured.compared),
        chunks(peers),
        memories(memory),
        "## What limits it",
        limits(entries, measured),
        "## Profile",
        profile(measured),
        "## The same numbers on both sides",
        "\n".join("- " + equality(check) for check in equal),
        "## How it is measured",
        HOW,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def surrounding(surroundings: Dict[str, Any], peers: Dict[str, Any], run: Dict[str, Any]) -> str:
    """Return when, on which machine and with which libraries it was measured."""
    date = time.strftime("%Y-%m-%d", time.gmtime(run["began"]))
    libraries = [
        "{library} {version} with {kernels} kernels".format(**pool) for pool in surroundings["blas"]
    ]
    versions = [f"{name} {surroundings[name.lower()]}" for name in ("Caffe", "Python", "numpy")]
    versions += [f"{name} {version}" for name, version in peers.get("versions", {}).items()]
    return "\n".join(
        [
            f"- {date}, commit {surroundings['commit']}, {run['seconds']:.0f} s",
            f"- {surroundings['processor']}, {surroundings['cores']} cores, "
            f"{surroundings['memory']} GB, Linux {surroundings['system']}",
            f"- {', '.join(libraries)}; {', '.join(versions)}",
        ]
    )


def results(entries: Sequence[Dict[str, Any]], compared: Dict[str, Comparison]) -> str:
    """Return the table of the ratios that have an aim."""
    rows = []
    for aim, entry in zip(AIMS, entries):
        wanted = "at most " if aim.lower_is_better else ""
        limits = [wanted + number(limit) if limit else "" for limit in (aim.must, aim.aim)]
        span = ""
        if aim.name in compared:
            _, low, high = summary(ratios(compared[aim.name]))
            span = f"{number(low)} to {number(high)}"
        ratio = number(entry["ratio"])
        rows.append((f"`{aim.name}`", aim.what, ratio, span, *limits, aim.verdict(entry["ratio"])))
    return table(("name", "what", "ratio", "range", "must", "aim", ""), rows)


def sides(compared: Dict[str, Comparison]) -> str:
    """Return the table of both sides of every comparison."""
    rows = []
    for comparison in compared.values():
        cells = []
        for side in (comparison["ours"], comparison["theirs"]):
            middle, low, high = map(number, summary(side["values"]))
            cells.append(f"{side['label']}: {middle} ({low} to {high})")
        ratio = number(summary(ratios(comparison))[0])
        rows.append((comparison["name"], *cells, comparison["unit"], ratio))
    return table(("comparison", "ours", "against", "", "ratio"), rows)


def chunks(peers: Dict[str, Any]) -> str:
    chosen = [
        f"{patches} with {threads} thread{'s' * (threads != '1')}"
        for threads, patches in peers.get("chunks", {}).items()
    ]
    if not chosen:
        return ""
    return f"Patches at a time for torch.func, the fastest of those tried: {', '.join(chosen)}."


def memories(memory: Sequence[Dict[str, Any]]) -> str:
    listed = ", ".join(f"stride {peak['stride']}: {peak['peak']:.2f} GB" for peak in memory)
    within = all(peak["peak"] < MEMORY_LIMIT for peak in memory)
    return (
        f"Peak memory of a process that scores the image by the dense route: {listed}. "
        f"The limit of {MEMORY_LIMIT} GB is {'kept' if within else '**exceeded**'}."
    )


def limits(entries: Sequence[Dict[str, Any]], measured: Measured) -> str:
    """Return a paragraph for each aim that was missed."""
    missed = [
        f"**{aim.name}** ({number(entry['ratio'])}, aim {number(aim.aim)}). "
        f"{PARAGRAPHS[aim.name](measured)}"
        for aim, entry in zip(AIMS, entries)
        if entry["ratio"] is not None and not aim.reached(entry["ratio"], aim.aim)
    ]
    return "\n\n".join(missed) or "Every aim was reached."


def profile(measured: Measured) -> str:
    """Return where the time goes, as tables."""
    found, limit = measured.profile, measured.median("forward_vs_gemm", "theirs")
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
        (stride, f"{part['seconds']:.2f}", *(f"{share:.0%}" for share in part["shares"].values()))
        for stride, part in found["dense"].items()
    ]
    kernels = [
        (name, speed["name"] or "", number(speed["forward"]), number(speed["product"]))
        for name, speed in found["kernels"].items()
    ]
    forward = [(reason, f"{ms:.2f}") for reason, ms in lost_in_forward(measured).items()]
    phi = [(part, f"{ms:.3f}") for part, ms in found["phi"].items()]
    batches = [(batch, number(rate)) for batch, rate in found["batches"].items()]
    shares = next(iter(found["dense"].values()))["shares"]
    columns = (
        "layer",
        "ms a batch",
        "GFLOP/s",
        "its matrix products alone",
        "of the large product",
    )
    return "\n\n".join(
        [
            f"The plain forward, layer by layer, in batches of {found['batch']}; the large "
            f"product reaches {number(limit)} GFLOP/s:",
            table(columns, layers),
            "The parts of the forward's time:",
            table(("part", "ms a batch"), forward),
            "The parts of phi's time:",
            table(("part", "ms a batch"), phi),
            "The plain forward by batch size:",
            table(("batch", "patches/s"), batches),
            "The plain forward and the large product by BLAS kernels (`OPENBLAS_CORETYPE`), one "
            "thread:",
            table(("kernels", "of", "patches/s", "GFLOP/s"), kernels),
            f"Two BLAS threads in one process are {found['threads']:.2f} times as fast as one; "
            f"two processes of one thread, nothing shared, {found['processes']:.2f} times. "
            f"Patches sent from process to process: {number(found['transfer'])} a second.",
            "The dense route, shares of the time of a whole image:",
            table(("stride", "seconds", *shares), dense),
        ]
    )


def equality(check: Dict[str, Any]) -> str:
    return f"{check['what']}: {check['difference']:.1e} (at most {check['limit']:.0e})"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines: List[Sequence[str]] = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: Optional[float]) -> str:
    """Return three significant digits without an exponent; nothing for None."""
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
