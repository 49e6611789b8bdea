"""Our scoring against small-text's and torch.func's, both sides in programs of their own that take turns. Standard library only."""

import os

from benchmarks.comparing import alternate, comparison, fastest
from benchmarks.programs import Program

SMALL_TEXT_BATCH = 50  # the default of its query strategies
OURS = {1: "phi, 1 process", 2: "phi, 2 workers"}


def measure(ours_command, peers_python, project, folder, sizes):
    """Return a dict for JSON: compared, equal, versions, chunks (torch.func's patches at a time, by threads).

    ours_command: what to put before `-m benchmarks...` where Caffe is, a list
    """
    whole_net = "small-text, all parameters, 2 threads"
    here = [os.path.abspath(peers_python), "-m", "benchmarks.torch_scoring", folder]
    with Program([*ours_command, "-m", "benchmarks.our_scoring", folder], project) as ours, Program(
        here, project
    ) as theirs:
        checked = theirs.ask("check", n=min(sizes.torch_func, 100), n_small_text=8)
        chunks = {threads: theirs.ask("best_chunk", threads=threads) for threads in (1, 2)}

        def by_torch_func(threads):
            return lambda: theirs.ask(
                "torch_func", threads=threads, n=sizes.torch_func, chunk=chunks[threads]
            )

        def by_small_text(kind, batch, threads=2):
            n = sizes.small_text_single if batch == 1 else sizes.small_text
            return lambda: theirs.ask("small_text", threads=threads, n=n, kind=kind, batch=batch)

        own = {
            label: lambda n=processes: ours.ask("score", processes=n)
            for processes, label in OURS.items()
        }
        fast = alternate(
            {
                OURS[2]: own[OURS[2]],
                "torch.func, 2 threads": by_torch_func(2),
                OURS[1]: own[OURS[1]],
                "torch.func, 1 thread": by_torch_func(1),
            },
            sizes.peer_repeats,
        )
        slow = alternate(
            {
                OURS[2]: own[OURS[2]],
                "small-text, 2 threads": by_small_text("layer", SMALL_TEXT_BATCH),
                "small-text, batches of 1, 2 threads": by_small_text("layer", 1),
                "small-text, batches of 1, 1 thread": by_small_text("layer", 1, threads=1),
                whole_net: by_small_text("all", SMALL_TEXT_BATCH),
                OURS[1]: own[OURS[1]],
                "small-text, 1 thread": by_small_text("layer", SMALL_TEXT_BATCH, threads=1),
            },
            sizes.slow_peer_repeats,
            warm_up=False,  # every side has run before
        )
    unit, singles = (
        "patches/s",
        ["small-text, batches of 1, 2 threads", "small-text, batches of 1, 1 thread"],
    )
    compared = [
        comparison(
            "vs_small_text",
            unit,
            slow,
            OURS[2],
            fastest(slow, ["small-text, 2 threads", "small-text, 1 thread"]),
        ),
        comparison(
            "vs_torch_func",
            unit,
            fast,
            OURS[2],
            fastest(fast, ["torch.func, 2 threads", "torch.func, 1 thread"]),
        ),
        comparison("vs_torch_func, one thread each", unit, fast, OURS[1], "torch.func, 1 thread"),
        comparison("vs_small_text, one thread each", unit, slow, OURS[1], "small-text, 1 thread"),
        comparison(
            "vs_small_text told to take batches of 1 (its default is 50)",
            unit,
            slow,
            OURS[2],
            fastest(slow, singles),
        ),
        comparison(
            "vs_small_text, all parameters (its ExpectedGradientLength, L1)",
            unit,
            slow,
            OURS[2],
            whole_net,
        ),
    ]
    return {"compared": compared, "chunks": chunks, **checked}
