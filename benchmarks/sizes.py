"""How much is measured: kept in a file, so that every program sees the same sizes."""

import json
import os
from typing import NamedTuple, Tuple

from data_prep.files import write_json


class Sizes(NamedTuple):
    """Numbers of patches a repeat, numbers of repeats, and the sizes of images and pools."""

    image: Tuple[int, int] = (1424, 2144)  # H, W: IDRiD at half size
    iterations: int = 60  # of training
    patches: int = 8192  # kept in memory, 27 kB each
    forward: int = 1024  # scored by the plain forward and by batched phi, a repeat
    forward_repeats: int = 11
    one_process: int = 2048
    param_diff: int = 192
    workers_repeats: int = 5
    dense_strides: Tuple[int, ...] = (24, 8, 4)
    dense_repeats: int = 3
    band: int = 4000  # grid positions that batched patches score a repeat at strides 8 and 4
    drawn: Tuple[int, int] = (
        14,
        34,
    )  # phantoms with exudates and healthy; the pool has 4 times as many
    samples: Tuple[int, int, int] = (8760, 328, 986)  # a class, for training, validation and test
    select: str = "--iterations 60 --evaluate-every 5 --candidates 400 --image-patches 16"
    select_repeats: int = 1
    ranked: int = 8  # photographs
    rank_repeats: int = 3
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
    drawn=(3, 3),
    samples=(160, 32, 32),
    select="--iterations 8 --evaluate-every 4 --candidates 64 --image-patches 4",
    select_repeats=1,
    ranked=4,
    rank_repeats=1,
    torch_func=16,
    small_text=8,
    small_text_single=8,
    peer_repeats=1,
    slow_peer_repeats=1,
    profile_repeats=2,
)


def write_sizes(folder: str, sizes: Sizes) -> None:
    write_json(os.path.join(folder, "sizes.json"), sizes._asdict())


def read_sizes(folder: str) -> Sizes:
    with open(os.path.join(folder, "sizes.json"), encoding="utf-8") as file:
        return Sizes(**json.load(file))
