"""A store as Caffe's own tools take it: data for its layers, the mean, the nets and the solver."""

import os
import shlex
from typing import Any, Callable, Dict, Iterator, List

import numpy as np

from data_prep import split as splits
from data_prep.files import folder_written_whole, write_text
from data_prep.geometry import ceil_div
from data_prep.hdf5 import new_hdf5
from data_prep.normalisation import Normalisation
from data_prep.random_streams import Stream, random_state
from data_prep.store import PatchStore
from egl.errors import EglError
from egl.nets.definition import read_net
from egl.nets.runtime import import_caffe
from egl.training.exported_prototxt import MEAN, SOLVER, exported_prototxt

CHUNK = 1024  # samples converted at a time
HDF5_OVERHEAD = 2**16  # bytes at most beside the arrays
HDF5_ELEMENTS = 2**31 - 1  # what an HDF5Data layer takes of one file; Caffe aborts on more


def export(store_path: str, out: str, kind: str, seed: int = 1) -> str:
    """Write a store into the new folder `out`, for `caffe train`; return what to do with it.

    kind: one of FORMATS
    "hdf5": SPLIT.h5 with data (float32 N x C x side x side, normalised by the store's mean) and
        label (float32 (N,)), and SPLIT.txt, the list that an HDF5Data layer wants. Where one file
        would hold more than the layer takes, there are SPLIT-1.h5, SPLIT-2.h5, ...
    "lmdb": SPLIT_lmdb of Datums (uint8, BGR); the Data layer's transform_param normalises them
    And mean.binaryproto (the mean of the training patches, one value a channel, as an image), and
    the prototxt of exported_prototxt. The samples are shuffled by `seed`. Raises DataError if `out`
    exists or cannot be written, EglError if lmdb is not installed, for a seed out of range and for
    a path with blanks, which Caffe cannot read in a list, CaffeMissing without Caffe.
    """
    if not 0 <= seed < 2**32:
        raise EglError(f"--seed {seed}: give a whole number from 0 to {2**32 - 1}")
    if kind == "hdf5" and any(sign.isspace() for sign in os.path.abspath(out)):
        raise EglError(
            f"{os.path.abspath(out)}: an HDF5Data layer reads paths up to the first blank: give "
            "--out a path without any"
        )
    store = PatchStore(store_path)
    import_caffe()
    normalisation = Normalisation.of("mean", store.mean)
    with folder_written_whole(out) as folder:
        for split in splits.NAMES:
            samples = random_state(seed, Stream.EXPORT).permutation(store.samples(split))
            names = FORMATS[kind](store, samples, folder, split, normalisation)
            if kind == "hdf5":
                # Caffe looks from the folder where it is started.
                lines = [os.path.join(os.path.abspath(out), name) + "\n" for name in names]
                write_text(os.path.join(folder, split + ".txt"), "".join(lines))
        _write_mean(store, os.path.join(folder, MEAN))
        for name, text in exported_prototxt(store, kind, os.path.abspath(out)).items():
            write_text(os.path.join(folder, name), text)
            if name != SOLVER:
                read_net(os.path.join(folder, name))
    mean = ", ".join(f"{value:.3f}" for value in store.mean)
    return (
        f"wrote {out}; the mean of the training patches (B, G, R) is {mean}, "
        f"the factor {normalisation.factor:g}\n"
        f"train with: runtime/caffe caffe train -solver {shlex.quote(os.path.join(out, SOLVER))}"
    )


def _write_mean(store: PatchStore, path: str) -> None:
    """Write the store's mean as Caffe's compute_image_mean would, but the same in every pixel."""
    blob = import_caffe().proto.caffe_pb2.BlobProto(
        num=1, channels=store.channels, height=store.side, width=store.side
    )
    blob.data.extend(np.repeat(np.asarray(store.mean, np.float32), store.side**2))
    with open(path, "wb") as file:
        file.write(blob.SerializeToString())


def _write_hdf5(
    store: PatchStore, samples: np.ndarray, folder: str, split: str, normalisation: Normalisation
) -> List[str]:
    """Return the names of the files, in the order of the samples."""
    sample_elements = store.channels * store.side**2
    n_files = ceil_div(len(samples), HDF5_ELEMENTS // sample_elements)
    names = []
    for number, part in enumerate(np.array_split(samples, n_files), 1):
        names.append(f"{split}-{number}.h5" if n_files > 1 else split + ".h5")
        shape = (len(part), store.channels, store.side, store.side)
        n_bytes = 4 * len(part) * (sample_elements + 1) + HDF5_OVERHEAD
        with new_hdf5(os.path.join(folder, names[-1]), n_bytes) as file:
            data = file.create_dataset("data", shape, np.float32, track_times=False)
            label = file.create_dataset("label", (len(part),), np.float32, track_times=False)
            for chunk in _chunks(len(part)):
                patches, labels = store.read(part[chunk])
                data[chunk] = normalisation.apply(patches)
                label[chunk] = labels
    return names


def _write_lmdb(
    store: PatchStore, samples: np.ndarray, folder: str, split: str, normalisation: Normalisation
) -> List[str]:
    """Return the name of the folder."""
    try:
        import lmdb
    except ImportError as error:
        raise EglError(
            "--format lmdb: the Python package lmdb is not installed (pip install lmdb, or "
            "Debian's python3-lmdb); or give --format hdf5"
        ) from error
    Datum = import_caffe().proto.caffe_pb2.Datum
    sample_bytes = store.channels * store.side**2 + 1280  # with a page's overhead
    name = split + "_lmdb"
    try:
        with lmdb.open(
            os.path.join(folder, name), map_size=2 * len(samples) * sample_bytes + 2**24
        ) as environment, environment.begin(write=True) as transaction:
            for chunk in _chunks(len(samples)):
                patches, labels = store.read(samples[chunk])
                for number, (patch, label) in enumerate(zip(patches, labels), chunk.start):
                    datum = _datum(Datum, patch, int(label))
                    transaction.put(f"{number:08d}".encode("ascii"), datum.SerializeToString())
    except lmdb.Error as error:  # a full disk
        raise OSError(f"{error}: is the disk full?") from error
    return [name]


def _datum(kind: Any, patch: np.ndarray, label: int) -> Any:
    channels, height, width = patch.shape
    return kind(channels=channels, height=height, width=width, data=patch.tobytes(), label=label)


def _chunks(n_samples: int) -> Iterator[slice]:
    for start in range(0, n_samples, CHUNK):
        yield slice(start, min(start + CHUNK, n_samples))


FORMATS: Dict[str, Callable[[PatchStore, np.ndarray, str, str, Normalisation], List[str]]] = {
    "hdf5": _write_hdf5,
    "lmdb": _write_lmdb,
}
