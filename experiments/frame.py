"""The frame of an experiment: four functions and a template become a section of the report.

An experiment is a module, of this package or of any other, with

    tasks(protocol) -> {name: Task}     what is to be run; the name of a run ends in -seedNN
    measure(results) -> Tables          the finished runs as {name: DataFrame or number}; {} where
    there are none.
                                        Nothing below looks at a run again
    draw(tables) -> {file: Figure}      the figures, by the name of their PNG; a generator of pairs
    will do
    verdict(tables) -> {claim: verdict}  what the tables say about the paper's claims, by the
    claims' rules; may be absent
    seeds(tables) -> int                how many seeds are behind the verdict: without it, none
    csvs(tables) -> {file: DataFrame}   the numbers behind the figures; may be absent

and beside it templates/NAME.md.j2: the words. The template sees the tables by their names, the
`protocol`, the module's own constants as `experiment`, `paired` and `where` of experiments.curves,
and the FILTERS below; experiments.section.read_section says how the text is laid out. `egl
reproduce --only fig2,package.module` runs it with the paper's own.
"""

import os
from types import ModuleType
from typing import Any, Dict, Iterable, Iterator, Optional, Sequence, Tuple

import jinja2
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.files import write_csv
from experiments import plots
from experiments.curves import mean_text, paired, share_text, where
from experiments.protocols import Protocol
from experiments.results import Results
from experiments.section import Section, read_section
from experiments.tasks import Task
from experiments.words import lead, plural

Tasks = Dict[str, Task]
Tables = Dict[str, Any]  # DataFrames by name, and single numbers that the words need
Figures = Iterator[Tuple[str, Figure]]
Verdicts = Dict[str, str]
Csvs = Dict[str, pd.DataFrame]


def listed(items: Iterable[Any]) -> str:
    """Return items as words: 6, 15 and 30."""
    *first, last = map(str, items)
    return f"{', '.join(first)} and {last}" if first else last


def plus_minus(values: Sequence[float], digits: int = 3) -> str:
    """Return the mean ± half of its 95% t-interval, over the seeds whose value is known."""
    return mean_text(pd.Series(values).dropna(), digits)


def share(values: Sequence[float], digits: int = 3) -> str:
    """Return the mean of a measure from 0 to 1 and its interval, over the seeds that are known."""
    return share_text(pd.Series(values).dropna(), digits)


def short(number: float, digits: int = 6) -> str:
    """Return a number with so many significant digits, and never in powers of ten."""
    return f"{number:.0f}" if abs(number) >= 10**digits else f"{number:.{digits}g}"


FILTERS = {
    "pm": plus_minus,  # values of seeds -> 0.015 ± 0.029, of one or two seeds 0.015
    "share": share,  # values of seeds, from 0 to 1 -> 0.812 (0.790 to 0.851)
    "fixed": lambda number, digits=3: f"{number:.{digits}f}",
    "short": short,  # 0.31415 -> 0.314 with 3 digits, 2153.2 -> 2153
    "percent": lambda share, digits=0: f"{share:.{digits}%}",
    "label": plots.label,  # egl -> EGL
    "plural": plural,
    "listed": listed,
    "lead": lead,  # differences of seeds -> a sentence
}


def section(
    module: ModuleType, results: Results, tables: Optional[Tables] = None
) -> Optional[Section]:
    """Return an experiment's Section; None where no run is finished.

    tables: what measure() says, where that is known. Figures and CSVs are written into results.out.
    """
    tables = module.measure(results) if tables is None else tables
    if not tables:
        return None
    figures = dict(module.draw(tables))
    files = module.csvs(tables) if hasattr(module, "csvs") else {}
    verdicts = module.verdict(tables) if hasattr(module, "verdict") else {}
    seeds = module.seeds(tables) if hasattr(module, "seeds") else 0
    found = read_section(words(module, tables, results.protocol), verdicts, list(files), seeds)
    if {figure.file for figure in found.figures} != set(figures):
        raise ValueError(f"{module.__name__}: the template and draw() have different figures")
    for file, figure in figures.items():
        plots.save(figure, results.file(file))
    for file, table in files.items():
        write_table(results.file(file), table)
    return found


def words(module: ModuleType, tables: Tables, protocol: Protocol) -> str:
    """Return an experiment's template, filled in."""
    folder = os.path.join(os.path.dirname(os.path.abspath(str(module.__file__))), "templates")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals.update(paired=paired, where=where, zip=zip)
    template = environment.get_template(module.__name__.rsplit(".", 1)[-1] + ".md.j2")
    return template.render(tables, protocol=protocol, experiment=module)


def write_table(path: str, table: pd.DataFrame) -> None:
    """Write a table as CSV, with six significant digits of a number that is not an integer."""
    columns = [[_cell(value) for value in table[name]] for name in table.columns]
    write_csv(path, list(table.columns), zip(*columns))


def _cell(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)
