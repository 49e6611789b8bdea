"""The samples of a store as Caffe's own data layers read them: HDF5Data files or LMDB, for `caffe train`."""

import os
import shutil

import h5py
import numpy as np

from data_prep import split as splits
from data_prep.errors import DataError
from data_prep.store import PatchStore

CHUNK = 1024  # samples converted at a time
FACTOR = 1 / 64  # what egl multiplies patches with, after the mean is subtracted


def export(store_path, out, kind, seed=1, factor=FACTOR):
    """Write the three splits of a store into the new folder `out`; return a sentence that says what is there.

    kind: "hdf5": SPLIT.h5 (data float32 N x 3 x 48 x 48, mean subtracted and multiplied by `factor`; label float32 (N,)) and
    SPLIT.txt, the list that an HDF5Data layer wants; or "lmdb": SPLIT_lmdb of Datums (uint8, BGR; the layer's transform_param
    does mean and scale) . The samples are shuffled by `seed`. Raises DataError if `out` exists.
    """
    store = PatchStore(store_path)
    if os.path.exists(out):
        raise DataError(f"{out}: exists already; give another --out")
    temporary = "{}.writing-{}".format(out.rstrip("/"), os.getpid())
    try:
        os.makedirs(temporary)
        for split in splits.NAMES:
            samples = np.random.RandomState([seed, 2]).permutation(store.samples(split))
            FORMATS[kind](store, samples, temporary, out, split, factor)
        os.rename(temporary, out)
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error}); give another --out") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    mean = ", ".join(f"{value:.3f}" for value in store.mean)
    return (
        f"wrote {out}; the mean of the training patches (B, G, R) is {mean}, the factor {factor:g}"
    )


def _write_hdf5(store, samples, folder, final_folder, split, factor):
    with h5py.File(os.path.join(folder, split + ".h5"), "w") as file:
        data = file.create_dataset("data", (len(samples), 3, 48, 48), np.float32, track_times=False)
        label = file.create_dataset("label", (len(samples),), np.float32, track_times=False)
        mean = store.mean.astype(np.float32).reshape(1, 3, 1, 1)
        for here in _chunks(samples):
            patches, labels = store.read(samples[here])
            data[here] = (patches.astype(np.float32) - mean) * np.float32(factor)
            label[here] = labels
    with open(os.path.join(folder, split + ".txt"), "w", encoding="utf-8") as file:
        file.write(
            os.path.abspath(os.path.join(final_folder, split + ".h5")) + "\n"
        )  # Caffe looks from where it is started


def _write_lmdb(store, samples, folder, final_folder, split, factor):
    import lmdb

    path = os.path.join(folder, split + "_lmdb")
    environment = lmdb.open(path, map_size=2 * len(samples) * 8192 + 2**24)
    with environment.begin(write=True) as transaction:
        for here in _chunks(samples):
            patches, labels = store.read(samples[here])
            for number, (patch, label) in enumerate(zip(patches, labels), here.start):
                transaction.put(f"{number:08d}".encode("ascii"), _datum(patch, int(label)))
    environment.close()


def _datum(patch, label):
    """Return a Datum of caffe.proto as bytes: channels 1, height 2, width 3, data 4, label 5; data_prep does without Caffe."""
    head = b"".join(
        bytes([field << 3]) + _varint(size) for field, size in zip((1, 2, 3), patch.shape)
    )
    data = patch.tobytes()
    return head + bytes([4 << 3 | 2]) + _varint(len(data)) + data + bytes([5 << 3]) + _varint(label)


def _varint(number):
    """Return a number as protobuf writes it: seven bits a byte, low ones first, the high bit for "more follows"."""
    result = b""
    while number > 127:
        result += bytes([number & 127 | 128])
        number >>= 7
    return result + bytes([number])


def _chunks(samples):
    for start in range(0, len(samples), CHUNK):
        yield slice(start, min(start + CHUNK, len(samples)))


FORMATS = {"hdf5": _write_hdf5, "lmdb": _write_lmdb}
