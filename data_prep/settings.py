"""A setting is defined once: a field of a frozen dataclass with its default, help and range.

The command line, --help, settings files, range checks and the table in docs/settings.md all come
from these fields.

    @dataclass(frozen=True)
    class TrainerSettings:
        rate: float = setting(0.01, "learning rate", above=0)
"""

import dataclasses
import math
import numbers
from difflib import get_close_matches
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from data_prep.arguments import described
from data_prep.errors import DataError

T = TypeVar("T")


class SettingsError(DataError):
    """A value that a setting cannot have, or a settings file that does not fit.

    The message names the setting.
    """


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
    kind: Optional[Callable[[Any], Any]] = None,
) -> Any:
    """Return a dataclass field.

    help: one sentence without a full stop
    choices: all valid values
    low, high: the range, both included; above, below: likewise, both excluded
    option: the name on the command line; "" for the field's own, None where it has none there
    metavar: what stands for the value in --help
    kind: the type, or a function that makes the value from text or JSON, where the default's type
        does not tell it
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


def option_of(field: "dataclasses.Field[Any]") -> Optional[str]:
    """Return a setting's name on the command line, such as --weight-decay; None if it has none."""
    name = field.metadata.get("option")
    if name is None:
        return None
    return "--" + (name or field.name.replace("_", "-"))


def type_of(field: "dataclasses.Field[Any]") -> Callable[[Any], Any]:
    """Return the type of a setting, or what makes its value from text or JSON."""
    kind: Optional[Callable[[Any], Any]] = field.metadata.get("kind")
    return kind or type(field.default)


def not_known(what: str, word: Any, known: Iterable[str]) -> str:
    """Return a message about `word`, with the nearest of the `known` words, or else all of them."""
    words = list(known)
    near = get_close_matches(str(word), words, 1)
    hint = f"did you mean {near[0]}?" if near else f"give one of {', '.join(words)}"
    return f"{what} {word!r} is not known; {hint}".lstrip()


def check_ranges(settings: Any) -> None:
    """Raise SettingsError where a value of a dataclass, or of one inside it, cannot be meant.

    It is of another type than the field's, or out of range.
    """
    hints = get_type_hints(type(settings))
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        name = (option_of(field) if field.metadata else None) or field.name
        if not _is_of(value, hints[field.name]):
            wanted = getattr(hints[field.name], "__name__", "") or str(hints[field.name])
            raise SettingsError(
                f"{name} {described(value)}: give a value of type {wanted.replace('typing.', '')}"
            )
        if dataclasses.is_dataclass(value):
            check_ranges(value)
        elif field.metadata:
            _check(field, name, value)


def check_kind(settings: Any, kind: Type[Any]) -> None:
    """Raise SettingsError unless `settings` are of a class of settings."""
    if not isinstance(settings, kind):
        raise SettingsError(f"settings must be a {kind.__name__}, not {described(settings)}")


def _is_of(value: Any, hint: Any) -> bool:
    """Return whether a value is of the type of a field: numpy's numbers too, and True no number."""
    if get_origin(hint) is Union:
        return any(_is_of(value, one) for one in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_is_of(one, get_args(hint)[0]) for one in value)
    if hint in (int, float):
        kind = numbers.Integral if hint is int else numbers.Real
        return isinstance(value, kind) and not isinstance(value, bool)
    return get_origin(hint) is not None or hint is Any or isinstance(value, hint)


def as_float(value: Any) -> float:
    """Return float(value); infinity for whole numbers of more digits than a float holds."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _check(field: "dataclasses.Field[Any]", name: str, value: Any) -> None:
    choices = field.metadata["choices"]
    if choices and value not in choices:
        raise SettingsError(not_known(name, value, choices))
    if isinstance(value, tuple):
        for element in value:
            _check(field, name, element)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingsError(f"{name} {value}: give a finite number")
    fits = {
        "low": lambda limit: value >= limit,
        "above": lambda limit: value > limit,
        "high": lambda limit: value <= limit,
        "below": lambda limit: value < limit,
    }
    if not all(fits[bound](limit) for bound, _, limit in _limits(field)):
        raise SettingsError(f"{name} {value}: give a number {describe_range(field)}")


_BOUNDS = (("low", "at least"), ("above", "above"), ("high", "at most"), ("below", "below"))


def _limits(field: "dataclasses.Field[Any]") -> List[Tuple[str, str, float]]:
    limits = ((bound, words, field.metadata[bound]) for bound, words in _BOUNDS)
    return [(bound, words, limit) for bound, words, limit in limits if limit is not None]


def describe_range(field: "dataclasses.Field[Any]") -> str:
    """Return what a number may be, for instance "at least 0 and below 1"; "" for any."""
    low, high = field.metadata["low"], field.metadata["high"]
    if low is not None and high is not None:
        return f"from {low:.10g} to {high:.10g}"
    return " and ".join(f"{words} {limit:.10g}" for _, words, limit in _limits(field))


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
    """Return the dataclass `kind` with the values of a dict as `as_dict` makes it.

    Absent values have their defaults. where: the file, for messages.
    Raises SettingsError for an unknown name or a value of another type.
    """
    if not isinstance(values, dict):
        raise SettingsError(f"{where}: give an object of settings, not {described(values)}")
    defaults = kind()
    known = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise SettingsError(f"{where}: {not_known('setting', unknown[0], sorted(known))}")
    given = {
        name: _typed(known[name], getattr(defaults, name), value, f"{where}: {name}")
        for name, value in values.items()
    }
    return dataclasses.replace(defaults, **given)  # type: ignore[type-var]


def _typed(field: "dataclasses.Field[Any]", default: Any, value: Any, where: str) -> Any:
    """Return a JSON value as the setting's type; null is one where it is the default."""
    if dataclasses.is_dataclass(default):
        return from_dict(type(default), value, where)
    kind = type_of(field)
    if default is None and value is None:
        return value
    if not isinstance(kind, type):
        return kind(value)
    if kind is tuple and isinstance(value, list):
        element_kind = get_args(field.type)[0]
        return tuple(_of_type(element_kind, element, where) for element in value)
    return _of_type(kind, value, where)


def _of_type(kind: "Type[T]", value: Any, where: str) -> T:
    if kind is float and type(value) is int:
        value = as_float(value)
    if type(value) is not kind:
        raise SettingsError(f"{where}: give a value of type {kind.__name__}, not {value!r}")
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
