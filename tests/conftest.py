"""What several test folders share: where the real images lie."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data():
    """The folder that holds idrid-half/ and idrid-original-sample/: $EGL_DATA, or ../shared/data from the project's root."""
    given = os.environ.get("EGL_DATA")
    folder = Path(given) if given else Path(__file__).resolve().parents[2] / "shared" / "data"
    absent = [
        name for name in ("idrid-half", "idrid-original-sample") if not (folder / name).is_dir()
    ]
    if absent:
        pytest.skip(
            f"no real images: {folder} holds no folder {absent[0]} (EGL_DATA names the folder that does)"
        )
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
def small_store(phantoms, tmp_path_factory):
    """A store of the phantoms: 160, 32 and 36 samples per class; 36 is no multiple of 8."""
    from data_prep.prepare import PrepareSettings, prepare

    settings = PrepareSettings(seed=3, n_train=160, n_validation=32, n_test=36)
    return prepare(
        phantoms, str(tmp_path_factory.mktemp("store") / "store.h5"), settings, progress=False
    )[0]


@pytest.fixture(scope="session")
def caffe():
    """The module caffe, or a skip that says how to get it."""
    from egl.errors import CaffeMissing
    from egl.nets.runtime import import_caffe

    try:
        return import_caffe()
    except CaffeMissing as error:
        pytest.skip(str(error))
