import dataclasses
import json
from dataclasses import dataclass, replace
from typing import Optional, Tuple

import pytest

from data_prep.errors import DataError
from data_prep.settings import (
    SettingsError,
    as_dict,
    check_ranges,
    describe_range,
    flat,
    from_dict,
    not_known,
    option_of,
    setting,
    type_of,
)


@dataclass(frozen=True)
class Inner:
    rate: float = setting(0.01, "learning rate", above=0)
    momentum: float = setting(0.9, "momentum", low=0, below=1)
    weight_decay: float = setting(0.0, "weight decay", low=0)


@dataclass(frozen=True)
class Outer:
    inner: Inner = Inner()
    seed: int = setting(1, "seed", low=0, high=2**32 - 1)
    rule: str = setting("all", "rule", choices=("all", "lesion", "largest"))
    shuffled: bool = setting(True, "keep the order", option="no-shuffle")
    layers: Tuple[str, ...] = setting((), "layers", option=None)
    first: Optional[int] = setting(None, "first iterations", low=1, kind=int)
    share: float = setting(0.5, "share", kind=lambda value: float(value) / 100)


def field(kind, name):
    return next(field for field in dataclasses.fields(kind) if field.name == name)


def test_the_default_is_the_fields_own():
    assert Outer() == Outer(Inner(0.01, 0.9, 0.0), 1, "all", True, (), None, 0.5)


def test_names_on_the_command_line():
    assert option_of(field(Inner, "weight_decay")) == "--weight-decay"
    assert option_of(field(Outer, "shuffled")) == "--no-shuffle"
    assert option_of(field(Outer, "layers")) is None


def test_types():
    assert type_of(field(Inner, "rate")) is float
    assert type_of(field(Outer, "shuffled")) is bool
    assert type_of(field(Outer, "first")) is int  # the default, None, does not tell it
    assert type_of(field(Outer, "share"))("50") == 0.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Outer(seed=-1), "--seed -1: give a number from 0 to 4294967295"),
        (Outer(seed=2**32), "--seed 4294967296"),
        (Outer(Inner(rate=0)), "--rate 0: give a number above 0"),
        (Outer(Inner(rate=float("nan"))), "--rate nan: give a finite number"),
        (Outer(Inner(weight_decay=float("inf"))), "--weight-decay inf: give a finite number"),
        (Outer(Inner(momentum=1)), "--momentum 1: give a number at least 0 and below 1"),
        (Outer(rule="lesions"), "--rule 'lesions' is not known; did you mean lesion?"),
        (Outer(rule="xyz"), "--rule 'xyz' is not known; give one of all, lesion, largest"),
        (Outer(first=0), "--first 0: give a number at least 1"),
    ],
)
def test_values_out_of_range(settings, message):
    with pytest.raises(SettingsError) as caught:
        check_ranges(settings)
    assert message in str(caught.value)
    assert isinstance(caught.value, DataError)


def test_values_on_the_borders_of_their_range():
    check_ranges(Outer(Inner(1e-300, 0, 0), 2**32 - 1, "largest", False, ("a",), 1))
    check_ranges(Outer(seed=0))


def test_a_range_in_words():
    assert describe_range(field(Outer, "seed")) == "from 0 to 4294967295"
    assert describe_range(field(Inner, "rate")) == "above 0"
    assert describe_range(field(Outer, "rule")) == ""


def test_settings_survive_json():
    settings = Outer(Inner(rate=0.3), 7, "lesion", False, ("conv1", "conv2"), 5)
    values = json.loads(json.dumps(as_dict(replace(settings, share=40))))
    assert values["inner"] == {"rate": 0.3, "momentum": 0.9, "weight_decay": 0.0}
    assert values["layers"] == ["conv1", "conv2"]
    # A setting's own function reads JSON too: 40 percent.
    assert from_dict(Outer, values, "a.json") == replace(settings, share=0.4)


def test_what_is_absent_has_its_default():
    assert from_dict(Outer, {}, "a.json") == Outer()
    assert from_dict(Outer, {"inner": {"rate": 1}}, "a.json") == Outer(Inner(rate=1.0))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sead": 1}, "a.json: setting 'sead' is not known; did you mean seed?"),
        ({"inner": {"ratio": 1}}, "a.json: inner: setting 'ratio' is not known"),
        ({"inner": 5}, "a.json: inner: give an object of settings, not 5"),
        ({"seed": "1"}, "a.json: seed: give a value of type int, not '1'"),
        ({"seed": 1.5}, "a.json: seed: give a value of type int, not 1.5"),
        ({"seed": True}, "a.json: seed: give a value of type int, not True"),
        ({"seed": None}, "a.json: seed: give a value of type int, not None"),
        ({"shuffled": 1}, "a.json: shuffled: give a value of type bool, not 1"),
        ({"layers": "conv1"}, "a.json: layers: give a value of type tuple, not 'conv1'"),
        ({"layers": ["conv1", 2]}, "a.json: layers: give a value of type str, not 2"),
        ({"first": 2.5}, "a.json: first: give a value of type int, not 2.5"),
    ],
)
def test_values_that_do_not_fit(values, message):
    with pytest.raises(SettingsError) as caught:
        from_dict(Outer, values, "a.json")
    assert message in str(caught.value)


def test_null_is_a_value_where_it_is_the_default():
    assert from_dict(Outer, {"first": None}, "a.json") == Outer()


def test_flat_names_are_dotted():
    rows = flat(Outer(seed=3))
    assert rows[:4] == [
        ("inner.rate", 0.01),
        ("inner.momentum", 0.9),
        ("inner.weight_decay", 0.0),
        ("seed", 3),
    ]


def test_a_word_like_no_other_lists_them_all():
    assert not_known("command", "zzz", ("train", "select")) == (
        "command 'zzz' is not known; give one of train, select"
    )
