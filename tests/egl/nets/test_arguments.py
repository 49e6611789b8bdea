"""What callers pass, and the errors for what they should not."""

import pathlib

import numpy as np
import pytest

from egl.errors import NetError
from egl.nets.arguments import check_array, path_of, whole_number


@pytest.mark.parametrize("value", [8, 8.0, np.int64(8), np.float32(8), np.array(8)])
def test_whole_numbers(value):
    found = whole_number(value, "stride")
    assert found == 8 and type(found) is int


@pytest.mark.parametrize(
    "value, named",
    [
        (8.5, "8.5"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ("8", "'8'"),
        (None, "None"),
        (True, "True"),
        ([8], "a list"),
        (np.zeros(3), "a ndarray"),
    ],
)
def test_what_is_no_whole_number(value, named):
    with pytest.raises(NetError, match=f"^stride must be a whole number, not {named}$"):
        whole_number(value, "stride")


@pytest.mark.parametrize("value", ["a/b", b"a/b", pathlib.Path("a/b")])
def test_paths(value):
    assert path_of(value, "the net") == "a/b"


@pytest.mark.parametrize("value", [None, 3, ["a"], "", "a\0b", np.zeros(2)])
def test_what_is_no_path(value):
    with pytest.raises(NetError, match="^the net must be a path, not "):
        path_of(value, "the net")


@pytest.mark.parametrize("value", [None, [1, 2], "abc"])
def test_what_is_no_array(value):
    with pytest.raises(NetError, match="^patches must be an array "):
        check_array(value, "patches")
    check_array(np.zeros(2), "patches")
