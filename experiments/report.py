"""The report: one HTML file with everything in it, drawn from the CSVs of the runs; and the same as Markdown."""

import base64
import os
import platform
import shutil
from collections import Counter
from datetime import datetime, timezone

import jinja2
import numpy as np

from data_prep import __version__
from data_prep.prepare import summary
from egl.nets.runtime import blas_description
from egl.training.run_folder import open_whole, write_csv
from experiments.claims import CLAIMS
from experiments.frame import section
from experiments.paper import FURTHER, NAMES, experiment
from experiments.protocols import FULL
from experiments.published import read_numbers

TEMPLATES = os.path.dirname(os.path.abspath(__file__))


def write_report(results, failed, seconds, markdown=None):
    """Write report.html, claims.csv and every experiment's figures and CSVs into results.out; return the report's path.

    failed: messages of runs that did not finish; seconds: the command has taken, None if it has run nothing. markdown: a path
    ending in .md for the same as Markdown, with a folder of that name for its CSVs and the figures that show no photographs.
    """
    sections = {name: _section(name, results) for name in NAMES + FURTHER}
    sections = {name: found for name, found in sections.items() if found}
    verdicts = {verdict.claim: verdict for found in sections.values() for verdict in found.verdicts}
    claims = [(claim, *CLAIMS[claim], verdicts.get(claim)) for claim in CLAIMS]
    rows = [
        (claim, verdict.verdict if verdict else "not run", verdict.measured if verdict else "")
        for claim, _, _, verdict in claims
    ]
    write_csv(results.file("claims.csv"), ("claim", "verdict", "measured"), rows)
    store = results.stores["all"]
    content = {
        "sections": sections,
        "claims": claims,
        "published": read_numbers(),
        "about": _about(results, sections, seconds),
        "data": summary(store),
        "synthetic": store.attributes["dataset"] == "phantoms",
        "dataset": store.attributes["dataset"],
        "licence": store.attributes["licence"],
        "protocol": results.protocol.name,
        "scaled": _scaled(results.protocol),
        "settings": _flat(results.protocol._asdict()),
        "failed": failed,
    }
    path = results.file("report.html")
    sheet = results.file("store.png")
    content["sheet"] = _embedded(sheet) if os.path.exists(sheet) else None
    _render("report.html.j2", path, embedded=lambda file: _embedded(results.file(file)), **content)
    if markdown:
        _write_markdown(results, markdown, content)
    return path


def _section(name, results):
    module = experiment(name)
    return section(module, results) if hasattr(module, "measure") else module.section(results)


def _write_markdown(results, path, content):
    folder = path[: -len(".md")]
    os.makedirs(folder, exist_ok=True)
    sections = content["sections"].values()
    files = [name for found in sections for name in found.files]
    files += [
        figure.file for found in sections for figure in found.figures if not figure.photographs
    ]
    for name in ["claims.csv", *files]:
        shutil.copyfile(results.file(name), os.path.join(folder, name))
    _render("results.md.j2", path, folder=os.path.basename(folder), **content)


def _render(template, path, **content):
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    with open_whole(path) as file:
        file.write(environment.get_template(template).render(**content))


def _about(results, sections, seconds):
    """Return what a reader must know of how the results came about: (name, value) pairs."""
    pairs = [
        ("version", "{}, commit {}".format(__version__, os.environ.get("EGL_COMMIT") or "unknown")),
        ("drawn", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("machine", f"{_processor()}, {len(os.sched_getaffinity(0))} cores for this process"),
        ("device", results.protocol.images.trainer.device),
        ("Python, numpy", f"{platform.python_version()}, {np.__version__}"),
        (
            "BLAS",
            ", ".join(
                "{library} {version} with {kernels} kernels, one thread a run".format(**pool)
                for pool in blas_description()
            ),
        ),
    ]
    if seconds is not None:
        minutes, rest = divmod(seconds, 60)
        pairs.append(
            (
                "last start of the command took",
                f"{minutes:.0f} min {rest:.0f} s; what was there already was not made again",
            )
        )
    seen, commits = set(), Counter()
    for name in sections:
        runs = [run for run in experiment(name).tasks(results.protocol) if results.finished(run)]
        minutes = sum(results.metrics(run)["seconds"] for run in runs if run not in seen) / 60
        pairs.append(
            (
                f"{name}",
                f"{len(runs)} runs, {minutes:.0f} core minutes"
                + (" beside those above" if seen & set(runs) else ""),
            )
        )
        commits.update(results.metrics(run).get("commit") or "unknown" for run in set(runs) - seen)
        seen.update(runs)
    pairs.append(
        (
            "the runs' commits",
            ", ".join(f"{commit} ({n} runs)" for commit, n in sorted(commits.items())),
        )
    )
    return pairs


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            names = [
                line.split(":", 1)[1].strip() for line in file if line.startswith("model name")
            ]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _embedded(path):
    with open(path, "rb") as file:
        return "data:image/png;base64," + base64.b64encode(file.read()).decode("ascii")


def _flat(settings, prefix=""):
    """Return nested settings (dicts, NamedTuples) as a list of (dotted name, value)."""
    rows = []
    for name, value in settings.items():
        value = value._asdict() if hasattr(value, "_asdict") else value
        rows.extend(
            _flat(value, prefix + name + ".")
            if isinstance(value, dict)
            else [(prefix + name, value)]
        )
    return rows


def _scaled(protocol):
    """Return what differs from the paper's own protocol: (name, here, there)."""
    full = dict(_flat(FULL._asdict()))
    return [
        (name, value, full[name])
        for name, value in _flat(protocol._asdict())
        if name != "name" and value != full[name]
    ]
