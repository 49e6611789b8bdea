"""Calls from Python that need no Caffe: an error of ours, whatever is given."""

import os
from dataclasses import replace
from pathlib import Path

import egl
from data_prep import phantom, readers
from data_prep.contact_sheet import write_contact_sheet
from data_prep.decoding import read_image
from data_prep.files import write_json, write_text
from data_prep.masks import read_mask
from data_prep.normalisation import Normalisation
from data_prep.prepare import prepare
from data_prep.prepare_settings import PrepareSettings
from data_prep.settings import from_dict
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.gradient_length.cores import CoreSlots
from egl.training.run_files import read_predictions, read_rounds, read_table
from egl.training.snapshots import weights_at
from tests.campaign.bad_input.rows import Row

TINY = PrepareSettings(n_train=8, n_validation=8, n_test=8, side=16)


def call(name, do, *says, make=lambda inputs: None):
    return Row(name, do, says, make)


def changed_mask(inputs):
    data = inputs.data()
    prepare(str(data), str(inputs.folder / "s.h5"), TINY, progress=False)
    inputs.change("data/masks/1.png", lambda content: (data / "masks/2.png").read_bytes() + b"x")


def annotated(inputs):
    store = PatchStore(str(inputs.folder / "s.h5"))
    return StoredPhotographs(store).annotated(1)


ROWS = [
    call("prepare: no folder", lambda inputs: prepare("none", "s.h5"), "none", "no such folder"),
    call("prepare: a number for the folder", lambda inputs: prepare(3, "s.h5"), "3"),
    call("prepare: None for the folder", lambda inputs: prepare(None, "s.h5"), "None"),
    call("prepare: None for the store", lambda inputs: prepare("data", None), "None",
         make=lambda inputs: inputs.data()),
    call("prepare: NUL in the store", lambda inputs: prepare("data", "s\0.h5"), "must be a path",
         make=lambda inputs: inputs.data()),
    call("prepare: a seed of text", lambda inputs: prepare("data", "s.h5", replace(TINY, seed="1")),
         "--seed", make=lambda inputs: inputs.data()),
    call("prepare: a seed of 1.5", lambda inputs: prepare("data", "s.h5", replace(TINY, seed=1.5)),
         "--seed", make=lambda inputs: inputs.data()),
    call("prepare: a side of None", lambda inputs: prepare("data", "s.h5", replace(TINY,
        side=None)),
         "--side", make=lambda inputs: inputs.data()),
    call("prepare: fractions of None",
         lambda inputs: prepare("data", "s.h5", replace(TINY, fractions=None)), "fractions",
         make=lambda inputs: inputs.data()),
    call("prepare: settings None", lambda inputs: prepare("data", "s.h5", None), "settings",
         make=lambda inputs: inputs.data()),
    call("prepare: pathlib", lambda inputs: prepare(Path("none"), Path("s.h5")), "no such folder"),
    call("readers.read: None", lambda inputs: readers.read(None), "None"),
    call("read_image: none", lambda inputs: read_image("none.png"), "none.png", "cannot be read"),
    call("read_image: a folder", lambda inputs: read_image("."), "a folder"),
    call("read_mask: none", lambda inputs: read_mask("none.png"), "none.png"),
    call("read_mask: none of HEI-MED", lambda inputs: read_mask("none.GND"), "none.GND"),
    call("PatchStore: none", lambda inputs: PatchStore("none.h5"), "none.h5", "egl prepare"),
    call("PatchStore: None", lambda inputs: PatchStore(None), "None"),
    call("PatchStore: pathlib", lambda inputs: PatchStore(Path("none.h5")), "none.h5"),
    call("StoredPhotographs: elsewhere", lambda inputs: StoredPhotographs(
        PatchStore(inputs.filled("{store}")), str(inputs.folder)).image(0), "--images"),
    call("StoredPhotographs: a changed mask", annotated, "masks/1.png", "changed since",
         "egl prepare", make=changed_mask),
    call("contact sheet in no folder", lambda inputs: write_contact_sheet(
        PatchStore(inputs.filled("{store}")), "no/sheet.png"), "no/sheet.png", "cannot be written"),
    call("write_text in no folder", lambda inputs: write_text("no/a.txt", "x"), "no/a.txt"),
    call("write_text over a folder", lambda inputs: write_text("a", "x"), "a: cannot be written",
         make=lambda inputs: os.mkdir("a")),
    call("write_json below a file", lambda inputs: write_json("a/b.json", {}), "a/b.json",
         make=lambda inputs: inputs.write("a", "x")),
    call("phantoms: no lesion", lambda inputs: phantom.write_dataset("p", 0, 1, 1), "p",
        "at least"),
    call("phantoms: -1 healthy", lambda inputs: phantom.write_dataset("p", 1, -1, 1), "p"),
    call("phantoms: a seed of 2**32", lambda inputs: phantom.write_dataset("p", 1, 1, 2**32),
        "seed"),
    call("phantoms: half a photograph", lambda inputs: phantom.write_dataset("p", 1.5, 1, 1), "p"),
    call("phantoms: a seed of text", lambda inputs: phantom.write_dataset("p", 1, 1, "1"), "p"),
    call("phantoms: a size of 0", lambda inputs: phantom.write_dataset("p", 1, 1, 1, (0, 9)),
         "at least"),
    call("settings from a list", lambda inputs: from_dict(PrepareSettings, [1], "x"), "x"),
    call("scaling unknown", lambda inputs: Normalisation.of("men", [1, 2, 3]), "'men'"),
    call("strategy unknown", lambda inputs: egl.find_strategy("eggl"), "'eggl'", "egl?"),
    call("strategy None", lambda inputs: egl.find_strategy(None), "None"),
    call("strategy of a missing module", lambda inputs: egl.find_strategy("no:X"), "'no:X'"),
    call("check_strategy: no class", lambda inputs: egl.check_strategy(None), "None"),
    call("check_strategy: an object", lambda inputs: egl.check_strategy(3), "3"),
    call("prototxt unknown", lambda inputs: egl.prototxt_path("alexnet.prototxt"), "alexnet"),
    call("prototxt None", lambda inputs: egl.prototxt_path(None), "None"),
    call("weights of no run", lambda inputs: weights_at("none", 3), "none", "start again"),
    call("weights of no iteration", lambda inputs: egl.weights_at("run", "x"), "x",
         make=lambda inputs: inputs.run()),
    call("cores 0", lambda inputs: CoreSlots("x", 0), "at least 1"),
    call("cores 2.5", lambda inputs: CoreSlots("x", 2.5), "whole number"),
    call("predictions of none", lambda inputs: read_predictions("none"), "none/predictions.h5"),
    call("predictions of text", lambda inputs: read_predictions("."), "predictions.h5",
         make=lambda inputs: inputs.write("predictions.h5", "x")),
    call("predictions damaged", lambda inputs: read_predictions("run"), "predictions.h5",
         make=lambda inputs: (inputs.run(), inputs.change(
             "run/predictions.h5", lambda data: data[:700] + b"\xff" * 900 + data[1600:]))),
    call("rounds of none", lambda inputs: read_rounds("none"), "none/rounds.csv"),
    call("table of none", lambda inputs: read_table("none.csv"), "none.csv"),
    call("select: no store", lambda inputs: egl.select("none.h5", egl.RunSettings(), "run"),
         "none.h5", "egl prepare"),
    call("train: no store", lambda inputs: egl.train("none.h5", egl.FullTrainingSettings(), "run"),
         "none.h5", "egl prepare"),
    call("train: epochs 0",
         lambda inputs: egl.train("none.h5", egl.FullTrainingSettings(epochs=0), "run"),
             "--epochs"),
    call("train: epochs of text",
         lambda inputs: egl.train("none.h5", egl.FullTrainingSettings(epochs="3"), "r"),
             "--epochs"),
    call("train: a rate of None", lambda inputs: egl.train("none.h5", egl.FullTrainingSettings(
        trainer=egl.TrainerSettings(rate=None)), "run"), "--rate"),
    call("train: a batch of 2.5", lambda inputs: egl.train("none.h5", egl.FullTrainingSettings(
        trainer=egl.TrainerSettings(batch=2.5)), "run"), "--batch"),
    call("select: a scaling of 3", lambda inputs: egl.select("none.h5", egl.RunSettings(
        trainer=egl.TrainerSettings(scaling=3)), "run"), "--scaling"),
    call("select: k of True", lambda inputs: egl.select("none.h5", egl.RunSettings(
        selection=egl.SelectionSettings(k=True)), "run"), "--k"),
    call("select: a trainer of None",
         lambda inputs: egl.select("none.h5", egl.RunSettings(trainer=None), "run"), "trainer"),
    call("train: settings of None", lambda inputs: egl.train("none.h5", None, "run"), "settings"),
    call("select: settings of None", lambda inputs: egl.select("none.h5", None, "run"), "settings"),
    call("write_dataset: a size of 9", lambda inputs: phantom.write_dataset("p", 1, 1, 1, (9, 9)),
         "at least 100"),
]  # fmt: skip
