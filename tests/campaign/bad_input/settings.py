"""--settings: a file that is none, or holds what no setting can be."""

import json
import os

from tests.campaign.bad_input.rows import Row

TRAIN = "train {store} --out run --device cpu --settings s.json"
SELECT = "select {store} --out run --device cpu --settings s.json"
PREPARE = "prepare data --out s.h5 --settings s.json"


def holds(text):
    return lambda inputs: inputs.write("s.json", text)


def says(value):
    return holds(json.dumps(value))


def trainer(**settings):
    return says({"trainer": settings})


ROWS = [
    Row("absent", TRAIN, ("s.json", "check that the file exists")),
    Row("a folder", TRAIN, ("s.json",), lambda inputs: os.mkdir(str(inputs.folder / "s.json"))),
    Row("a pipe", TRAIN, ("s.json",), lambda inputs: os.mkfifo(str(inputs.folder / "s.json"))),
    Row("empty", TRAIN, ("s.json", "JSON"), holds("")),
    Row("cut", TRAIN, ("s.json", "JSON"), holds('{"epochs": 3')),
    Row("UTF-16", TRAIN, ("s.json", "JSON"), holds('{"epochs": 3}'.encode("utf-16"))),
    Row("NUL", TRAIN, ("s.json", "JSON"), holds("\0\0\0")),
    Row("brackets without end", TRAIN, ("s.json", "JSON"), holds("[" * 100000)),
    Row("a list", TRAIN, ("s.json", "an object of settings"), says([1])),
    Row("null", TRAIN, ("s.json", "an object of settings"), says(None)),
    Row("an unknown name", TRAIN, ("s.json", "'epoch'", "did you mean epochs"), says({"epoch": 3})),
    Row("text for a number", TRAIN, ("s.json", "epochs", "type int"), says({"epochs": "3"})),
    Row("true for a number", TRAIN, ("s.json", "epochs", "type int"), says({"epochs": True})),
    Row("half an epoch", TRAIN, ("s.json", "epochs", "type int"), says({"epochs": 2.5})),
    Row("null for a number", TRAIN, ("s.json", "epochs", "type int"), says({"epochs": None})),
    Row("1 for true", TRAIN, ("s.json", "stop_early", "type bool"), says({"stop_early": 1})),
    Row("a number of 400 digits", TRAIN, ("rate",), trainer(rate=10**400)),
    Row("a seed of 400 digits", TRAIN, ("--seed",), trainer(seed=10**400)),
    Row("NaN", TRAIN, ("--rate nan", "finite"), holds('{"trainer": {"rate": NaN}}')),
    Row("infinity", TRAIN, ("finite",), holds('{"trainer": {"weight_decay": 1e999}}')),
    Row("a number for a group", TRAIN, ("s.json", "trainer", "object"), says({"trainer": 3})),
    Row("a list for a word", TRAIN, ("s.json", "solver", "type str"), trainer(solver=["x"])),
    Row("an unknown word", TRAIN, ("scaling", "'men'", "did you mean mean"),
        trainer(scaling="men")),
    Row("a device that is none", "train {store} --out run --settings s.json", ("device 'x'",),
        trainer(device="x")),
    Row("weights kept at words", TRAIN, ("keep_weights",), says({"keep_weights": ["a"]})),
    Row("weights kept at a number", TRAIN, ("keep_weights",), says({"keep_weights": 3})),
    Row("early stopping between epochs", TRAIN, ("evaluate_every", "stop_early"),
        says({"evaluate_every": 3})),
    Row("of another command", TRAIN, ("s.json", "'select'", "egl train"), says({"kind": "select"})),
    Row("a kind that is a list", TRAIN, ("s.json",), says({"kind": ["train"]})),
    Row("a strategy that is null", SELECT, ("s.json", "strategy"), says({"strategy": None})),
    Row("a strategy that is unknown", SELECT, ("'eggl'",), says({"strategy": "eggl"})),
    Row("k as text", SELECT, ("s.json", "k"), says({"selection": {"k": "many"}})),
    Row("a line break in a name", SELECT, ("s.json",), says({"a\nb": 1})),
    Row("a lone surrogate", SELECT, ("s.json",), holds('{"\\ud800": 1}')),
    Row("a rule that is a list", PREPARE, ("exudate", "centre"), says({"exudate_rule": [1]})),
    Row("a rule that is NaN", PREPARE, ("exudate",), holds('{"exudate_rule": NaN}')),
    Row("fractions that are words", PREPARE, ("fractions",), says({"fractions": ["a", "b", "c"]})),
    Row("two fractions", PREPARE, ("fractions", "three shares"), says({"fractions": [0.5, 0.5]})),
    Row("fractions below 0", PREPARE, ("fractions", "above 0"), says({"fractions": [1.5, -1,
        0.5]})),
    Row("fractions NaN", PREPARE, ("fractions",), holds('{"fractions": [NaN, NaN, NaN]}')),
    Row("a source of another type", PREPARE, ("s.json", "healthy_from"),
        says({"healthy_from": {}})),
]  # fmt: skip
