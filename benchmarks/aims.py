"""What is compared, what each ratio must reach, and what it aims at."""

from typing import NamedTuple, Optional


class Aim(NamedTuple):
    """A ratio `ours / theirs`, of two speeds, or of two times where lower is better.

    what: a line of the table; label: of the bar in the picture
    must, aim: the limits of the ratio; None where there is none
    """

    name: str
    what: str
    label: str
    must: Optional[float]
    aim: float
    lower_is_better: bool = False

    def reached(self, ratio: float, limit: float) -> bool:
        """Return whether `ratio` is on the right side of `limit`, or equal to it."""
        return ratio <= limit if self.lower_is_better else ratio >= limit

    def verdict(self, ratio: Optional[float]) -> str:
        """Return in words what `ratio` means; None: not measured."""
        if ratio is None:
            return "not measured"
        if self.must is not None and not self.reached(ratio, self.must):
            return "**misses what it must reach**"
        return "aim reached" if self.reached(ratio, self.aim) else "aim missed"


AIMS = (
    Aim(
        "phi_vs_forward",
        "batched phi against the plain forward of the same batches",
        "batched phi / forward pass",
        0.9,
        0.97,
    ),
    Aim(
        "batched_vs_param_diff",
        "batched phi in 2 workers against parameter diffs read one by one in one process",
        "phi, 2 workers / parameter diffs",
        15,
        20,
    ),
    Aim(
        "dense_vs_batched_24",
        "whole image, stride 24: dense against batched patches",
        "dense / patches, stride 24",
        1.8,
        2.4,
    ),
    Aim(
        "dense_vs_batched_8",
        "whole image, stride 8: dense against batched patches",
        "dense / patches, stride 8",
        6,
        10,
    ),
    Aim(
        "dense_vs_batched_4",
        "whole image, stride 4: dense against batched patches",
        "dense / patches, stride 4",
        10,
        16,
    ),
    Aim(
        "workers_2",
        "batched phi in 2 workers against one process",
        "phi, 2 workers / 1 process",
        1.7,
        1.95,
    ),
    Aim(
        "select_workers_2",
        "time of `egl select --workers 2` over that with 1 worker, as in Fig. 2's EGL arm",
        "time of egl select, 2 workers / 1 (lower is better)",
        None,
        0.6,
        lower_is_better=True,
    ),
    Aim(
        "rank_workers_2",
        "photographs ranked by 2 processes against 1, reading included",
        "ranking a pool, 2 processes / 1",
        1.7,
        1.9,
    ),
    Aim(
        "rank_dask_2_vs_processes_2",
        "photographs ranked by 2 workers of a Dask cluster against 2 processes",
        "ranking a pool, 2 Dask workers / 2 processes",
        0.9,
        0.97,
    ),
    Aim(
        "rank_vs_dense",
        "photographs ranked by 1 process, reading included, against the dense route alone",
        "ranking a pool / dense route",
        0.85,
        0.95,
    ),
    Aim(
        "vs_small_text",
        "phi in 2 workers against small-text's ExpectedGradientLengthLayer with its default batch",
        "phi / small-text",
        50,
        100,
    ),
    Aim(
        "vs_torch_func",
        "phi in 2 workers against torch.func's per-sample gradients",
        "phi / torch.func",
        1,
        2,
    ),
    Aim(
        "forward_vs_gemm",
        "floating-point rate of the plain forward against that of a large matrix product",
        "forward pass / matrix product",
        None,
        0.6,
    ),
)
MEMORY_LIMIT = 1.5  # GB, for the dense route
