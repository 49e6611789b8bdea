"""The report: one HTML file with everything in it, and the same as Markdown."""

import base64
import os
import platform
import shutil
from datetime import datetime, timezone
from typing import Any, Counter, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import jinja2
import numpy as np

from data_prep import __version__
from data_prep.files import write_csv, write_text
from data_prep.prepare import summary
from data_prep.settings import flat
from egl.nets.runtime import blas_description
from egl.training.run_folder import read_table
from experiments.claims import CLAIMS
from experiments.frame import section
from experiments.long_table import long_table, write_long_table
from experiments.paper import FURTHER, NAMES, experiment
from experiments.protocols import FULL
from experiments.published import read_numbers
from experiments.results import Results
from experiments.section import Section
from experiments.setups import SETUPS

TEMPLATES = os.path.dirname(os.path.abspath(__file__))


def write_report(
    results: Results,
    failed: Sequence[str],
    seconds: Optional[float],
    markdown: Optional[str] = None,
    others: Sequence[str] = (),
    setups: Sequence[str] = (),
) -> str:
    """Write report.html and every experiment's figures and CSVs, claims.csv and results.csv.

    failed: messages of runs that did not finish; seconds: the command has taken, None if it has run
    nothing; markdown: a path ending in .md for the same as Markdown, with a folder of that name for
    its CSVs and the figures that show no photographs; others: experiments from outside the package,
    as package.module; setups: further ones whose reports lie in folders of these names. Their
    verdicts stand beside this one's. Returns the report's path.
    """
    modules = {name: experiment(name) for name in dict.fromkeys((*NAMES, *FURTHER, *others))}
    found = {name: section(module, results) for name, module in modules.items()}
    sections = {name: part for name, part in found.items() if part}
    verdicts: Dict[str, Any] = {}
    for part in sections.values():
        for verdict in part.verdicts:
            verdicts.setdefault(verdict.claim, verdict)
    claims = [(claim, text, verdicts.get(claim)) for claim, text in CLAIMS.items()]
    rows = [
        (claim, verdict.verdict if verdict else "not run", verdict.measured if verdict else "")
        for claim, _, verdict in claims
    ]
    write_csv(results.file("claims.csv"), ("claim", "verdict", "measured"), rows)
    store, sheet = results.stores["all"], results.file("store.png")
    content = {
        "sections": sections,
        "claims": claims,
        "setup": _described(results.protocol),
        "elsewhere": [_verdicts_under(setup, results) for setup in setups],
        "long": write_long_table(long_table(results, modules), results.out),
        "published": read_numbers(),
        "about": _about(results, {name: modules[name] for name in sections}, seconds),
        "data": summary(store),
        "synthetic": store.attributes["dataset"] == "phantoms",
        "dataset": store.attributes["dataset"],
        "licence": store.attributes["licence"],
        "protocol": results.protocol.name,
        "scaled": _scaled(results.protocol),
        "settings": flat(results.protocol),
        "failed": failed,
        "sheet": _embedded(sheet) if os.path.exists(sheet) else None,
    }
    path = results.file("report.html")
    _render("report.html.j2", path, embedded=lambda file: _embedded(results.file(file)), **content)
    if markdown:
        _write_markdown(results, markdown, content)
    return path


class Elsewhere(NamedTuple):
    """The verdicts under another set-up: {claim: (verdict, measured)}, and where its report is."""

    title: str
    verdicts: Dict[str, Tuple[str, str]]
    report: str


def _verdicts_under(setup: str, results: Results) -> Elsewhere:
    rows = read_table(results.file(os.path.join(setup, "claims.csv")))
    verdicts = {row["claim"]: (row["verdict"], row["measured"]) for row in rows}
    return Elsewhere(SETUPS[setup].title, verdicts, f"{setup}/report.html")


def _described(protocol: Any) -> str:
    """Return the set-up of SGD of the runs, in words."""
    trainer = protocol.images.trainer
    scale = f"pixels minus the {'training' if trainer.scaling == 'mean' else 'patch'} mean"
    return (
        f"{SETUPS[protocol.setup].title}: {scale}, times 1/{1 / trainer.factor:.4g}; rate "
        f"{trainer.rate:g}, {trainer.lr_policy}; momentum {trainer.momentum:g}, weight decay "
        f"{trainer.weight_decay:g}"
    )


def _write_markdown(results: Results, path: str, content: Dict[str, Any]) -> None:
    folder = path[: -len(".md")]
    os.makedirs(folder, exist_ok=True)
    sections: List[Section] = list(content["sections"].values())
    files = ["claims.csv", content["long"], *(name for part in sections for name in part.files)]
    figures = [figure for part in sections for figure in part.figures]
    files += [figure.file for figure in figures if not figure.photographs]
    for name in files:
        shutil.copyfile(results.file(name), os.path.join(folder, name))
    _render("results.md.j2", path, folder=os.path.basename(folder), **content)


def _render(template: str, path: str, **content: Any) -> None:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    write_text(path, environment.get_template(template).render(**content))


def _about(
    results: Results, modules: Mapping[str, Any], seconds: Optional[float]
) -> List[Tuple[str, str]]:
    """Return how the results came about: (name, value) pairs."""
    commit = os.environ.get("EGL_COMMIT") or "unknown"
    blas = "{library} {version} with {kernels} kernels, one thread a run"
    pairs = [
        ("version", f"{__version__}, commit {commit}"),
        ("drawn", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("machine", f"{_processor()}, {len(os.sched_getaffinity(0))} cores for this process"),
        ("device", results.protocol.images.trainer.device),
        ("Python, numpy", f"{platform.python_version()}, {np.__version__}"),
        ("BLAS", ", ".join(blas.format(**pool) for pool in blas_description())),
    ]
    if seconds is not None:
        minutes, rest = divmod(seconds, 60)
        words = f"{minutes:.0f} min {rest:.0f} s; what was finished before was not made again"
        pairs.append(("last start of the command took", words))
    seen: Set[str] = set()
    commits: Counter[str] = Counter()
    for name, module in modules.items():
        runs = [run for run in module.tasks(results.protocol) if results.finished(run)]
        metrics = {run: results.metrics(run) for run in runs if run not in seen}
        minutes = sum(of_run["seconds"] for of_run in metrics.values()) / 60
        shared = " beside those above" if seen & set(runs) else ""
        pairs.append((name, f"{len(runs)} runs, {minutes:.0f} core minutes{shared}"))
        commits.update(of_run.get("commit") or "unknown" for of_run in metrics.values())
        seen.update(runs)
    counted = ", ".join(f"{commit} ({n} runs)" for commit, n in sorted(commits.items()))
    return [*pairs, ("the runs' commits", counted)]


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            models = [line for line in file if line.startswith("model name")]
    except OSError:
        models = []
    return models[0].split(":", 1)[1].strip() if models else platform.machine()


def _embedded(path: str) -> str:
    with open(path, "rb") as file:
        return "data:image/png;base64," + base64.b64encode(file.read()).decode("ascii")


def _scaled(protocol: Any) -> List[Tuple[str, Any, Any]]:
    """Return what differs from the paper's own protocol: (name, here, there)."""
    full = dict(flat(FULL))
    return [
        (name, value, full[name])
        for name, value in flat(protocol)
        if name != "name" and value != full[name]
    ]
