"""Pools of photographs that were never read: rows alone."""

import shutil

import numpy as np
import pytest

from data_prep.field_of_view import to_png
from labelling.index_settings import IndexSettings
from labelling.indexing import index
from labelling.photographs import Found
from labelling.pool import Pool


def found(path, height=20, width=30, **values):
    """Return what reading a photograph could have found, its whole frame the field of view."""
    field = np.ones((height, width), bool)
    values = {"sha256": path, "field_width": float(width), **values}
    return Found(path, 1, 1, height=height, width=width, field_png=to_png(field), **values)


@pytest.fixture(scope="session")
def first_pool(tmp_path_factory):
    """The file that each test's `pool` is a copy of."""
    path = str(tmp_path_factory.mktemp("pool") / "pool.sqlite")
    with Pool(path, create=True) as pool, pool.together():
        for name in ("/a", "/b", "/c"):
            pool.photographs.put(found(name))
    return path


@pytest.fixture
def pool(first_pool, tmp_path):
    """A pool of three usable photographs, /a, /b and /c of ids 1 to 3, 30 x 20 pixels each."""
    with Pool(str(shutil.copy(first_pool, tmp_path / "pool.sqlite"))) as pool:
        yield pool


class Here:
    """An executor that works in this process, at once."""

    def __init__(self):
        self.chunks = []

    def submit(self, work, *arguments):
        self.chunks.append(arguments)
        return Done(work(*arguments))


class Done:
    def __init__(self, value):
        self.result = lambda: value

    def cancel(self):
        pass


@pytest.fixture(scope="session")
def indexed(photographs, tmp_path_factory):
    """The file of a pool of the photographs; tests copy it."""
    path = str(tmp_path_factory.mktemp("indexed") / "pool.sqlite")
    with Pool(path, create=True) as pool:
        index([photographs], pool, IndexSettings(), Here())
    return path


@pytest.fixture
def real_pool(indexed, tmp_path):
    """A pool of the six photographs, ids 1 to 6."""
    with Pool(str(shutil.copy(indexed, tmp_path / "indexed.sqlite"))) as pool:
        yield pool
