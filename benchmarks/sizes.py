"""How much is measured: kept in the run's folder, so that every program sees the same."""

import json
import os
from typing import NamedTuple, Tuple


class Sizes(NamedTuple):
    """Numbers of patches a repeat, numbers of repeats, and the size of the image."""

    image: Tuple[int, int] = (1424, 2144)  # H, W
    iterations: int = 60  # of training
    patches: int = 8192  # held in memory, 27 kB each
    forward: int = 1024  # scored by the plain forward and by batched phi, a repeat
    forward_repeats: int = 11
    one_process: int = 2048
    param_diff: int = 192
    workers_repeats: int = 5
    dense_strides: Tuple[int, ...] = (24, 8, 4)
    dense_repeats: int = 3
    band: int = 4000  # positions, about, of the part of the grid that batched patches score a repeat at strides 8 and 4
    torch_func: int = 256
    small_text: int = 50  # its default batch
    small_text_single: int = 64  # with batches of 1
    peer_repeats: int = 5
    slow_peer_repeats: int = 3
    profile_repeats: int = 7


FULL = Sizes()
SMALL = Sizes(
    image=(480, 720),
    iterations=20,
    patches=512,
    forward=128,
    forward_repeats=2,
    one_process=256,
    param_diff=16,
    workers_repeats=2,
    dense_repeats=1,
    band=200,
    torch_func=16,
    small_text=8,
    small_text_single=8,
    peer_repeats=1,
    slow_peer_repeats=1,
    profile_repeats=2,
)


def write_sizes(folder, sizes):
    with open(os.path.join(folder, "sizes.json"), "w", encoding="utf-8") as file:
        json.dump(sizes._asdict(), file)


def read_sizes(folder):
    with open(os.path.join(folder, "sizes.json"), encoding="utf-8") as file:
        return Sizes(**json.load(file))
