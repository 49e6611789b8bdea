"""`egl train` and `egl select` as they are started: each run is a process of its own."""

from tests.campaign.bad_input.rows import Row

TRAIN = "train {store} --out run --device cpu"
SELECT = "select {store} --out run --device cpu --initial-images 2"


def note(name):
    return lambda inputs: inputs.write(name, "mine")


ROWS = [
    Row("train: no store", "train s.h5 --out a/b/run --device cpu", ("s.h5", "egl prepare")),
    Row("train: a folder of something else", TRAIN, ("run", "is no run folder"), note("run/x.txt")),
    Row("train: a file for the folder", TRAIN, ("run", "give another --out"), note("run")),
    Row("select: k above the pool", SELECT + " --k 5000", ("--k 5000", "give fewer")),
    Row("export into a folder", "export {store} --out run", ("run exists already",), note("run/x")),
    Row("export into a file", "export {store} --out x/y", ("x/y", "cannot be written"), note("x")),
    Row("export without a name", "export {store} --out ''", ("an empty name",)),
]  # fmt: skip
