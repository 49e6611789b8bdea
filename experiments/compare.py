"""`egl compare`: any finished runs of egl train and select, their curves paired by seed.

Runs that differ in nothing but the seed are one arm. An arm is called by what its settings differ
in.
"""

import os
from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import pandas as pd
from matplotlib.figure import Figure

from data_prep.outputs import make_folder
from egl.errors import EglError
from egl.training.run_files import read_metrics, read_rounds, read_settings
from experiments import plots
from experiments.curves import (
    grouped,
    intervals,
    joined,
    last,
    mean_text,
    per_run,
    scores,
    stacked,
    where,
)
from experiments.frame import plural, write_table
from experiments.long_table import write_long_table

METRICS = ("f_measure", "sensitivity", "specificity")
COLUMNS = ["mean_f", "last_f", "last_sensitivity", "last_specificity"]
DIFFERENCES = ["mean_f_difference", "last_f_difference"]
SEED = "trainer.seed"
# Settings that change what is kept and watched, and no number.
WITHOUT_EFFECT = ("keep_weights", "evaluate_every", "trainer.device")


@dataclass(frozen=True)
class Run:
    """A finished run.

    settings: dotted name -> value, without the seed; store: what its store was made with
    """

    path: str
    seed: int
    settings: Mapping[str, Any]
    store: Mapping[str, Any]
    rounds: pd.DataFrame
    diverged: bool


def compare(runs: Sequence[str], out: str) -> str:
    """Compare run folders, and return the table as text.

    Leaves in the folder `out`: comparison.csv (the table), results.csv (every evaluation, long; .gz
    where it is large), comparison.png. EglError where a folder is no finished run, the runs are of
    different stores, or the arms have no seed or no iterations in common.
    """
    arms = _arms([_read(path) for path in runs])
    seeds = sorted(set.intersection(*(set(by_seed) for by_seed in arms.values())))
    if not seeds:
        listed = "; ".join(f"{arm}: {', '.join(map(str, arms[arm]))}" for arm in arms)
        raise EglError(f"no seed is in every arm ({listed}); train the missing ones with --seed")
    paired = {arm: {seed: by_seed[seed] for seed in seeds} for arm, by_seed in arms.items()}
    runs_of = {
        arm: {seed: (run.rounds, run.diverged) for seed, run in by_seed.items()}
        for arm, by_seed in paired.items()
    }
    curves = joined(runs_of)
    first_choice = max(
        run.settings.get("selection.initial_iterations") or 0 for run in _all(paired)
    )
    begin, end = _common_range(curves, first_choice)
    reference = "random" if "random" in arms else next(iter(arms))
    table = _scores(_until(curves, end), reference, begin)
    make_folder(out, "--out")
    summary = intervals(table, ["arm"], [*COLUMNS, *DIFFERENCES])
    write_table(os.path.join(out, "comparison.csv"), summary)
    long = curves.melt(["arm", "seed", "iteration"], var_name="metric").assign(experiment="compare")
    write_long_table(long[["experiment", "arm", "seed", "iteration", "metric", "value"]], out)
    plots.save(_draw(curves), os.path.join(out, "comparison.png"))
    listed = ", ".join(map(str, seeds))
    return (
        f"{plural(len(seeds), 'seed')} ({listed}), iterations {begin} to {end}; "
        "± is half of the 95% t-interval over seeds.\n"
        f"Differences are to {plots.label(reference)}, paired by seed.\n\n"
        f"{_text(table, reference)}"
    )


def _read(path: str) -> Run:
    for file, problem in (
        ("settings.json", "is no run folder; give folders of egl train or egl select"),
        ("metrics.json", "is not finished; rerun its command to resume it"),
        ("rounds.csv", "has no rounds.csv; give folders of egl train or egl select"),
    ):
        if not os.path.exists(os.path.join(path, file)):
            raise EglError(f"{path}: {problem}")
    settings = read_settings(path)
    about, trainer = settings.pop("about", None) or {}, settings.get("trainer")
    seed = trainer.get("seed") if isinstance(trainer, dict) else None
    made_with = about.get("store", {}) if isinstance(about, dict) else None
    metrics = read_metrics(path)
    if seed is None or not isinstance(made_with, dict) or "diverged" not in metrics:
        raise EglError(f"{path}: is no run of egl train or egl select; compare needs theirs")
    store = {name: value for name, value in made_with.items() if name not in ("version", "format")}
    settings.pop("normalisation", None)  # it follows from the store and the scaling
    patch_strategy = settings.pop("patch_strategy", "")
    if patch_strategy and patch_strategy != settings["strategy"]:
        settings["strategy"] = f"{settings['strategy']} images, {patch_strategy} patches"
    flat = {
        name: value
        for name, value in _flat(settings).items()
        if name != SEED and name not in WITHOUT_EFFECT
    }
    rounds = pd.DataFrame(read_rounds(path)).astype({"iteration": int})
    return Run(path, seed, flat, store, rounds, bool(metrics["diverged"]))


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Dict[str, Any]:
    flat: Dict[str, Any] = {}
    for name, value in settings.items():
        nested = isinstance(value, dict)
        flat.update(_flat(value, f"{prefix}{name}.") if nested else {prefix + name: value})
    return flat


def _arms(runs: Sequence[Run]) -> Dict[str, Dict[int, Run]]:
    """Return {arm: {seed: run}}, the arms in the order of their first runs."""
    if not runs:
        raise EglError("no runs; give folders of egl train or egl select")
    groups: List[List[Run]] = []
    for run in runs:
        differ = [name for name in run.store if run.store[name] != runs[0].store.get(name)]
        if differ:
            name = differ[0]
            raise EglError(
                f"{run.path}: its store has {name} {run.store[name]}, that of {runs[0].path} "
                f"{runs[0].store.get(name)}; compare runs of one store"
            )
        same = [group for group in groups if group[0].settings == run.settings]
        for other in same[0] if same else ():
            if other.seed == run.seed:
                raise EglError(
                    f"{run.path}: has the settings and the seed of {other.path}; give one of them"
                )
        same[0].append(run) if same else groups.append([run])
    names = _names([group[0].settings for group in groups])
    return {name: {run.seed: run for run in group} for name, group in zip(names, groups)}


def _names(settings: Sequence[Mapping[str, Any]]) -> List[str]:
    """Return what to call arms of these settings: what differs, or the strategy or kind alone."""
    known = sorted({name for of_arm in settings for name in of_arm})
    differ = [
        name
        for name in known
        if len({repr(of_arm[name]) for of_arm in settings if name in of_arm}) > 1
    ]
    names = []
    for of_arm in settings:
        kind = of_arm.get("kind", "run")
        parts = [name for name in differ if name in of_arm and name != "kind"]
        if parts == ["strategy"] or (not parts and kind == "select"):
            names.append(str(of_arm["strategy"]))
        else:
            words = [f"{name.rsplit('.', 1)[-1]}={of_arm[name]}" for name in parts]
            prefix = [str(kind)] if "kind" in differ or not words else []
            names.append(", ".join(prefix + words))
    counted = Counter(names)
    return [f"{name} ({i + 1})" if counted[name] > 1 else name for i, name in enumerate(names)]


def _all(arms: Mapping[str, Mapping[int, Run]]) -> List[Run]:
    return [run for by_seed in arms.values() for run in by_seed.values()]


def _common_range(curves: pd.DataFrame, first_choice: int) -> Tuple[int, int]:
    """Return the iterations from which and to which all arms are evaluated.

    The first is not before the first choice.
    """
    by_arm = curves.groupby("arm")["iteration"]
    begin, end = by_arm.min().max(), by_arm.max().min()
    if begin > end:
        raise EglError(
            f"no iterations in common: one arm begins at {begin}, another ends at {end}; "
            "run them with the same --iterations"
        )
    return int(max(begin, min(first_choice, end))), int(end)


def _until(curves: pd.DataFrame, end: int) -> pd.DataFrame:
    """Return curves up to the iteration `end`.

    Between two evaluations a curve is a straight line.
    """
    tables = []
    for keys, run in grouped(curves, ["arm", "seed"]):
        rounds = run.set_index("iteration").drop(columns=["arm", "seed"])
        whole = rounds.reindex(rounds.index.union(pd.Index([end]))).interpolate(method="index")
        whole = whole[whole.index <= end]
        tables.append(whole.rename_axis("iteration").reset_index().assign(**keys))
    return pd.concat(tables, ignore_index=True)


def _scores(curves: pd.DataFrame, reference: str, start: int) -> pd.DataFrame:
    """Return a row for each run: arm, seed, COLUMNS, DIFFERENCES to the reference's seed."""
    table = scores(curves, start=start).drop(columns=["labels", "broken"])
    ends = per_run(
        curves,
        ["arm", "seed"],
        last_sensitivity=lambda run: last(run, "sensitivity"),
        last_specificity=lambda run: last(run, "specificity"),
    )
    table = table.merge(ends, on=["arm", "seed"])
    others = where(table, arm=reference).set_index("seed")
    for column, difference in zip(("mean_f", "last_f"), DIFFERENCES):
        table[difference] = table[column] - table["seed"].map(others[column])
    return table


def _text(table: pd.DataFrame, reference: str) -> str:
    heads = ["mean F", "last F", "last sensitivity", "last specificity"]
    heads += ["difference in mean F", "in last F"]
    rows = []
    for arm, runs in table.groupby("arm", sort=False):
        cells = [mean_text(runs[column]) for column in [*COLUMNS, *DIFFERENCES]]
        if arm == reference:
            cells[-2:] = ["", ""]
        rows.append([plots.label(arm), *cells])
    return pd.DataFrame(rows, columns=["arm", *heads]).to_string(index=False)


def _draw(curves: pd.DataFrame) -> Figure:
    figure, axes = plots.panels(len(METRICS), width=4.8)
    for axis, metric in zip(axes[0], METRICS):
        for number, (arm, of_arm) in enumerate(curves.groupby("arm", sort=False)):
            iterations, values = stacked(of_arm, metric)
            colour = plots.COLOURS.get(arm, plots.CYCLE[number % 8])
            plots.band(axis, iterations, values, plots.label(arm), colour)
        plots.finish(axis, plots.label(metric), "SGD iterations", ylim=(-0.02, 1.02))
    axes[0, 0].set_ylabel("on the test patches")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=4)
    return figure
