"""Options, help and settings files made from the dataclasses that define the settings.

A new setting is one field of such a dataclass (data_prep.settings.setting); nothing is added here.
"""

import argparse
import dataclasses
import json
import os
from typing import Any, Dict, Type, TypeVar

from data_prep.errors import DataError
from data_prep.settings import SettingsError, describe_range, flat, from_dict, option_of, type_of
from experiments.commands.parsing import number
from experiments.commands.paths import check_input, not_shared, shared_path

T = TypeVar("T")
_DEST = "settings."  # before the dotted name of a setting, apart from a command's other options
# What a run's settings.json says about the run, beside its settings.
_ABOUT = ("about", "kind", "normalisation")


def add_settings(parser: argparse.ArgumentParser, kind: Type[Any]) -> None:
    """Add an option for every setting of a dataclass, those inside it as groups, and --settings."""
    parser.add_argument(
        "--settings",
        metavar="FILE.json",
        type=shared_path,
        help="settings by their names, such as a run's settings.json; options on the command line "
        "override it",
    )
    _add(parser, parser, kind(), _DEST)


def _add(parser: argparse.ArgumentParser, group: Any, defaults: Any, prefix: str) -> None:
    for field in dataclasses.fields(defaults):
        default = getattr(defaults, field.name)
        option = option_of(field)
        if dataclasses.is_dataclass(default):
            inner = parser.add_argument_group(field.name)
            _add(parser, inner, default, f"{prefix}{field.name}.")
        elif option is not None:
            group.add_argument(
                option, dest=prefix + field.name, default=argparse.SUPPRESS, **_how(field, default)
            )


def _how(field: "dataclasses.Field[Any]", default: Any) -> Dict[str, Any]:
    """Return the arguments of add_argument that depend on the setting's type, and its help."""
    text = field.metadata["help"]
    if isinstance(default, bool):
        return {"action": "store_const", "const": not default, "help": text.replace("%", "%%")}
    known = "" if default in (None, "") else f"default: {default}"
    more = "; ".join(filter(None, (describe_range(field), known)))
    choices, kind = field.metadata["choices"], type_of(field)
    values = "{" + ",".join(choices) + "}" if choices else field.name.upper()
    return {
        "type": number(kind) if kind in (int, float) else kind,
        "metavar": field.metadata["metavar"] or values,
        "help": (f"{text} ({more})" if more else text).replace("%", "%%"),
    }


def settings_from(options: argparse.Namespace, kind: Type[T]) -> T:
    """Return the settings that were given: the defaults, then --settings, then the other options.

    They are not checked yet. Raises SettingsError for a file that does not fit.
    """
    settings = kind()
    if options.settings:
        settings = from_file(options.settings, kind, options.command)
    settings = _changed(settings, vars(options), _DEST)
    for name, value in flat(settings):
        reason = not_shared(value) if isinstance(value, str) and os.sep in value else ""
        if reason:
            raise SettingsError(f"{name}: {reason}")
    return settings


def _changed(settings: T, given: Dict[str, Any], prefix: str) -> T:
    changes = {}
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            changes[field.name] = _changed(value, given, f"{prefix}{field.name}.")
        elif prefix + field.name in given:
            changes[field.name] = given[prefix + field.name]
    return dataclasses.replace(settings, **changes)  # type: ignore[type-var]


def from_file(path: str, kind: Type[T], command: str) -> T:
    """Return the settings in a JSON file, such as the settings.json of a run of `command`.

    What the file leaves out has its default. Raises SettingsError, which names the file and the
    key, for a file that is none, a key or a value that is no setting's, and another command's file.
    """
    try:
        check_input(path)
    except DataError as error:
        raise SettingsError(str(error)) from error
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: give an object of settings, like a run's settings.json")
    made_by = values.get("kind", command)
    if made_by != command:
        raise SettingsError(f"{path}: holds the settings of {made_by!r}, not of egl {command}")
    return from_dict(kind, {name: values[name] for name in values if name not in _ABOUT}, path)
