"""docs/settings.md: every setting, from the dataclasses that define them.   make docs"""

import dataclasses
import inspect
import json
import sys
from typing import Any, Dict, Iterator, List, Type

from data_prep.files import write_text
from data_prep.prepare_settings import PrepareSettings
from data_prep.settings import describe_range, option_of
from egl.selection.settings import RunSettings
from egl.training.settings import FullTrainingSettings
from labelling.index_settings import IndexSettings
from labelling.learn_settings import LearnSettings
from labelling.page.settings import LabelSettings
from labelling.rank_settings import PredictSettings, RankSettings

COMMANDS: Dict[str, Type[Any]] = {
    "index": IndexSettings,
    "rank": RankSettings,
    "predict": PredictSettings,
    "label": LabelSettings,
    "learn": LearnSettings,
    "prepare": PrepareSettings,
    "select": RunSettings,
    "train": FullTrainingSettings,
}
_HEAD = """# Settings

This page is generated from the code by `make docs`. A setting has an option on the command line and
a name in JSON files: `--settings FILE.json` of `egl prepare`, `egl select` and `egl train` takes
a file of settings by their names, for instance the `settings.json` of a run. Options on the command
line override it. Those without an option are in files and in Python only.
"""
_COLUMNS = "| option | name | default | values | meaning |\n|---|---|---|---|---|\n"


def settings_page() -> str:
    """Return docs/settings.md: a table for each dataclass of settings, with its commands."""
    commands: Dict[Type[Any], List[str]] = {}
    for command, kind in COMMANDS.items():
        for part in _parts(kind):
            commands.setdefault(part, []).append(f"egl {command}")
    sections = (_section(part, ", ".join(names)) for part, names in commands.items())
    return "\n".join([_HEAD, *sections])


def _parts(kind: Type[Any]) -> Iterator[Type[Any]]:
    """Yield a dataclass and those inside it."""
    yield kind
    for field in dataclasses.fields(kind):
        if dataclasses.is_dataclass(field.default):
            yield from _parts(type(field.default))


def _section(kind: Type[Any], commands: str) -> str:
    rows = "".join(_row(field) for field in dataclasses.fields(kind) if field.metadata)
    return f"## {commands}: `{kind.__name__}`\n\n{inspect.getdoc(kind)}\n\n{_COLUMNS}{rows}"


def _row(field: "dataclasses.Field[Any]") -> str:
    option, choices, help = option_of(field), field.metadata["choices"], field.metadata["help"]
    switch = isinstance(field.default, bool)
    cells = (
        f"`{option}`" if option else "",
        f"`{field.name}`",
        f"`{json.dumps(field.default)}`",
        ", ".join(f"`{choice}`" for choice in choices) if choices else describe_range(field),
        f"the option sets it to `{json.dumps(not field.default)}`: {help}" if switch else help,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    write_text(sys.argv[1], settings_page())
