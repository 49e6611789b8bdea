import os

import h5py
import numpy as np
import pytest

from data_prep.errors import DataError
from egl.training.export import export


def test_hdf5(small_store, tmp_path):
    out = tmp_path / "hdf5"
    export(small_store.path, str(out), "hdf5", seed=2)
    assert sorted(os.listdir(out)) == sorted(
        f"{split}.{kind}" for split in ("train", "validation", "test") for kind in ("h5", "txt")
    )
    assert (out / "test.txt").read_text() == f"{out / 'test.h5'}\n"
    order = np.random.RandomState([2, 2]).permutation(small_store.samples("train"))
    patches, labels = small_store.read(order)
    with h5py.File(str(out / "train.h5"), "r") as file:
        assert (file["label"][...] == labels).all()
        np.testing.assert_allclose(
            file["data"][...], (patches - small_store.mean.reshape(1, 3, 1, 1)) / 64, atol=1e-5
        )


def test_lmdb_holds_datums_that_caffe_reads(small_store, tmp_path):
    lmdb = pytest.importorskip("lmdb")
    pb2 = pytest.importorskip("caffe.proto.caffe_pb2", reason="no Caffe to read the Datums with")
    out = tmp_path / "lmdb"
    export(small_store.path, str(out), "lmdb", seed=2)
    patches, labels = small_store.read(
        np.random.RandomState([2, 2]).permutation(small_store.samples("test"))
    )
    with lmdb.open(str(out / "test_lmdb"), readonly=True).begin() as transaction:
        entries = list(transaction.cursor())
    assert [key for key, _ in entries] == [
        f"{number:08d}".encode() for number in range(len(patches))
    ]
    for (_, value), patch, label in zip(entries, patches, labels):
        datum = pb2.Datum.FromString(value)
        assert (datum.channels, datum.height, datum.width, datum.label) == (3, 48, 48, label)
        assert datum.data == patch.tobytes()


def test_an_existing_folder_is_left_alone(small_store, tmp_path):
    with pytest.raises(DataError, match="exists already"):
        export(small_store.path, str(tmp_path), "hdf5")
    assert list(tmp_path.iterdir()) == []
