import json
from dataclasses import dataclass, replace
from typing import Any, Optional, Tuple

import pytest

from data_prep.settings import SettingsError, as_dict, setting
from experiments.commands.options import add_settings, settings_from
from experiments.commands.parsing import CommandParser, UsageError


def share(text):
    try:
        return float(text)
    except ValueError:
        return text


@dataclass(frozen=True)
class Solver:
    rate: float = setting(0.01, "learning rate, 1% of one", above=0)


@dataclass(frozen=True)
class Settings:
    solver: Solver = Solver()
    n_train: int = setting(8, "samples", low=1, option="train", metavar="N")
    by: str = setting("image", "what to choose", choices=("image", "patch"))
    augmented: bool = setting(True, "no symmetries", option="no-augmentation")
    fast: bool = setting(False, "in a hurry")
    start: Optional[int] = setting(None, "first; not given: 5 or 6", kind=int)
    rule: Any = setting("centre", "a word or a share", kind=share)
    keep: Tuple[int, ...] = setting((), "kept", option=None)


@pytest.fixture
def parsed():
    """parsed(arguments): the settings that these words of a command line give."""
    parser = CommandParser(prog="egl select")
    parser.set_defaults(command="select")
    parser.add_argument("--by-the-way")  # of the command itself
    add_settings(parser, Settings)
    return lambda *arguments: settings_from(parser.parse_args(arguments), Settings)


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        ([], {}),
        (["--train", "3"], {"n_train": 3}),
        (["--rate", "2"], {"solver": Solver(2.0)}),
        (["--by", "patch"], {"by": "patch"}),
        (["--no-augmentation"], {"augmented": False}),
        (["--fast"], {"fast": True}),
        (["--start", "4"], {"start": 4}),
        (["--rule", "any"], {"rule": "any"}),
        (["--rule", "0.05"], {"rule": 0.05}),
    ],
)
def test_options_change_the_defaults(parsed, arguments, changes):
    assert parsed(*arguments) == replace(Settings(), **changes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--keep", "3"], "select: option '--keep' is not known"),
        (["--train", "many"], "select: --train: 'many' is not a whole number"),
        (["--train", "1.5"], "select: --train: '1.5' is not a whole number"),
        (["--rate", "fast"], "select: --rate: 'fast' is not a number"),
        (["--start"], "select: --start: expected one argument"),
    ],
)
def test_a_word_that_is_no_setting(parsed, arguments, message):
    with pytest.raises(UsageError) as error:
        parsed(*arguments)
    assert str(error.value).startswith(message)


def test_help_shows_groups_ranges_choices_and_defaults(capsys):
    parser = CommandParser(prog="egl select")
    add_settings(parser, Settings)
    text = " ".join(parser.format_help().split())
    assert "--train N samples (at least 1; default: 8)" in text
    assert "--by {image,patch} what to choose (default: image)" in text
    assert "--start START first; not given: 5 or 6 --rule" in text
    assert "solver: --rate RATE learning rate, 1% of one (above 0; default: 0.01)" in text
    assert "--keep" not in text


def test_a_file_of_settings_is_taken_back_and_options_override_it(parsed, tmp_path):
    settings = Settings(Solver(0.5), n_train=3, augmented=False, keep=(2,))
    file = tmp_path / "settings.json"
    about = {"about": {"version": "1"}, "kind": "select", "normalisation": {"factor": 1}}
    file.write_text(json.dumps({**as_dict(settings), **about}))
    assert parsed("--settings", str(file)) == settings
    assert parsed("--rate", "4", "--settings", str(file)) == replace(settings, solver=Solver(4.0))
    file.write_text('{"fast": true}')
    assert parsed("--settings", str(file)) == Settings(fast=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"kind": "train"}', "holds the settings of 'train', not of egl select"),
        ('{"n_tain": 3}', "setting 'n_tain' is not known; did you mean n_train?"),
        ('{"solver": {"rate": "x"}}', "solver: rate: give a value of type float, not 'x'"),
        ('{"fast"', "cannot be read as JSON"),
        ("[1]", "give an object of settings"),
    ],
)
def test_a_file_that_does_not_fit(parsed, tmp_path, text, message):
    file = tmp_path / "settings.json"
    file.write_text(text)
    with pytest.raises(SettingsError) as error:
        parsed("--settings", str(file))
    assert str(error.value).startswith(f"{file}: {message}")
    assert "\n" not in str(error.value)


def test_no_such_file(parsed, tmp_path):
    with pytest.raises(SettingsError, match="none.json: cannot be read"):
        parsed("--settings", str(tmp_path / "none.json"))
