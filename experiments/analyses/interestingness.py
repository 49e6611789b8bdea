"""How interesting photographs are to a net at several times of its training (for Fig. 3)."""

import os
from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import h5py
import numpy as np

from data_prep.files import write_csv, written_whole
from data_prep.hdf5 import new_hdf5
from data_prep.store import ImageRow, PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.gradient_length.maps import PhiMaps
from egl.strategies.ranking import image_score
from egl.training.run_files import read_table
from egl.training.run_folder import RunFolder
from experiments.analyses.analysis import Cores, Progress, TrainedRun, analysis, beside, images_of

# Column: reduction of egl.strategies.ranking.image_score.
REDUCTIONS = {"sum": "sum", "mean": "mean", "max": "top1"}
COLUMNS = ("iteration", "image", "lesion", *REDUCTIONS)
_MAPS_OVERHEAD = 2**14  # bytes of maps.h5, and of each photograph in it, beside the pixels
LONGEST = 600  # pixels: the longer side of a photograph that is kept with its maps


@dataclass(frozen=True)
class Watching:
    """Which photographs are scored, and by which weights.

    run: whose weights; its folder lies beside this one's
    iterations: whose weights the run keeps; its last ones are scored as well
    chosen: whether the photographs are those that the run chose, or drawn at random
    images: how many, half of them with exudates; 0: all of the training split
    seed: of the random draw
    stride: pixels between the patches whose phi is summed
    map_stride: of the maps that are kept of two photographs; 0: none
    """

    run: str
    iterations: Tuple[int, ...]
    chosen: bool
    images: int
    seed: int
    stride: int
    map_stride: int


class Mapped(NamedTuple):
    """A photograph with its maps of phi.

    shape: (height, width) of the photograph that was scored; photograph: uint8 BGR, LONGEST pixels
    at most; phi: float32 (times, rows, columns), nan where a patch leaves the field of view
    """

    image: str
    lesion: bool
    shape: Tuple[int, int]
    photograph: np.ndarray
    phi: np.ndarray


class Maps(NamedTuple):
    """Maps of phi at several times, of one photograph of each kind; stride: pixels."""

    iterations: List[int]
    stride: int
    photographs: List[Mapped]


@analysis("fig3")
def watch(
    store: PatchStore,
    settings: Watching,
    folder: RunFolder,
    progress: Progress,
    workers: Cores = 1,
) -> Dict[str, int]:
    """Score photographs by the weights of every time.

    Leaves interestingness.csv and, where maps are asked for, maps.h5. Returns how many of the
    photographs were drawn at random.
    """
    photographs, run = StoredPhotographs(store), TrainedRun(beside(folder.path, settings.run))
    indices, n_chosen = photographs_of(store, settings, run.folder)
    pictured = _one_of_each_kind(store, indices) if settings.map_stride else []
    times, rows = run.times(settings.iterations), []
    phi: Dict[int, List[np.ndarray]] = {index: [] for index in pictured}
    for time, iteration in enumerate(times):
        with run.scorer(iteration, workers=workers) as scorer:
            scored = scorer.maps_of(map(photographs.view, indices), settings.stride)
            for done, (maps, index) in enumerate(zip(scored, indices), 1):
                row = store.images[index]
                rows.append([iteration, row.id, int(row.lesion), *_interestingness(maps)])
                progress(time * len(indices) + done, len(times) * len(indices))
            pictures = scorer.maps_of(map(photographs.view, pictured), settings.map_stride)
            for maps, index in zip(pictures, pictured):
                phi[index].append(maps.phi.astype(np.float32))
    write_csv(folder.file("interestingness.csv"), COLUMNS, rows)
    if settings.map_stride:
        kept = [
            _mapped(store.images[index], photographs.image(index), phi[index]) for index in pictured
        ]
        write_maps(folder.file("maps.h5"), Maps(times, settings.map_stride, kept))
    return {"drawn": len(indices) - n_chosen}


def _interestingness(maps: PhiMaps) -> List[str]:
    """Return the cells of one photograph at one time, a number for each of REDUCTIONS."""
    phi = maps.phi[maps.inside]
    return [f"{image_score(phi, len(phi), reduction):.6g}" for reduction in REDUCTIONS.values()]


def _one_of_each_kind(store: PatchStore, indices: Sequence[int]) -> List[int]:
    """Return the first photograph with exudates and the first without, as far as there are any."""
    first: Dict[bool, int] = {}
    for index in indices:
        first.setdefault(bool(store.images[index].lesion), index)
    return list(first.values())


def photographs_of(store: PatchStore, settings: Watching, run: str) -> Tuple[List[int], int]:
    """Return the indices of the photographs to score, and how many of them the run chose.

    Those with exudates come first; they are half of all, rounded up. Where there are too few of
    one kind, more of the other are taken. Of each kind, the first that the run chose after its
    initial ones come first; others are drawn at random where it chose too few, or where its choice
    is not wanted.
    run: its folder, whose queries.csv is read if settings.chosen
    """
    training = images_of(store, "train")
    chosen = _chosen_by(run, {store.images[index].id: index for index in training}, settings)
    others = np.setdiff1d(training, chosen)
    order = chosen + np.random.RandomState(settings.seed).permutation(others).astype(int).tolist()
    with_exudates = [index for index in order if store.images[index].lesion]
    healthy = [index for index in order if not store.images[index].lesion]
    n = min(settings.images or len(order), len(order))
    n_lesion = min(len(with_exudates), max(n - n // 2, n - len(healthy)))
    indices = with_exudates[:n_lesion] + healthy[: n - n_lesion]
    return indices, len(set(indices) & set(chosen))


def _chosen_by(run: str, training: Dict[str, int], settings: Watching) -> List[int]:
    if not settings.chosen:
        return []
    queries = read_table(os.path.join(run, "queries.csv"))
    return [
        training[query["image"]]
        for query in queries
        if query["kind"] == "image" and query["score"] != "nan"  # nan: an initial image
    ]


def _mapped(row: ImageRow, photograph: np.ndarray, phi: Sequence[np.ndarray]) -> Mapped:
    height, width = photograph.shape[:2]
    scale = min(1, LONGEST / max(height, width))
    size = round(width * scale), round(height * scale)
    small = cv2.resize(photograph, size, interpolation=cv2.INTER_AREA)
    return Mapped(row.id, bool(row.lesion), (height, width), small, np.array(phi))


def write_maps(path: str, maps: Maps) -> None:
    """Write Maps as HDF5: a group for each photograph, "lesion" or "healthy"."""
    # Without time stamps, equal files have equal bytes.
    n_bytes = _MAPS_OVERHEAD + sum(
        mapped.photograph.nbytes + mapped.phi.nbytes + _MAPS_OVERHEAD for mapped in maps.photographs
    )
    with written_whole(path) as temporary, new_hdf5(temporary, n_bytes) as file:
        file.attrs["iterations"], file.attrs["stride"] = maps.iterations, maps.stride
        for mapped in maps.photographs:
            group = file.create_group("lesion" if mapped.lesion else "healthy")
            group.attrs["image"] = mapped.image
            group.attrs["height"], group.attrs["width"] = mapped.shape
            group.create_dataset("photograph", data=mapped.photograph, track_times=False)
            group.create_dataset("phi", data=mapped.phi, track_times=False)


def read_maps(run: str) -> Optional[Maps]:
    """Return the Maps in a run's folder; None where it kept none."""
    path = os.path.join(run, "maps.h5")
    if not os.path.exists(path):
        return None
    with h5py.File(path, "r") as file:
        photographs = []
        for lesion, name in ((True, "lesion"), (False, "healthy")):
            if name in file:
                group = file[name]
                shape = int(group.attrs["height"]), int(group.attrs["width"])
                arrays = group["photograph"][...], group["phi"][...]
                photographs.append(Mapped(group.attrs["image"], lesion, shape, *arrays))
        return Maps(file.attrs["iterations"].tolist(), int(file.attrs["stride"]), photographs)
