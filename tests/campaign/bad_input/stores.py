"""Stores that are damaged, or of another program: `egl export` opens them first."""

import os

import h5py
import numpy as np

from tests.campaign.bad_input.rows import Row

EXPORT = "export s.h5 --out caffe"
AGAIN = ("s.h5", "egl prepare")


def content(data):
    return lambda inputs: inputs.write("s.h5", data)


def damaged(change):
    """Return what makes a store whose bytes were changed."""
    return lambda inputs: (inputs.store(), inputs.change("s.h5", change))


def without(name):
    return lambda inputs: inputs.store(lambda file: file.__delitem__(name))


def as_(name, values):
    """Return what makes a store with another dataset; values: of the present ones."""

    def change(file):
        present = file[name][...]
        del file[name]
        file[name] = values(present)

    return lambda inputs: inputs.store(change)


def attribute(name, value):
    return lambda inputs: inputs.store(lambda file: file.attrs.__setitem__(name, value))


def no_attribute(name):
    return lambda inputs: inputs.store(lambda file: file.attrs.__delitem__(name))


def random_bytes(data):
    """Damage the first 4000 bytes, where the tables of contents lie."""
    noise = np.random.RandomState(4).bytes(3000)
    return data[:600] + noise + data[3600:]


def other_file(inputs):
    with h5py.File(str(inputs.folder / "s.h5"), "w") as file:
        file["eyes"] = np.zeros(3)


def never_written(inputs):
    """Patches of 700 GB that no byte was written of."""

    def change(file):
        del file["patches"]
        file.create_dataset("patches", (10**8, 3, 48, 48), "u1", chunks=(1, 3, 48, 48))

    inputs.store(change)


def elsewhere(inputs):
    def change(file):
        del file["patches"]
        file["patches"] = h5py.ExternalLink("/etc/passwd", "patches")

    inputs.store(change)


ROWS = [
    Row("absent", EXPORT, ("s.h5", "no such store", "egl prepare")),
    Row("a folder", EXPORT, AGAIN, lambda inputs: os.mkdir(str(inputs.folder / "s.h5"))),
    Row("a pipe", EXPORT, AGAIN, lambda inputs: os.mkfifo(str(inputs.folder / "s.h5"))),
    Row("a link to nowhere", EXPORT, AGAIN,
        lambda inputs: os.symlink("x", str(inputs.folder / "s.h5"))),
    Row("empty", EXPORT, AGAIN, content(b"")),
    Row("text", EXPORT, AGAIN, content("patches")),
    Row("a signature alone", EXPORT, AGAIN, content(b"\x89HDF\r\n\x1a\n")),
    Row("cut to half", EXPORT, AGAIN, damaged(lambda data: data[: len(data) // 2])),
    Row("cut by a byte", EXPORT, AGAIN, damaged(lambda data: data[:-1])),
    Row("random bytes", EXPORT, AGAIN, damaged(random_bytes)),
    Row("zeros", EXPORT, AGAIN, damaged(lambda data: data[:800] + bytes(len(data) - 800))),
    Row("another HDF5 file", EXPORT, AGAIN, other_file),
    Row("format 1", EXPORT, ("format 1", "format 2", *AGAIN), attribute("format", 1)),
    Row("format as text", EXPORT, AGAIN, attribute("format", "2")),
    *(
        Row(f"no attribute {name}", EXPORT, (name, *AGAIN), no_attribute(name))
        for name in ("mean_bgr", "augmented", "samples_train", "n_test", "folder", "exudate_rule")
    ),
    *(
        Row(f"no {name}", EXPORT, AGAIN, without(name))
        for name in ("patches", "labels", "yx", "split", "images/sha256", "field_of_view/png")
    ),
    Row("patches as floats", EXPORT, ("uint8", *AGAIN), as_("patches", lambda p: p / 255)),
    Row("patches not square", EXPORT, ("square", *AGAIN), as_("patches", lambda p: p[..., :40])),
    Row("patches of none", EXPORT, AGAIN, as_("patches", lambda p: p[:0])),
    Row("labels as floats", EXPORT, ("labels", *AGAIN), as_("labels", lambda x: x / 1.0)),
    Row("labels 0 to 2", EXPORT, ("labels", *AGAIN), as_("labels", lambda x: x + 1)),
    Row("one class", EXPORT, ("lacks a class", *AGAIN), as_("labels", lambda x: x * 0)),
    Row("labels too few", EXPORT, AGAIN, as_("labels", lambda x: x[1:])),
    Row("an image below 0", EXPORT, ("not in the table", *AGAIN), as_("image", lambda x: x - 1)),
    Row("a corner below 0", EXPORT, ("outside its image", *AGAIN), as_("yx", lambda x: x - 5000)),
    Row("a split of its own", EXPORT, AGAIN, as_("split", lambda x: x * 0)),
    Row("a patient in two splits", EXPORT, ("two splits", *AGAIN),
        as_("images/patient", lambda names: np.full_like(names, b"p"))),
    Row("a source outside", EXPORT, ("outside the data set", *AGAIN),
        as_("images/source", lambda names: np.full(len(names), b"../x.png"))),
    Row("names in Latin-1", EXPORT, ("UTF-8", *AGAIN),
        as_("images/id", lambda names: np.array([b"\xe9%d" % n for n in range(len(names))]))),
    Row("sizes as text", EXPORT, ("images/height", *AGAIN),
        as_("images/height", lambda sizes: np.array([b"%d" % size for size in sizes]))),
    Row("mean NaN", EXPORT, ("mean_bgr", *AGAIN), attribute("mean_bgr", [np.nan, 1, 2])),
    Row("mean infinite", EXPORT, ("mean_bgr", *AGAIN), attribute("mean_bgr", [np.inf, 1, 2])),
    Row("mean of one channel", EXPORT, ("mean_bgr", *AGAIN), attribute("mean_bgr", [1.0])),
    Row("mean as text", EXPORT, ("mean_bgr", *AGAIN), attribute("mean_bgr", "1 2 3")),
    Row("no samples", EXPORT, ("samples_train", *AGAIN), attribute("samples_train", [0, 0])),
    Row("samples below 0", EXPORT, ("samples_test", *AGAIN), attribute("samples_test", [-5, 10])),
    Row("too many samples", EXPORT, ("samples_test", *AGAIN), attribute("samples_test", [9,
        10**6])),
    Row("scale 0", EXPORT, ("scale", *AGAIN), attribute("scale", 0.0)),
    Row("a rule that is none", EXPORT, ("exudate_rule", *AGAIN), attribute("exudate_rule", "edge")),
    Row("another side", EXPORT, ("side", *AGAIN), attribute("side", 32)),
    Row("augmented 2", EXPORT, ("augmented", *AGAIN), attribute("augmented", 2)),
    Row("a threshold as text", EXPORT, ("mask_threshold", *AGAIN), attribute("mask_threshold",
        "a")),
    Row("fields that end nowhere", EXPORT, AGAIN, as_("field_of_view/end", lambda x: x + 10**9)),
    Row("patches of 700 GB", EXPORT, AGAIN, never_written),
    Row("patches in another file", EXPORT, AGAIN, elsewhere),
]  # fmt: skip
