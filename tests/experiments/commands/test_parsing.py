import os
import sys

import pytest

from experiments.commands.parsing import (
    CommandParser,
    UsageError,
    modules_from_here,
    number,
    word,
)


@pytest.fixture
def parser():
    parser = CommandParser(prog="egl draw")
    parser.add_argument("store", metavar="STORE.h5")
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=number(int, low=0))
    parser.add_argument("--size", type=number(float))
    parser.add_argument("--format", type=word(("hdf5", "lmdb")))
    return parser


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: STORE.h5, --out"),
        (["s.h5", "--ouz", "x"], "option '--ouz' is not known; did you mean --out?"),
        (["s.h5", "--ouz=x"], "option '--ouz' is not known; did you mean --out?"),
        (["s.h5", "--see", "1", "--out", "x"], "option '--see' is not known; did you mean --seed?"),
        (["s.h5", "--out", "x", "-o"], "option '-o' is not known; give one of -h, --help, --out"),
        (["s.h5", "--out"], "--out: expected one argument"),
        (["s.h5", "t.h5", "--out", "x"], "'t.h5' is one argument too many"),
        (["s.h5", "--out", "x", "--seed", "-1"], "--seed: -1: give a number at least 0"),
        (["s.h5", "--out", "x", "--seed", "one"], "--seed: 'one' is not a whole number"),
        (["s.h5", "--out", "x", "--size", "big"], "--size: 'big' is not a number"),
        (["s.h5", "--out", "x", "--format", "hdf"], "--format: 'hdf' is not known; did you mean h"),
    ],
)
def test_every_error_is_one_line_that_names_the_option(parser, arguments, message):
    with pytest.raises(UsageError) as error:
        parser.parse_args(arguments)
    assert str(error.value).startswith("draw: " + message)
    assert "\n" not in str(error.value)


def test_what_is_right_is_read(parser):
    options = parser.parse_args(
        ["--out", "x", "--seed", "0", "--size", "-1", "--format", "lmdb", "--", "--store.h5"]
    )
    assert (options.out, options.seed, options.size, options.format, options.store) == (
        "x", 0, -1.0, "lmdb", "--store.h5",
    )  # fmt: skip


def test_the_current_folder_is_searched_last_and_only_for_a_named_module(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    modules_from_here(["egl", "badge"])
    assert sys.path == before
    modules_from_here(["egl", "gini:Gini"])
    modules_from_here(["mine.fig9"])
    assert sys.path == [*before, os.getcwd()]
