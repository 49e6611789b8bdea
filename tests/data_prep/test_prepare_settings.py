import dataclasses
import json

import pytest

from data_prep.prepare_settings import PrepareSettings, exudate_rule
from data_prep.settings import SettingsError, as_dict, from_dict, option_of


def test_the_defaults_are_the_papers():
    settings = PrepareSettings()
    settings.check()
    assert (settings.n_train, settings.n_validation, settings.n_test) == (8760, 328, 986)
    assert settings.side == 48


def test_names_on_the_command_line():
    options = [option_of(field) for field in dataclasses.fields(PrepareSettings)]
    assert [option for option in options if option] == [
        "--seed",
        "--train",
        "--validation",
        "--test",
        "--no-augmentation",
        "--exudate-rule",
        "--healthy-from",
        "--scale",
        "--mask-threshold",
        "--side",
    ]


@pytest.mark.parametrize(
    ("value", "rule"), [("centre", "centre"), ("0.05", 0.05), (0.05, 0.05), (1, 1.0)]
)
def test_a_rule_from_text_or_json(value, rule):
    assert exudate_rule(value) == rule
    assert type(exudate_rule(value)) is type(rule)


def test_settings_survive_json():
    settings = PrepareSettings(seed=3, exudate_rule=0.05, augmented=False, side=64)
    assert from_dict(PrepareSettings, json.loads(json.dumps(as_dict(settings))), "f") == settings


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_train": 0}, "--train 0: give a number at least 1"),
        ({"n_validation": -2}, "--validation -2"),
        ({"exudate_rule": "some"}, "--exudate-rule some: give centre, any, or a share"),
        ({"exudate_rule": 1.5}, "--exudate-rule 1.5"),
        ({"exudate_rule": 0.0}, "--exudate-rule 0.0"),
        ({"healthy_from": "some"}, "--healthy-from"),
        ({"scale": 0.0}, "--scale 0.0"),
        ({"scale": float("nan")}, "--scale nan"),
        ({"seed": -1}, "--seed -1"),
        ({"side": 7}, "--side 7: give a number at least 8"),
        ({"scale": float(10**300) * 1e300}, "--scale inf"),
        ({"seed": 10**400}, "--seed 1000"),
        ({"fractions": (0.5, 0.5)}, "three shares"),
        ({"fractions": (float("nan"), 0.2, 0.1)}, "fractions nan: give a finite number"),
        ({"fractions": (0.9, 0.2, -0.1)}, "three shares"),
        ({"fractions": (0.5, 0.2, 0.2)}, "three shares"),
    ],
)
def test_values_that_make_no_sense(wrong, message):
    with pytest.raises(SettingsError) as caught:
        dataclasses.replace(PrepareSettings(), **wrong).check()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [{"fractions": [None, 0.2, 0.1]}, {"fractions": ["0.7", 0.2, 0.1]}, {"scale": 10**400},
     {"exudate_rule": 10**400}, {"exudate_rule": [1]}],
)  # fmt: skip
def test_files_with_other_values(wrong):
    with pytest.raises(SettingsError):
        from_dict(PrepareSettings, wrong, "a.json").check()
