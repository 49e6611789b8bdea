import builtins
import errno
import os

import h5py
import numpy as np
import pytest

from data_prep.errors import DataError
from egl.errors import EglError
from egl.training.export import export

BESIDES = ("mean.binaryproto", "train_val.prototxt", "deploy.prototxt", "solver.prototxt")


def in_order(store, split, seed):
    """The samples of a split in the order in which they are exported."""
    return store.read(np.random.RandomState([seed, 2]).permutation(store.samples(split)))


def test_hdf5(caffe, small_store, tmp_path):
    out = tmp_path / "hdf5"
    export(small_store.path, str(out), "hdf5", seed=2)
    data = [
        f"{split}.{kind}" for split in ("train", "validation", "test") for kind in ("h5", "txt")
    ]
    assert sorted(os.listdir(out)) == sorted([*data, *BESIDES])
    assert (out / "test.txt").read_text() == f"{out / 'test.h5'}\n"
    patches, labels = in_order(small_store, "train", 2)
    with h5py.File(str(out / "train.h5"), "r") as file:
        assert (file["label"][...] == labels).all()
        np.testing.assert_allclose(
            file["data"][...], (patches - small_store.mean.reshape(1, 3, 1, 1)) / 64, atol=1e-5
        )


def test_what_is_said_gives_mean_factor_and_the_line_to_run(caffe, small_store, tmp_path):
    sentence, line = export(small_store.path, str(tmp_path / "hdf5"), "hdf5").split("\n")
    assert ", ".join(f"{value:.3f}" for value in small_store.mean) in sentence
    assert sentence.endswith("the factor 0.015625")
    assert line.endswith(f"runtime/caffe caffe train -solver {tmp_path}/hdf5/solver.prototxt")


def test_the_mean_as_caffe_reads_it(caffe, small_store, tmp_path):
    export(small_store.path, str(tmp_path / "hdf5"), "hdf5")
    blob = caffe.proto.caffe_pb2.BlobProto.FromString(
        (tmp_path / "hdf5" / "mean.binaryproto").read_bytes()
    )
    mean = caffe.io.blobproto_to_array(blob)
    assert mean.shape == (1, 3, 48, 48)
    np.testing.assert_allclose(mean[0, :, 7, 40], small_store.mean, rtol=1e-6)
    assert (mean == mean[:, :, :1, :1]).all()


def test_hdf5_files_that_one_layer_could_not_take(caffe, small_store, tmp_path, monkeypatch):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    export(small_store.path, str(whole), "hdf5")
    monkeypatch.setattr("egl.training.export.HDF5_ELEMENTS", 130 * 3 * 48 * 48)
    export(small_store.path, str(parts), "hdf5")
    names = (parts / "train.txt").read_text().split()
    assert names == [str(parts / f"train-{number}.h5") for number in (1, 2, 3)]
    pieces = []
    for name in names:
        with h5py.File(name, "r") as file:
            assert len(file["data"]) == len(file["label"]) <= 130
            pieces.append(file["data"][...])
    with h5py.File(str(whole / "train.h5"), "r") as file:
        np.testing.assert_array_equal(file["data"][...], np.concatenate(pieces))


def test_patches_of_another_size(caffe, phantoms, tmp_path):
    from data_prep.prepare import PrepareSettings, prepare

    settings = PrepareSettings(seed=3, n_train=8, n_validation=8, n_test=8, side=32)
    prepare(phantoms, str(tmp_path / "side32.h5"), settings, progress=False)
    export(str(tmp_path / "side32.h5"), str(tmp_path / "out"), "hdf5")
    net = caffe.Net(str(tmp_path / "out" / "deploy.prototxt"), caffe.TEST)
    assert net.blobs["data"].data.shape == (1, 3, 32, 32)


def test_lmdb_holds_datums_that_caffe_reads(caffe, small_store, tmp_path):
    lmdb = pytest.importorskip("lmdb")
    out = tmp_path / "lmdb"
    export(small_store.path, str(out), "lmdb", seed=2)
    patches, labels = in_order(small_store, "test", 2)
    with lmdb.open(str(out / "test_lmdb"), readonly=True).begin() as transaction:
        entries = list(transaction.cursor())
    assert [key for key, _ in entries] == [
        f"{number:08d}".encode() for number in range(len(patches))
    ]
    for (_, value), patch, label in zip(entries, patches, labels):
        datum = caffe.proto.caffe_pb2.Datum.FromString(value)
        assert (datum.channels, datum.height, datum.width, datum.label) == (3, 48, 48, label)
        assert datum.data == patch.tobytes()


def test_a_datum_by_the_bytes_of_the_protobuf_encoding(caffe, small_store, tmp_path):
    """Fields 1, 2, 3, 5 are varints (tag 8 * number), 4 is of known length (tag 34).

    48 is 0x30; the length 3 * 48 * 48 = 6912 = 54 * 128 is the varint 0x80 0x36.
    """
    lmdb = pytest.importorskip("lmdb")
    export(small_store.path, str(tmp_path / "lmdb"), "lmdb", seed=2)
    patches, labels = in_order(small_store, "test", 2)
    with lmdb.open(str(tmp_path / "lmdb" / "test_lmdb"), readonly=True).begin() as transaction:
        value = transaction.get(b"00000000")
    head = bytes([8, 3, 16, 48, 24, 48, 34, 0x80, 0x36])
    assert value == head + patches[0].tobytes() + bytes([40, labels[0]])


def test_without_lmdb_the_error_names_the_remedy(caffe, small_store, tmp_path, monkeypatch):
    real_import = builtins.__import__

    def without_lmdb(name, *arguments, **keywords):
        if name == "lmdb":
            raise ImportError(name)
        return real_import(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without_lmdb)
    with pytest.raises(EglError, match="--format lmdb: the Python package lmdb is not installed"):
        export(small_store.path, str(tmp_path / "lmdb"), "lmdb")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_left_alone(caffe, small_store, tmp_path):
    with pytest.raises(DataError, match="exists already"):
        export(small_store.path, str(tmp_path), "hdf5")
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_caffe_cannot_read_in_a_list(small_store, tmp_path):
    with pytest.raises(EglError, match="give --out a path without any"):
        export(small_store.path, str(tmp_path / "with blank"), "hdf5")
    assert list(tmp_path.iterdir()) == []


def test_a_seed_out_of_range(small_store, tmp_path):
    with pytest.raises(EglError, match="--seed 4294967296"):
        export(small_store.path, str(tmp_path / "x"), "hdf5", seed=2**32)


def test_a_full_disk_leaves_nothing(caffe, small_store, tmp_path, monkeypatch):
    def full(descriptor, start, size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DataError, match="x: cannot be written .No space left"):
        export(small_store.path, str(tmp_path / "x"), "hdf5")
    assert list(tmp_path.iterdir()) == []
