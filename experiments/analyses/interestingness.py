"""How interesting photographs are to a net at several times of its training, with maps of phi over two of them (for Fig. 3)."""

import os
import time
from typing import NamedTuple, Tuple

import cv2
import h5py
import numpy as np

from data_prep.normalisation import Normalisation
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.gradient_length.maps import ImageScorer
from egl.nets.definition import prototxt_path
from egl.strategies.ranking import image_score
from egl.training.run_folder import RunFolder, read_metrics, read_table, write_csv
from egl.training.snapshots import snapshots, weights_at
from experiments.estimate import DENSE, PHOTOGRAPH, START

REDUCTIONS = {
    "sum": "sum",
    "mean": "mean",
    "max": "top1",
}  # column: reduction of egl.strategies.ranking.image_score
LONGEST = 600  # pixels of a photograph that is kept beside its maps


class Watching(NamedTuple):
    """What is scored, and by which weights."""

    run: str  # its folder lies beside this one's
    iterations: Tuple[int, ...]  # whose weights it keeps; its last ones are scored as well
    chosen: bool  # whether the photographs are those that the run chose, or drawn at random
    images: int  # how many, half of them with exudates; 0: all of the training split
    seed: int
    stride: int  # pixels between patches whose phi is summed
    map_stride: int  # of the maps that are kept of two photographs; 0: none

    def passes(self, store):
        """Return about how many forward passes of one patch it takes. store: PatchStore."""
        training = [row for row in store.images if row.split == 0]
        area = (
            0.7 * training[0].height * training[0].width
        )  # the field of view fills about so much of a photograph
        photographs = self.images or len(training)
        one = area / self.stride**2 * DENSE.get(self.stride, 1 / 2.5)
        kept = (
            2 * area / self.map_stride**2 * DENSE.get(self.map_stride, 1 / 2.5)
            if self.map_stride
            else 0
        )
        return (
            START
            + photographs * PHOTOGRAPH
            + (len(self.iterations) + 1) * (photographs * one + kept)
        )


def watch(store, settings, out, progress):
    """Score photographs at every time; leave interestingness.csv, maps.h5 where maps are asked for, and metrics.json."""
    run = RunFolder(out, dict(settings._asdict(), kind="fig3"))
    if run.finished:
        return read_metrics(out)
    began, data = time.time(), PatchStore(store)
    photographs, source = StoredPhotographs(data), os.path.join(os.path.dirname(out), settings.run)
    places, n_chosen = photographs_of(data, settings, source)
    pictured = {
        next((place for place in places if data.images[place].lesion == lesion), None)
        for lesion in (True, False)
    } - {None}
    prototxt = prototxt_path("lenet_score.prototxt")
    scorers = {
        each: ImageScorer(prototxt, weights_at(source, each), Normalisation.of("mean", data.mean))
        for each in times_of(source, settings.iterations)
    }
    rows, maps = [], {}
    for done, place in enumerate(places, 1):
        photograph, field = photographs.view(place)
        row = data.images[place]
        for iteration, scorer in scorers.items():
            scored = scorer.maps(photograph, settings.stride, field)
            phi = scored.phi[scored.inside]
            numbers = [
                f"{image_score(phi, len(phi), reduction):.6g}" for reduction in REDUCTIONS.values()
            ]
            rows.append([iteration, row.id, int(row.lesion), *numbers])
        if settings.map_stride and place in pictured:
            phi = [
                scorer.maps(photograph, settings.map_stride, field).phi.astype(np.float32)
                for scorer in scorers.values()
            ]
            maps[row] = (photograph, np.array(phi))
        progress(done, len(places))
    write_csv(
        run.file("interestingness.csv"),
        ("iteration", "image", "lesion", *REDUCTIONS),
        sorted(rows, key=lambda row: row[0]),
    )
    if settings.map_stride:
        _write_maps(run.file("maps.h5"), maps, list(scorers), settings.map_stride)
    run.finish(
        {
            "diverged": None,
            "drawn": len(places) - n_chosen,
            "seconds": round(time.time() - began, 1),
        }
    )
    return read_metrics(out)


def times_of(folder, iterations):
    """Return the iterations of a run whose weights are there: the kept ones it reached, and its last, if that has a snapshot."""
    last = read_metrics(folder)["iterations"]  # a selection that diverged may have none there
    kept = {each for each in iterations if each <= last}
    return sorted(
        kept | {last for snapshot in snapshots(folder) if snapshot.endswith(f"iter_{last:06d}")}
    )


def photographs_of(data, settings, source):
    """Return (places in data.images of the photographs to be scored, those with exudates first; how many the run chose).

    Half of them (rounded up) have exudates; where there are too few of one kind, more of the other are taken. Of each kind the
    first that the run `source` chose after its initial ones; where it chose too few, and where its choice is not wanted, others
    drawn at random.
    """
    training = {row.id: place for place, row in enumerate(data.images) if row.split == 0}
    chosen = []
    if settings.chosen:
        queries = read_table(os.path.join(source, "queries.csv"))
        chosen = [
            training[row["image"]]
            for row in queries
            if row["kind"] == "image" and row["score"] != "nan"
        ]  # initial ones: nan
    others = np.setdiff1d(list(training.values()), chosen)
    order = chosen + np.random.RandomState(settings.seed).permutation(others).astype(int).tolist()
    kinds = [
        [place for place in order if bool(data.images[place].lesion) == lesion]
        for lesion in (True, False)
    ]
    n = min(settings.images or len(order), len(order))
    n_lesion = min(len(kinds[0]), max(n - n // 2, n - len(kinds[1])))
    places = kinds[0][:n_lesion] + kinds[1][: n - n_lesion]
    return places, len(set(places) & set(chosen))


def _write_maps(path, maps, iterations, stride):
    """HDF5: a group a photograph, with `photograph` (uint8 BGR, downscaled), `phi` (float32, a map a time), and what they are of."""
    with h5py.File(path + ".writing", "w") as file:
        file.attrs["iterations"], file.attrs["stride"] = iterations, stride
        for row, (photograph, phi) in maps.items():
            height, width = photograph.shape[:2]
            scale = min(1, LONGEST / max(height, width))
            small = cv2.resize(
                photograph,
                (round(width * scale), round(height * scale)),
                interpolation=cv2.INTER_AREA,
            )
            group = file.create_group("lesion" if row.lesion else "healthy")
            group.attrs["image"], group.attrs["height"], group.attrs["width"] = (
                row.id,
                height,
                width,
            )
            group.create_dataset(
                "photograph", data=small, track_times=False
            )  # times would make two equal files differ
            group.create_dataset("phi", data=phi, track_times=False)
    os.replace(path + ".writing", path)
