import os
import pickle
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.store import PatchStore
from data_prep.stored_patches import StoredPatches, stored_patches

VALUES = np.random.RandomState(0).randint(256, size=(10, 3, 4, 4)).astype(np.uint8)


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "file.h5")
    with h5py.File(path, "w") as file:
        file["before"] = np.arange(100)
        file["patches"] = VALUES
        file.create_dataset("compressed", data=VALUES, chunks=(2, 3, 4, 4), compression="gzip")
        file["floats"] = VALUES / 255
        file.create_dataset("never written", shape=(4, 2), dtype=np.uint8)
    return path


@pytest.fixture
def patches(path):
    with h5py.File(path, "r") as file:
        return stored_patches(file, "patches")


@pytest.mark.parametrize(
    "chosen",
    [
        3, -1, slice(None), slice(8, 2, -3), slice(5, 5), [], [7], [3, 3, 9, 0, 1, 2, 2, -2],
        np.arange(10) % 3 == 0, np.array([[1, 2], [2, 0]], np.int32), np.int64(4),
    ],
    ids=str,
)  # fmt: skip
def test_it_is_indexed_like_an_array(patches, chosen):
    assert isinstance(patches, StoredPatches)
    wanted = VALUES[np.array(chosen, int) if isinstance(chosen, list) else chosen]
    found = patches[chosen]
    assert found.dtype == np.uint8 and found.shape == wanted.shape
    np.testing.assert_array_equal(found, wanted)


def test_what_is_outside_is_an_error(patches):
    for chosen in (10, -11, [0, 10]):
        with pytest.raises(IndexError, match="of 10"):
            patches[chosen]
    assert (len(patches), patches.shape, patches.ndim) == (10, (10, 3, 4, 4), 4)
    np.testing.assert_array_equal(np.asarray(patches), VALUES)


def test_neighbours_are_read_together_and_nothing_else_is(patches, monkeypatch):
    read = []
    preadv = os.preadv

    def counted(file, buffers, position):
        read.append(len(buffers[0]))
        return preadv(file, buffers, position)

    monkeypatch.setattr(os, "preadv", counted)
    patches[[5, 2, 3, 5, 4, 9]]
    assert read == [4 * 48, 48]


def test_the_file_may_be_replaced_and_the_object_pickled(patches, path):
    again = pickle.loads(pickle.dumps(patches))
    os.remove(path)
    np.testing.assert_array_equal(patches[4:6], VALUES[4:6])
    np.testing.assert_array_equal(again[4:6], VALUES[4:6])


def test_what_is_stored_in_another_way_is_read_at_once(path):
    with h5py.File(path, "r") as file:
        for name, values in (("compressed", VALUES), ("floats", VALUES / 255)):
            found = stored_patches(file, name)
            assert isinstance(found, np.ndarray)
            np.testing.assert_array_equal(found, values)
        assert not stored_patches(file, "never written").any()


def test_a_file_that_is_cut_short_says_so(patches, path):
    with open(path, "r+b") as file:
        file.truncate(patches._offset + 9 * 48 + 5)
    with pytest.raises(DataError, match=r"file\.h5: was cut short"):
        patches[[1, 9]]
    np.testing.assert_array_equal(patches[[8]], VALUES[[8]])
    with pytest.raises(DataError, match=r"file\.h5: ends before"):
        pickle.loads(pickle.dumps(patches))


def enlarge(source, path, times):
    """Write a store with every patch `times` times; all but the last are black: a file with holes.

    Each image keeps its patches together.
    """
    shutil.copy(source, path)
    with h5py.File(path, "r+") as file:
        patches = file["patches"]
        shape, last = (len(patches) * times, *patches.shape[1:]), patches[-1]
        for name in ("labels", "image", "yx", "split"):
            values = file[name][...]
            del file[name]
            file[name] = np.repeat(values, times, axis=0)
        del file["patches"]
        file.create_dataset("patches", shape, np.uint8)[-1] = last
        file.attrs["samples_train"] = [times * n for n in file.attrs["samples_train"]]


def test_training_on_a_store_takes_no_memory_for_it(caffe, small_store, tmp_path):
    """A child that may have 256 MB beyond what it has once Caffe runs, and a store of 1.1 GB."""
    path = str(tmp_path / "large.h5")
    times = int(1.1e9) // PatchStore(small_store.path).patches[:].nbytes
    enlarge(small_store.path, path, times)
    code = (
        "import resource, sys; sys.path[:] = sys.argv[4:]\n"
        "from egl.training.full_training import train\n"
        "from egl.training.settings import FullTrainingSettings, TrainerSettings\n"
        "settings = FullTrainingSettings(TrainerSettings(batch=16), stop_early=False,\n"
        "                                iterations=2, evaluate_every=1)\n"
        "train(sys.argv[1], settings, sys.argv[3] + '-warm')\n"
        "with open('/proc/self/statm') as file:\n"
        "    now = int(file.read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (now + 2**28,) * 2)\n"
        "train(sys.argv[2], settings, sys.argv[3])\n"
    )
    command = [sys.executable, "-c", code, small_store.path, path, str(tmp_path / "run")]
    subprocess.run([*command, *sys.path], check=True)
    assert os.path.getsize(path) > 2**30 and (tmp_path / "run" / "metrics.json").is_file()
