"""What is compared, what it must reach and what it aims at."""

from typing import NamedTuple, Optional


class Aim(NamedTuple):
    """A ratio `ours / theirs` of two speeds; must and aim: the least wanted of it, None where there is none."""

    name: str
    what: str
    must: Optional[float]
    aim: Optional[float]


AIMS = (
    Aim("phi_vs_forward", "batched phi against the plain forward of the same batches", 0.9, 0.97),
    Aim(
        "batched_vs_param_diff",
        "batched phi in 2 workers against param diffs read one by one in one process",
        15,
        20,
    ),
    Aim("dense_vs_batched_24", "whole image, stride 24: dense against batched patches", 1.8, 2.4),
    Aim("dense_vs_batched_8", "whole image, stride 8: dense against batched patches", 6, 10),
    Aim("dense_vs_batched_4", "whole image, stride 4: dense against batched patches", 10, 16),
    Aim("workers_2", "batched phi in 2 workers against one process", 1.7, 1.95),
    Aim(
        "vs_small_text",
        "phi in 2 workers against small-text's ExpectedGradientLengthLayer with its default batch",
        50,
        100,
    ),
    Aim("vs_torch_func", "phi in 2 workers against torch.func's per-sample gradients", 1, 2),
    Aim(
        "forward_vs_gemm",
        "floating-point rate of the plain forward against that of a large matrix product",
        None,
        0.6,
    ),
)
MEMORY_LIMIT = 1.5  # GB, for the dense route


def verdict(aim, ratio):
    """Return in words what `ratio` (None: not measured) means for `aim`."""
    if ratio is None:
        return "not measured"
    if aim.must is not None and ratio < aim.must:
        return "**below what it must reach**"
    return "aim reached" if ratio >= aim.aim else "aim missed"
