"""Compare our scoring with small-text's and torch.func's: programs that take turns.

Standard library only.
"""

import os
from typing import Any, Callable, Dict, Sequence

from benchmarks.comparing import alternate, comparison, fastest
from benchmarks.programs import Program
from benchmarks.sizes import Sizes

DEFAULT_BATCH = 50  # of small-text's query strategies
OURS = {1: "phi, 1 process", 2: "phi, 2 workers"}
SINGLES = {
    1: "small-text, batches of 1, 1 thread",
    2: "small-text, batches of 1, 2 threads",
}
WHOLE_NET = "small-text, all parameters, 2 threads"


def measure(
    with_caffe: Sequence[str], peers_python: str, project: str, folder: str, sizes: Sizes
) -> Dict[str, Any]:
    """Return a dict for JSON: compared, equal, versions, chunks.

    chunks: {threads: patches at a time for torch.func}
    with_caffe: what to put before `-m benchmarks...` where Caffe is
    """
    our_command = [*with_caffe, "-m", "benchmarks.our_scoring", folder]
    their_command = [os.path.abspath(peers_python), "-m", "benchmarks.torch_scoring", folder]
    with Program(our_command, project) as ours, Program(their_command, project) as theirs:
        checked = theirs.ask("check", n=min(sizes.torch_func, 100), n_small_text=8)
        chunks = {threads: theirs.ask("best_chunk", threads=threads) for threads in (1, 2)}

        def own(processes: int) -> Callable[[], float]:
            return lambda: ours.ask("score", processes=processes)

        def torch_func(threads: int) -> Callable[[], float]:
            arguments = {"threads": threads, "n": sizes.torch_func, "chunk": chunks[threads]}
            return lambda: theirs.ask("torch_func", **arguments)

        def small_text(kind: str, batch: int, threads: int) -> Callable[[], float]:
            n = sizes.small_text_single if batch == 1 else sizes.small_text
            arguments = {"threads": threads, "n": n, "kind": kind, "batch": batch}
            return lambda: theirs.ask("small_text", **arguments)

        against_torch = {
            OURS[2]: own(2),
            "torch.func, 2 threads": torch_func(2),
            OURS[1]: own(1),
            "torch.func, 1 thread": torch_func(1),
        }
        fast = alternate(against_torch, sizes.peer_repeats)
        against_small_text = {
            OURS[2]: own(2),
            "small-text, 2 threads": small_text("layer", DEFAULT_BATCH, 2),
            SINGLES[2]: small_text("layer", 1, 2),
            SINGLES[1]: small_text("layer", 1, 1),
            WHOLE_NET: small_text("all", DEFAULT_BATCH, 2),
            OURS[1]: own(1),
            "small-text, 1 thread": small_text("layer", DEFAULT_BATCH, 1),
        }
        # Every program has run before, so no warm-up.
        slow = alternate(against_small_text, sizes.slow_peer_repeats, warm_up=False)
    # Theirs with one thread or two, whichever is faster.
    layer = fastest(slow, ["small-text, 2 threads", "small-text, 1 thread"])
    singles = fastest(slow, list(SINGLES.values()))
    func = fastest(fast, ["torch.func, 2 threads", "torch.func, 1 thread"])
    rows = [
        ("vs_small_text", slow, OURS[2], layer),
        ("vs_torch_func", fast, OURS[2], func),
        ("vs_torch_func, one thread each", fast, OURS[1], "torch.func, 1 thread"),
        ("vs_small_text, one thread each", slow, OURS[1], "small-text, 1 thread"),
        (f"vs_small_text in batches of 1 (default {DEFAULT_BATCH})", slow, OURS[2], singles),
        ("vs_small_text, all parameters (ExpectedGradientLength, L1)", slow, OURS[2], WHOLE_NET),
    ]
    compared = [
        comparison(name, "patches/s", rates, our_label, their_label)
        for name, rates, our_label, their_label in rows
    ]
    return {"compared": compared, "chunks": chunks, **checked}
