"""A setting is defined once, as a field of a frozen dataclass with its default, its help and its range.

The command line, --help, settings files, range checks and the table in docs/settings.md all come from these fields.

    @dataclass(frozen=True)
    class TrainerSettings:
        rate: float = setting(0.01, "learning rate", above=0)
"""

import dataclasses
import math
from typing import Any, Dict, List, Optional, Sequence, Tuple, Type, TypeVar

from data_prep.errors import DataError

T = TypeVar("T")


class SettingsError(DataError):
    """A value that a setting cannot have, or a settings file that does not fit. The message names the setting."""


def setting(
    default: Any,
    help: str,
    *,
    choices: Optional[Sequence[str]] = None,
    low: Optional[float] = None,
    above: Optional[float] = None,
    high: Optional[float] = None,
    below: Optional[float] = None,
    option: Optional[str] = "",
    metavar: Optional[str] = None,
    kind: Optional[type] = None,
) -> Any:
    """Return a dataclass field.

    help: one sentence without a full stop; choices: all values there are; low, high: the range, both included; above, below:
    likewise, both excluded; option: the name on the command line, "" for the field's own, None where it has none
    there; kind: the type, where the default, None, does not tell it
    """
    metadata = {
        "help": help,
        "choices": tuple(choices) if choices else None,
        "low": low,
        "above": above,
        "high": high,
        "below": below,
        "option": option,
        "metavar": metavar,
        "kind": kind,
    }
    return dataclasses.field(default=default, metadata=metadata)


class Transition:
    """What NamedTuples offered, until no caller is left."""

    def _replace(self, **changes: Any) -> Any:
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def _asdict(self) -> Dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]


def option_of(field: "dataclasses.Field[Any]") -> Optional[str]:
    """Return the command line's name of a setting, for instance --weight-decay; None where it has none."""
    name = field.metadata.get("option")
    if name is None:
        return None
    return "--" + (name or field.name.replace("_", "-"))


def check_ranges(settings: Any) -> None:
    """Raise SettingsError for a value of a dataclass, or of one inside it, that is out of its range."""
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            check_ranges(value)
        elif field.metadata:
            problem = _problem(value, field.metadata)
            if problem:
                raise SettingsError(f"{option_of(field) or field.name} {value}: {problem}")


def _problem(value: Any, metadata: Any) -> str:
    choices = metadata["choices"]
    if choices and value not in choices:
        return "give one of " + ", ".join(map(str, choices))
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return ""
    if not math.isfinite(value):
        return "give a finite number"
    checks = (
        ("low", lambda limit: value >= limit, "at least"),
        ("above", lambda limit: value > limit, "above"),
        ("high", lambda limit: value <= limit, "at most"),
        ("below", lambda limit: value < limit, "below"),
    )
    limits = [
        (metadata[name], fits, words) for name, fits, words in checks if metadata[name] is not None
    ]
    if all(fits(limit) for limit, fits, _ in limits):
        return ""
    return "give a number " + " and ".join(f"{words} {limit:g}" for limit, _, words in limits)


def as_dict(settings: Any) -> Dict[str, Any]:
    """Return a dataclass and those inside it as nested dicts, tuples as lists: what JSON keeps."""
    return {
        field.name: _plain(getattr(settings, field.name)) for field in dataclasses.fields(settings)
    }


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return as_dict(value)
    return list(value) if isinstance(value, tuple) else value


def from_dict(kind: Type[T], values: Dict[str, Any], where: str) -> T:
    """Return the dataclass `kind` with the values of a dict as `as_dict` makes it; what is absent has its default.

    where: the file, for messages. Raises SettingsError for an unknown name or a value of another type.
    """
    defaults = kind()
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - known)
    if unknown:
        raise SettingsError(
            f"{where}: {unknown[0]!r} is no setting; known are {', '.join(sorted(known))}"
        )
    given = {
        name: _typed(getattr(defaults, name), value, f"{where}: {name}")
        for name, value in values.items()
    }
    return dataclasses.replace(defaults, **given)  # type: ignore[type-var]


def _typed(default: Any, value: Any, where: str) -> Any:
    """Return a JSON value as the type that the default has; None stands for "not given", and takes any."""
    if dataclasses.is_dataclass(default):
        if not isinstance(value, dict):
            raise SettingsError(f"{where}: wanted is an object of settings, not {value!r}")
        return from_dict(type(default), value, where)
    if isinstance(value, list):
        value = tuple(value)
    if default is None or value is None:
        return value
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, type(default)):
        raise SettingsError(f"{where}: wanted is {type(default).__name__}, not {value!r}")
    return value


def flat(settings: Any, prefix: str = "") -> List[Tuple[str, Any]]:
    """Return a dataclass and those inside it as (dotted name, value) pairs."""
    rows: List[Tuple[str, Any]] = []
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            rows.extend(flat(value, f"{prefix}{field.name}."))
        else:
            rows.append((prefix + field.name, value))
    return rows
