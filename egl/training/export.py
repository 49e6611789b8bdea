"""The samples of a store as Caffe's own data layers read them, for `caffe train`: HDF5 or LMDB."""

import os
from typing import Any, Callable, Dict, Iterator

import numpy as np

from data_prep import split as splits
from data_prep.files import folder_written_whole
from data_prep.hdf5 import new_hdf5
from data_prep.normalisation import Normalisation
from data_prep.random_streams import Stream, random_state
from data_prep.store import PatchStore
from egl.errors import EglError
from egl.nets.runtime import import_caffe

CHUNK = 1024  # samples converted at a time
HDF5_OVERHEAD = 2**16  # bytes at most beside the arrays


def export(store_path: str, out: str, kind: str, seed: int = 1) -> str:
    """Write the three splits of a store into the new folder `out`; return a sentence about it.

    kind: one of FORMATS
    "hdf5": SPLIT.h5 with data (float32 N x C x side x side, normalised by the store's mean) and
        label (float32 (N,)), and SPLIT.txt, the list that an HDF5Data layer wants
    "lmdb": SPLIT_lmdb of Datums (uint8, BGR); the Data layer's transform_param normalises them
    The samples are shuffled by `seed`. Raises DataError if `out` exists or cannot be written,
    EglError if lmdb is not installed, for a seed out of range and for a path with blanks, which
    Caffe cannot read in a list, CaffeMissing for LMDB without Caffe.
    """
    if not 0 <= seed < 2**32:
        raise EglError(f"--seed {seed}: give a whole number from 0 to {2**32 - 1}")
    if kind == "hdf5" and any(sign.isspace() for sign in os.path.abspath(out)):
        raise EglError(
            f"{os.path.abspath(out)}: an HDF5Data layer reads paths up to the first blank: give "
            "--out a path without any"
        )
    store = PatchStore(store_path)
    normalisation = Normalisation.of("mean", store.mean)
    with folder_written_whole(out) as folder:
        for split in splits.NAMES:
            samples = random_state(seed, Stream.EXPORT).permutation(store.samples(split))
            FORMATS[kind](store, samples, folder, split, normalisation)
            if kind == "hdf5":
                # Caffe looks from the folder where it is started.
                final = os.path.join(os.path.abspath(out), split + ".h5")
                with open(os.path.join(folder, split + ".txt"), "w", encoding="utf-8") as file:
                    file.write(final + "\n")
    mean = ", ".join(f"{value:.3f}" for value in store.mean)
    return (
        f"wrote {out}; the mean of the training patches (B, G, R) is {mean}, "
        f"the factor {normalisation.factor:g}"
    )


def _write_hdf5(
    store: PatchStore, samples: np.ndarray, folder: str, split: str, normalisation: Normalisation
) -> None:
    shape = (len(samples), store.channels, store.side, store.side)
    n_bytes = 4 * (int(np.prod(shape)) + len(samples)) + HDF5_OVERHEAD
    with new_hdf5(os.path.join(folder, split + ".h5"), n_bytes) as file:
        data = file.create_dataset("data", shape, np.float32, track_times=False)
        label = file.create_dataset("label", (len(samples),), np.float32, track_times=False)
        for chunk in _chunks(len(samples)):
            patches, labels = store.read(samples[chunk])
            data[chunk] = normalisation.apply(patches)
            label[chunk] = labels


def _write_lmdb(
    store: PatchStore, samples: np.ndarray, folder: str, split: str, normalisation: Normalisation
) -> None:
    try:
        import lmdb
    except ImportError as error:
        raise EglError(
            "--format lmdb: the Python package lmdb is not installed (pip install lmdb, or "
            "Debian's python3-lmdb); or give --format hdf5"
        ) from error
    Datum = import_caffe().proto.caffe_pb2.Datum
    sample_bytes = store.channels * store.side**2 + 1280  # with a page's overhead
    try:
        with lmdb.open(
            os.path.join(folder, split + "_lmdb"), map_size=2 * len(samples) * sample_bytes + 2**24
        ) as environment, environment.begin(write=True) as transaction:
            for chunk in _chunks(len(samples)):
                patches, labels = store.read(samples[chunk])
                for number, (patch, label) in enumerate(zip(patches, labels), chunk.start):
                    datum = _datum(Datum, patch, int(label))
                    transaction.put(f"{number:08d}".encode("ascii"), datum.SerializeToString())
    except lmdb.Error as error:  # a full disk
        raise OSError(f"{error}: is the disk full?") from error


def _datum(kind: Any, patch: np.ndarray, label: int) -> Any:
    channels, height, width = patch.shape
    return kind(channels=channels, height=height, width=width, data=patch.tobytes(), label=label)


def _chunks(n_samples: int) -> Iterator[slice]:
    for start in range(0, n_samples, CHUNK):
        yield slice(start, min(start + CHUNK, n_samples))


FORMATS: Dict[str, Callable[[PatchStore, np.ndarray, str, str, Normalisation], None]] = {
    "hdf5": _write_hdf5,
    "lmdb": _write_lmdb,
}
