"""The report: one HTML file with everything in it, and the same as Markdown."""

import base64
import os
import re
from types import ModuleType
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import jinja2
from markupsafe import Markup, escape

from data_prep.files import write_csv, write_text
from data_prep.settings import flat
from data_prep.summary import summary
from egl.nets.definition import prototxt_path
from egl.training.run_files import read_table
from experiments import plots
from experiments.about import costs, described, scaled, surroundings
from experiments.claims import CLAIMS, DEMONSTRATION, LEAST_SEEDS, Claim, decided
from experiments.frame import FILTERS, Tables, section
from experiments.long_table import long_table, write_long_table
from experiments.pages import NET, write_page
from experiments.paper import FURTHER, NAMES, experiment
from experiments.printed import beside, of_claim
from experiments.results import DamagedRun, Results
from experiments.section import Section, read_section
from experiments.setups import SETUPS

TEMPLATES = os.path.dirname(os.path.abspath(__file__))
NOT_RUN = "not run"
INSIDE = 200_000  # bytes: a CSV of at most so many is inside report.html
# What a damaged file makes of an experiment whose tables were read without a complaint.
_DAMAGE = (KeyError, ValueError, TypeError, IndexError, AttributeError)


class Row(NamedTuple):
    """A claim: what the paper says and prints, what came of it here, and in which section."""

    claim: str
    told: Claim
    printed: str
    verdict: str
    measured: str
    section: str


def write_report(
    results: Results,
    failed: Sequence[str],
    seconds: Optional[float],
    markdown: Optional[str] = None,
    others: Sequence[str] = (),
    setups: Sequence[str] = (),
) -> str:
    """Write report.html and every experiment's figures and CSVs, claims.csv and results.csv.

    A run with a damaged file is left out, and named in the report and in results.damaged.
    failed: messages of runs that did not finish; seconds: the command has taken, None if it has run
    nothing; markdown: a path ending in .md for the same as Markdown, with a folder of that name for
    its CSVs and the figures that show no photographs; others: experiments from outside the package,
    as package.module; setups: further ones whose reports lie in folders of these names. Their
    verdicts stand beside this one's. Returns the report's path.
    """
    modules = {name: experiment(name) for name in dict.fromkeys((*NAMES, *FURTHER, *others))}
    facts = _facts(results, modules)
    found = {
        name: section(modules[name], results, tables) for name, tables in facts["tables"].items()
    }
    sections = {name: part for name, part in found.items() if part}
    store, sheet = results.stores["all"], results.file("store.png")
    synthetic = store.attributes["dataset"] == "phantoms"
    rows = _claims(sections, synthetic)
    written = [(row.claim, row.verdict, row.measured) for row in rows]
    write_csv(results.file("claims.csv"), ("claim", "verdict", "measured"), written)
    content = {
        "sections": sections,
        "claims": rows,
        "demonstrations": [row.claim for row in rows if row.verdict == DEMONSTRATION],
        "least": LEAST_SEEDS,
        "setup": described(results.protocol),
        "elsewhere": [_verdicts_under(setup, results) for setup in setups],
        "long": write_long_table(facts["long"], results.out),
        "numbers": beside(store, results.protocol),
        "about": surroundings(results, facts["commits"], seconds),
        "costs": [cost for cost in facts["costs"] if cost.runs],
        "data": summary(store),
        "synthetic": synthetic,
        "dataset": store.attributes["dataset"],
        "licence": store.attributes["licence"],
        "protocol": results.protocol.name,
        "scaled": scaled(results.protocol),
        "settings": flat(results.protocol),
        "failed": failed,
        "damaged": list(results.damaged.values()),
        "sheet": _embedded(sheet) if os.path.exists(sheet) else None,
    }
    content["chapter"] = _chapter(content)
    path = results.file("report.html")
    html = {
        "picture": lambda figure: _picture(results, figure),
        "linked": lambda file: _linked(results.file(file), file),
        "svg_of": plots.svg_of,
        "net": _embedded(prototxt_path(NET)),
    }
    _render("report.html.j2", path, **html, **content)
    if markdown:
        write_page(results, markdown, content, _render)
    return path


def _facts(results: Results, modules: Mapping[str, ModuleType]) -> Dict[str, Any]:
    """Return {tables, costs, commits, long} of all runs that are whole.

    A run that shows itself as damaged on the way is left out, and all is read again.
    """
    while True:
        try:
            tables = {name: _measured(name, module, results) for name, module in modules.items()}
            of_runs, commits = costs(results, modules)
            long = long_table(results, modules)
            return {"tables": tables, "costs": of_runs, "commits": commits, "long": long}
        except DamagedRun as error:
            results.damage(error)


def _measured(name: str, module: ModuleType, results: Results) -> Tables:
    try:
        tables: Tables = module.measure(results)
        return tables
    except _DAMAGE as error:
        reason = f"{type(error).__name__}: {error}"
        results.damaged[name] = (
            f"experiment {name}: cannot be drawn ({reason}); a file of its runs is damaged: remove "
            "their folders and run egl reproduce again"
        )
        return {}


def _claims(sections: Mapping[str, Section], synthetic: bool) -> List[Row]:
    found: Dict[str, Tuple[str, str, str]] = {}
    for name, part in sections.items():
        for verdict in part.verdicts:
            word = decided(verdict.verdict, verdict.seeds, synthetic)
            found.setdefault(verdict.claim, (word, verdict.measured, name))
    return [
        Row(claim, told, of_claim(claim), *found.get(claim, (NOT_RUN, "", "")))
        for claim, told in CLAIMS.items()
    ]


class Elsewhere(NamedTuple):
    """The verdicts under another set-up: {claim: (verdict, measured)}, and where its report is."""

    title: str
    verdicts: Dict[str, Tuple[str, str]]
    report: str


def _verdicts_under(setup: str, results: Results) -> Elsewhere:
    rows = read_table(results.file(os.path.join(setup, "claims.csv")))
    verdicts = {row["claim"]: (row["verdict"], row["measured"]) for row in rows}
    return Elsewhere(SETUPS[setup].title, verdicts, f"{setup}/report.html")


def _chapter(content: Mapping[str, Any]) -> Section:
    """Return the chapter in the manner of reproducibility reports, filled in."""
    template = _environment("reproducibility.md.j2").get_template("reproducibility.md.j2")
    return read_section(template.render(**content), {}, [])


def _render(template: str, path: str, **content: Any) -> None:
    write_text(path, _environment(template).get_template(template).render(**content))


def _environment(template: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS, bold=_bold)
    return environment


def _bold(text: str) -> Markup:
    """Return Markdown's **words** as HTML, everything else escaped."""
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", str(escape(text))))


def _picture(results: Results, figure: Any) -> str:
    """Return a figure as a data: link: photographs as PNG, a chart as SVG."""
    file = figure.file if figure.photographs else plots.svg_of(figure.file)
    return _embedded(results.file(file))


_TYPES = {".png": "image/png", ".svg": "image/svg+xml", ".csv": "text/csv"}


def _embedded(path: str) -> str:
    kind = _TYPES[os.path.splitext(path)[1]]
    with open(path, "rb") as file:
        return f"data:{kind};base64," + base64.b64encode(file.read()).decode("ascii")


def _linked(path: str, name: str) -> str:
    """Return a link to a CSV that works in a mailed report, where it is small; else to the file."""
    small = name.endswith(".csv") and os.path.getsize(path) <= INSIDE
    return _embedded(path) if small else name
