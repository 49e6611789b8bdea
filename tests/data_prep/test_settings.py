import json
from dataclasses import dataclass, replace
from typing import Any, Optional, Tuple

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
    rate: float = setting(0.5, "speed", above=0, high=1)
    momentum: float = setting(0.0, "inertia", low=0, below=1)


@dataclass(frozen=True)
class Outer:
    inner: Inner = Inner()
    seed: int = setting(1, "of all", low=0, high=9)
    by: str = setting("image", "what", choices=("image", "patch"))
    whole: bool = setting(True, "in parts", option="parts")
    start: Optional[int] = setting(None, "first", low=1, kind=int)
    keep: Tuple[int, ...] = setting((), "kept", option=None)


FIELDS = Outer.__dataclass_fields__


def test_a_setting_s_own_words():
    assert [option_of(field) for field in FIELDS.values()] == [
        None, "--seed", "--by", "--parts", "--start", None,
    ]  # fmt: skip
    assert [type_of(FIELDS[name]) for name in ("seed", "by", "whole", "start", "keep")] == [
        int, str, bool, int, tuple,
    ]  # fmt: skip
    assert describe_range(FIELDS["seed"]) == "from 0 to 9"
    assert describe_range(FIELDS["start"]) == "at least 1"
    assert describe_range(FIELDS["by"]) == ""
    assert describe_range(Inner.__dataclass_fields__["rate"]) == "above 0 and at most 1"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": -1}, "--seed -1: give a number from 0 to 9"),
        ({"seed": 10}, "--seed 10: give a number from 0 to 9"),
        ({"by": "pach"}, "--by 'pach' is not known; did you mean patch?"),
        ({"by": "x"}, "--by 'x' is not known; give one of image, patch"),
        ({"start": 0}, "--start 0: give a number at least 1"),
        ({"inner": Inner(rate=0.0)}, "--rate 0.0: give a number above 0 and at most 1"),
        ({"inner": Inner(rate=1.5)}, "--rate 1.5: give a number above 0 and at most 1"),
        ({"inner": Inner(rate=float("nan"))}, "--rate nan: give a finite number"),
        ({"inner": Inner(momentum=1.0)}, "--momentum 1.0: give a number at least 0 and below 1"),
    ],
)
def test_a_value_out_of_range(changes, message):
    with pytest.raises(SettingsError) as error:
        check_ranges(replace(Outer(), **changes))
    assert str(error.value) == message
    assert isinstance(error.value, DataError)


def test_the_bounds_themselves():
    for settings in (Outer(seed=0, start=1), Outer(seed=9), Outer(inner=Inner(1.0, 0.0))):
        check_ranges(settings)


def test_settings_are_taken_back_from_json():
    settings = Outer(Inner(0.25), 3, "patch", False, 7, (1, 2))
    assert from_dict(Outer, json.loads(json.dumps(as_dict(settings))), "run.json") == settings
    assert from_dict(Outer, {"inner": {"rate": 1}}, "x") == Outer(Inner(1.0))
    assert from_dict(Outer, {"start": None}, "x") == Outer()
    assert isinstance(from_dict(Outer, {"inner": {"rate": 1}}, "x").inner.rate, float)
    assert flat(settings)[:3] == [("inner.rate", 0.25), ("inner.momentum", 0.0), ("seed", 3)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sed": 1}, "run.json: setting 'sed' is not known; did you mean seed?"),
        ({"seed": "1"}, "run.json: seed: give a value of type int, not '1'"),
        ({"seed": 1.0}, "run.json: seed: give a value of type int, not 1.0"),
        ({"seed": True}, "run.json: seed: give a value of type int, not True"),
        ({"seed": None}, "run.json: seed: give a value of type int, not None"),
        ({"start": "7"}, "run.json: start: give a value of type int, not '7'"),
        ({"whole": 1}, "run.json: whole: give a value of type bool, not 1"),
        ({"keep": 5}, "run.json: keep: give a value of type tuple, not 5"),
        ({"inner": 5}, "run.json: inner: give an object of settings, not 5"),
        ({"inner": {"rat": 5}}, "run.json: inner: setting 'rat' is not known; did you mean rate?"),
    ],
)
def test_what_is_no_setting_is_named_with_its_file(values, message):
    with pytest.raises(SettingsError) as error:
        from_dict(Outer, values, "run.json")
    assert str(error.value) == message


def test_a_value_is_made_by_the_setting_s_own_function():
    @dataclass(frozen=True)
    class Rule:
        rule: Any = setting("centre", "a word or a share", kind=lambda value: (value, "made"))

    assert from_dict(Rule, {"rule": 0.5}, "x") == Rule((0.5, "made"))


def test_the_nearest_word():
    assert not_known("", "hdf", ["hdf5", "lmdb"]) == "'hdf' is not known; did you mean hdf5?"
