"""What several test folders share: real images, phantoms, a store of them, and Caffe."""

import os
import shutil
import sys
from pathlib import Path

import pytest

# The processes of pytest-xdist begin with the current folder, whose modules children must not run.
sys.path[:] = filter(None, sys.path)

# The longest files, which come first: what the last of several processes begins should be short.
LONG = ("test_reproduce.py", "test_run.py", "test_command_line.py", "test_workers.py")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.fspath.basename not in LONG)


@pytest.fixture(scope="session")
def real_data():
    """$EGL_DATA, the folder that holds idrid-half/ and idrid-original-sample/."""
    if not os.environ.get("EGL_DATA"):
        pytest.skip("no real images: set EGL_DATA to the folder that holds them")
    folder = Path(os.environ["EGL_DATA"])
    for name in ("idrid-half", "idrid-original-sample"):
        assert (folder / name).is_dir(), f"EGL_DATA is {folder}, which has no folder {name}"
    return folder


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory):
    """A folder of 12 small phantoms, half of them with exudates."""
    from data_prep import phantom

    folder = tmp_path_factory.mktemp("data") / "phantoms"
    phantom.write_dataset(
        str(folder), n_lesion=6, n_healthy=6, seed=5, size=(480, 720), progress=False
    )
    return str(folder)


@pytest.fixture(scope="session")
def photographs(phantoms, tmp_path_factory):
    """A folder of six phantoms, 0.jpg to 5.jpg, the last one enlarged by a half."""
    cv2 = pytest.importorskip("cv2")
    folder = tmp_path_factory.mktemp("photographs")
    found = sorted(
        os.path.join(parent, name)
        for parent, _, names in os.walk(phantoms)
        for name in names
        if name.endswith(".jpg")
    )
    for number, path in enumerate(found[::2]):
        shutil.copy(path, folder / f"{number}.jpg")
    last = cv2.resize(cv2.imread(found[-1]), None, fx=1.5, fy=1.5)
    cv2.imwrite(str(folder / "5.jpg"), last)
    return str(folder)


@pytest.fixture(scope="session")
def small_store(phantoms, tmp_path_factory):
    """A store of the phantoms: 160, 16 and 12 samples per class; 12 is no multiple of 8."""
    from data_prep.prepare import PrepareSettings, prepare

    settings = PrepareSettings(seed=3, n_train=160, n_validation=16, n_test=12)
    return prepare(
        phantoms, str(tmp_path_factory.mktemp("store") / "store.h5"), settings, progress=False
    )[0]


@pytest.fixture(scope="session")
def finished_run(caffe, small_store, tmp_path_factory):
    """The folder of a finished run of egl train: 60 iterations on the small store."""
    from egl.training.full_training import train
    from egl.training.settings import FullTrainingSettings, TrainerSettings

    settings = FullTrainingSettings(TrainerSettings(batch=16), iterations=60, stop_early=False)
    path = str(tmp_path_factory.mktemp("run") / "run")
    train(small_store, settings, path)
    return path


@pytest.fixture(scope="session")
def tiny_model(finished_run, tmp_path_factory):
    """The folder of a model made from the finished run."""
    from egl.training.model_folder import model_of_run, write_model

    path = str(tmp_path_factory.mktemp("model") / "model")
    write_model(model_of_run(finished_run), path)
    return path


@pytest.fixture(scope="session")
def caffe():
    """The module caffe, or a skip that says how to get it."""
    from egl.errors import CaffeMissing
    from egl.nets.runtime import import_caffe

    try:
        return import_caffe()
    except CaffeMissing as error:
        pytest.skip(str(error))
