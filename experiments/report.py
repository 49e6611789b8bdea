"""The report: one HTML file with everything in it, drawn from the CSVs of the runs."""
import base64
import os
import platform
from datetime import datetime, timezone

import jinja2
import numpy as np

from data_prep import __version__
from data_prep.prepare import summary
from egl.caffe_runtime import blas_description
from egl.run_folder import read_metrics
from experiments import fig2

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report.html.j2")


def write_report(out, store, protocol, failed, seconds):
    """Write out/report.html with out/fig2.csv and out/fig2.png; return its path.

    failed: messages of arms that did not finish; seconds: of this run of the command.
    """
    arms = os.path.join(out, "fig2")
    finished = [name for name in fig2.arms(protocol) if os.path.exists(os.path.join(arms, name, "metrics.json"))]
    curves, iterations = fig2.collect(arms, finished)
    figures, rows = {}, []
    if curves:
        initial = protocol.selection.selection.initial_iterations
        fig2.write_csv(os.path.join(out, "fig2.csv"), curves, iterations)
        fig2.draw(os.path.join(out, "fig2.png"), curves, iterations, initial)
        rows = fig2.table(curves, iterations)
        figures["fig2"] = _embedded(os.path.join(out, "fig2.png"))
    sheet = os.path.join(out, "patches.png")
    if os.path.exists(sheet):
        figures["patches"] = _embedded(sheet)
    with open(TEMPLATE, encoding="utf-8") as file:
        template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(file.read())
    html = template.render(
        about=[*about(seconds), ("all runs together", _core_minutes([os.path.join(arms, name) for name in finished]))],
        data=summary(store),
        dataset=store.attributes["dataset"],
        licence=store.attributes["licence"],
        protocol=protocol.name,
        settings=_flat(protocol.selection.as_dict()),
        seeds=len(curves["egl"]["f_measure"]) if curves else 0,
        seeds_wanted=protocol.seeds,
        collapsed=fig2.collapsed(curves) if curves else {},
        rows=[(row[0],) + tuple(_cell(*pair) for pair in row[1:]) for row in rows],
        figures=figures,
        failed=failed,
    )
    path = os.path.join(out, "report.html")
    with open(path + ".writing", "w", encoding="utf-8") as file:
        file.write(html)
    os.replace(path + ".writing", path)
    return path


def about(seconds):
    """Return what a reader must know of a run: (name, value) pairs of version, commit, time and machine."""
    return [
        ("version", "{}, commit {}".format(__version__, os.environ.get("EGL_COMMIT") or "unknown")),
        ("finished", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("last start of the command took", "{:.0f} min {:.0f} s; what was there already was not made again".format(*divmod(seconds, 60))),
        ("machine", f"{_processor()}, {len(os.sched_getaffinity(0))} cores for this process"),
        ("Python, numpy", f"{platform.python_version()}, {np.__version__}"),
        ("BLAS", ", ".join("{library} {version} with {kernels} kernels, one thread a run".format(**pool) for pool in blas_description())),
    ]


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _core_minutes(paths):
    """Return how long these finished runs took, added up over every start of the command."""
    seconds = sum(read_metrics(path)["seconds"] for path in paths)
    return f"{seconds / 60:.0f} core minutes in {len(paths)} arms"


def _embedded(path):
    with open(path, "rb") as file:
        return "data:image/png;base64," + base64.b64encode(file.read()).decode("ascii")


def _cell(mean, half):
    """Return a mean and its half width as text."""
    return f"{mean:.3f}" if np.isnan(half) else f"{mean:.3f} ± {half:.3f}"


def _flat(settings, prefix=""):
    """Return nested settings as a list of (dotted name, value)."""
    rows = []
    for name, value in settings.items():
        rows.extend(_flat(value, prefix + name + ".") if isinstance(value, dict) else [(prefix + name, value)])
    return rows
