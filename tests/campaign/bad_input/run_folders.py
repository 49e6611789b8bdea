"""Folders of runs and of reproductions: what compare and report read of them."""

import json
import os
import shutil

from data_prep.settings import as_dict
from experiments.reproduce import Request
from tests.campaign.bad_input.rows import Row

COMPARE = "compare a b --out out"
RERUN = "start again"


def two(change=lambda inputs: None, **settings):
    """Return what makes two runs of two strategies, the second changed; settings: of the second."""

    def make(inputs):
        inputs.run("a")
        inputs.run("b", **{"strategy": "random", **settings})
        change(inputs)

    return make


def content(name, data):
    return two(lambda inputs: inputs.write(f"b/{name}", data))


def gone(name):
    return two(lambda inputs: os.remove(str(inputs.folder / "b" / name)))


def cut(name, n):
    return two(lambda inputs: inputs.change(f"b/{name}", lambda data: data[:n]))


def other_iterations(inputs):
    inputs.change(
        "b/rounds.csv",
        lambda data: data.replace(b"\n1,", b"\n7,")
        .replace(b"\n2,", b"\n8,")
        .replace(b"\n3,", b"\n9,"),
    )


def request(**changes):
    """Return what makes a folder of egl reproduce that ran nothing; changes: of its request."""

    def make(inputs):
        inputs.write("out/request.json", json.dumps({**as_dict(Request()), **changes}))
        for name in ("store.h5", "store-lesion.h5"):
            shutil.copy(inputs.filled("{store}"), str(inputs.folder / "out" / name))

    return make


def without_store(inputs):
    request()(inputs)
    os.remove(str(inputs.folder / "out" / "store-lesion.h5"))


def damaged_store(inputs):
    request()(inputs)
    inputs.change("out/store.h5", lambda data: data[:5000])


def published(text):
    return lambda inputs: inputs.write("p.csv", text)


HEADER = "batch,metric,strategy,value\n"
PUBLISHED = "reproduce --out out --device cpu --published p.csv"
ROWS = [
    Row("one that is none", COMPARE, ("b", "is no run folder", "egl train"),
        lambda inputs: (inputs.run("a"), os.mkdir(str(inputs.folder / "b")))),
    Row("one that is a file", COMPARE, ("b", "is no run folder"),
        lambda inputs: (inputs.run("a"), inputs.write("b", "x"))),
    Row("an unfinished one", COMPARE, ("b", "not finished", "rerun"), gone("metrics.json")),
    Row("no rounds", COMPARE, ("b", "rounds.csv"), gone("rounds.csv")),
    Row("rounds empty", COMPARE, ("b/rounds.csv", RERUN), content("rounds.csv", "")),
    Row("rounds of a header", COMPARE, ("b/rounds.csv", RERUN), cut("rounds.csv", 108)),
    Row("rounds cut", COMPARE, ("b/rounds.csv", RERUN), cut("rounds.csv", 130)),
    Row("rounds with NUL", COMPARE, ("b/rounds.csv", RERUN), content("rounds.csv", "\0\n\0\n")),
    Row("rounds in UTF-16", COMPARE, ("b/rounds.csv", RERUN),
        content("rounds.csv", "1,2".encode("utf-16"))),
    Row("rounds of words", COMPARE, ("b/rounds.csv", RERUN),
        content("rounds.csv", "iteration\n" + ",".join(["x"] * 11))),
    Row("rounds a folder", COMPARE, ("b/rounds.csv",), two(lambda inputs: (
        os.remove("b/rounds.csv"), os.mkdir("b/rounds.csv")))),
    Row("metrics {}", COMPARE, ("b",), content("metrics.json", "{}")),
    Row("metrics a list", COMPARE, ("b/metrics.json", RERUN), content("metrics.json", "[]")),
    Row("metrics cut", COMPARE, ("b/metrics.json", RERUN), cut("metrics.json", 30)),
    Row("metrics in Latin-1", COMPARE, ("b/metrics.json", RERUN), content("metrics.json",
        b'"\xe9"')),
    Row("settings cut", COMPARE, ("b/settings.json", RERUN), cut("settings.json", 30)),
    Row("settings {}", COMPARE, ("b", "no run of egl train"), content("settings.json", "{}")),
    Row("settings with a trainer of 3", COMPARE, ("b",), content("settings.json",
        '{"trainer": 3}')),
    Row("settings with a store of 3", COMPARE, ("b",), two(about={"store": 3})),
    Row("settings about 3", COMPARE, ("b",), two(about=3)),
    Row("a seed of words", COMPARE, ("no seed is in every arm",), two(trainer={"seed": "x",
        "rate": 0.01})),
    Row("another store", COMPARE, ("store",), two(about={"store": {"dataset": "other eyes"}})),
    Row("no seed in common", COMPARE, ("no seed is in every arm", "--seed"),
        two(trainer={"seed": 2, "rate": 0.01})),
    Row("no iteration in common", COMPARE, ("iteration",), two(other_iterations)),
    Row("one run twice", "compare a a --out out", ("a",), two()),
    Row("--out a file", "compare a b --out x", ("x",),
        two(lambda inputs: inputs.write("x", "mine"))),
    Row("--out below a file", "compare a b --out x/y", ("x",),
        two(lambda inputs: inputs.write("x", "mine"))),
    Row("--out empty", "compare a b --out ''", ("--out",), two()),
    Row("report: a list", "report out", ("out/request.json", "give the --out"),
        lambda inputs: inputs.write("out/request.json", "[]")),
    Row("report: cut", "report out", ("out/request.json", "give the --out"),
        lambda inputs: inputs.write("out/request.json", '{"only"')),
    Row("report: an unknown protocol", "report out", ("out",), request(protocol="fast")),
    Row("report: an unknown experiment", "report out", ("fig9",), request(only=["fig9"])),
    Row("report: experiments as numbers", "report out", ("out",), request(only=[1])),
    Row("report: an experiment of nobody", "report out", ("no.such",), request(only=["no.such"])),
    Row("report: strategies as numbers", "report out", ("out",), request(strategies=[1])),
    Row("report: -3 seeds", "report out", ("out",), request(seeds=-3)),
    Row("report: a scale of 0", "report out", ("out",), request(scale=0.0)),
    Row("report: an unknown name", "report out", ("out",), request(sedes=3)),
    Row("report: no store", "report out", ("store-lesion.h5", "egl prepare"), without_store),
    Row("report: a damaged store", "report out", ("store.h5", "egl prepare"), damaged_store),
    Row("report: notes for --markdown", "report out --markdown notes.md", ("notes.md",),
        lambda inputs: (request()(inputs), inputs.write("notes.md", "my notes"))),
    Row("report: --markdown in no folder", "report out --markdown no/r.md", ("no/r.md",),
        request()),
    Row("report: published of words", "report out --published p.csv", ("p.csv, line 2",),
        lambda inputs: (request()(inputs), published(HEADER + "1,f_measure,egl,half\n")(inputs))),
    Row("published: empty", PUBLISHED, ("p.csv", "is empty"), published("")),
    Row("published: a decimal comma", PUBLISHED, ("p.csv, line 2",),
        published(HEADER + "1,f_measure,egl,0,5\n")),
    Row("published: another metric", PUBLISHED, ("p.csv, line 2", "f_measure"),
        published(HEADER + "1,F,egl,0.5\n")),
    Row("published: a value of 5", PUBLISHED, ("p.csv, line 2", "from 0 to 1"),
        published(HEADER + "1,f_measure,egl,5\n")),
    Row("published: NaN", PUBLISHED, ("p.csv, line 2",),
        published(HEADER + "1,f_measure,egl,nan\n")),
    Row("published: a row too short", PUBLISHED, ("p.csv, line 2",), published(HEADER + "1\n")),
    Row("published: NUL", PUBLISHED, ("p.csv",), published(HEADER + "\0\n")),
    Row("published: Latin-1", PUBLISHED, ("p.csv",), published(HEADER.encode() + b"\xe9\n")),
    Row("published: a folder", PUBLISHED, ("p.csv",), lambda inputs: os.mkdir("p.csv")),
    Row("published: a pipe", PUBLISHED, ("p.csv",), lambda inputs: os.mkfifo("p.csv")),
]  # fmt: skip
