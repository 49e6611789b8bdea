"""The readings of the paper: which of its open choices decide whether EGL is ahead (C1)."""

from dataclasses import replace
from functools import partial
from typing import Any, Dict, List, NamedTuple, Tuple

import pandas as pd
from matplotlib.axes import Axes

from egl.selection.settings import RunSettings
from experiments import plots, work
from experiments.analyses.factorial import CHOICES, contrasts, design, effect
from experiments.claims import READINGS, by_interval
from experiments.curves import FEWEST, interval, intervals, paired, scores, where
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks
from experiments.paper import fig2
from experiments.setups import EQUATION, SETUPS
from experiments.tasks import with_selection, with_trainer

RULE = READINGS
ARMS = ("random", "egl", "egl-images")
# EGL's images with its own patches, and with random ones.
LEADS = {"lead": "egl", "lead_images": "egl-images"}


class Choice(NamedTuple):
    """literal, other: its two levels, in words; changes: of the settings' groups, for each."""

    name: str
    literal: str
    other: str
    group: str
    changes: Tuple[Dict[str, Any], Dict[str, Any]]


OPEN_CHOICES = (
    Choice("update", "L' + L_k", "L_k alone", "selection",
           ({"update": "union"}, {"update": "chosen-only"})),
    Choice("image score", "sum", "top 5", "run", ({"score": "sum"}, {"score": "top5"})),
    Choice("initial images", "by lot", "half with exudates", "run",
           ({"initial_draw": "lot"}, {"initial_draw": "half"})),
    Choice("pool", "15% with exudates", "all that there are", "run",
           ({"lesion_share": 0.15}, {"lesion_share": 1.0})),
    Choice("set-up", "calibrated", "the paper's equation", "trainer",
           ({}, SETUPS[EQUATION].trainer)),
    Choice("candidates", "2000", "100", "selection", ({"candidates": 2000}, {"candidates": 100})),
    Choice("copies", "samples", "one a patch", "selection",
           ({"copies": "samples"}, {"copies": "patch"})),
    Choice("k", "32", "16", "selection", ({"k": 32}, {"k": 16})),
)  # fmt: skip
assert len(OPEN_CHOICES) == CHOICES
CELLS = [f"{number:02d}" for number in range(1, len(design()) + 1)]
LITERAL = CELLS[0]  # the cell in which every choice is the literal one
# Version 0.1.0's reading, beside the design: it stands in no cell.
OLD = "old"
OLD_READING: Dict[str, Dict[str, Any]] = {
    "selection": {"update": "chosen-only", "candidates": 400},
    "run": {"initial_draw": "half", "lesion_share": 1.0},
    "trainer": {"scaling": "mean", "factor": 1 / 64, "lr_policy": "fixed", "momentum": 0.9,
                "weight_decay": 0.0005},
}  # fmt: skip
# The same in words, a word for each of OPEN_CHOICES.
OLD_WORDS = ("L_k alone", "sum", "half with exudates", "all that there are", "1/64, momentum",
             "400", "samples", "32")  # fmt: skip


def name(cell: str, arm: str, seed: int) -> str:
    """Return the name of an arm's run in a cell."""
    return f"readings-{cell}-{arm}-seed{seed:02d}"


def levels(cell: str) -> Tuple[int, ...]:
    """Return the level of each choice in a cell of the design: 0, literal, or 1."""
    return tuple((1 + design()[CELLS.index(cell)]) // 2)


def settings(cell: str, base: RunSettings) -> RunSettings:
    """Return the settings of a cell's runs."""
    groups: Dict[str, Dict[str, Any]] = {"selection": {}, "run": {}, "trainer": {}}
    if cell == OLD:
        groups.update(OLD_READING)
    else:
        for choice, level in zip(OPEN_CHOICES, levels(cell)):
            groups[choice.group].update(choice.changes[level])
    changed = with_trainer(with_selection(base, **groups["selection"]), **groups["trainer"])
    return replace(changed, **groups["run"])


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs: in each cell and seed, the arms begin with the same images and batches."""
    result = {}
    base = replace(protocol.images, evaluate_every=protocol.readings_every)
    for cell in (*CELLS, OLD):
        of_cell = settings(cell, base)
        for seed in protocol.run_seeds(protocol.readings_seeds):
            for arm in ARMS:
                images, patches = fig2.ARMS[arm]
                of_arm = replace(of_cell, strategy=images, patch_strategy=patches)
                run = with_trainer(of_arm, seed=seed)
                result[name(cell, arm, seed)] = Task(work.select, "all", run)
    return result


def measure(results: Results) -> Tables:
    """Return the tables of the cells in which all arms of a seed are finished.

    pairs: cell, seed, f of each arm (mean F from the first choice on), lead, lead_images, auc_lead,
    broken (arms that ended with one class for all); cells: cell, the choices, seeds, and the
    intervals of pairs; effects and interactions, over the seeds in which every cell is finished:
    response, contrast, effect, half_width, at_literal, at_other, depends, decides
    """
    protocol, tables = results.protocol, []
    seeds, first = protocol.run_seeds(protocol.readings_seeds), protocol.images.initial_iterations
    for cell in (*CELLS, OLD):
        named = {arm: partial(name, cell, arm) for arm in ARMS}
        curves = results.paired_curves(seeds, named)
        if len(curves):
            tables.append(_pairs(curves, first).assign(cell=cell))
    if not tables:
        return {}
    pairs = pd.concat(tables, ignore_index=True)
    cells = intervals(pairs, ["cell"], [*LEADS, "auc_lead", *ARMS])
    cells = cells.merge(pairs.groupby("cell")["broken"].sum().reset_index(), on="cell")
    cells["effect"] = [by_interval(*row) for row in zip(cells["lead"], cells["lead_half_width"])]
    effects = _effects(pairs)
    return {
        "pairs": pairs,
        "cells": cells.sort_values("lead", ascending=False, ignore_index=True),
        "effects": effects[effects["main"]],
        "interactions": effects[~effects["main"]],
        "rare": _rare(pairs),
        "first": first,
        "last": protocol.images.selection.iterations,
    }


def _pairs(curves: pd.DataFrame, first: int) -> pd.DataFrame:
    of_runs = scores(curves, start=first)
    f, broken = paired(of_runs, "mean_f"), paired(of_runs, "broken")
    late = curves[curves["iteration"] >= first]
    auc = late.groupby(["seed", "arm"])["auc"].mean().unstack("arm")
    table = f[list(ARMS)].assign(broken=broken[list(ARMS)].astype(int).sum(axis=1))
    for lead, arm in LEADS.items():
        table[lead] = f[arm] - f["random"]
    return table.assign(auc_lead=auc["egl"] - auc["random"]).reset_index()


def _effects(pairs: pd.DataFrame) -> pd.DataFrame:
    of_design = pairs[pairs["cell"] != OLD]
    rows: List[Dict[str, Any]] = []
    for lead in LEADS:
        # (seeds, cells), without the seeds and cells that are not whole
        table = of_design.pivot(index="seed", columns="cell", values=lead).reindex(columns=CELLS)
        values = table.dropna().to_numpy(float)
        if not len(values):
            continue
        for aliases, signs in contrasts([choice.name for choice in OPEN_CHOICES]).items():
            main, of_seeds = len(aliases) == 1, effect(signs, values)
            mean, half = interval(of_seeds, CHOICES)
            at = [values[:, signs == level].mean(axis=1) for level in (-1, 1)]
            depends = bool(abs(mean) > half)
            opposite = at[0].mean() * at[1].mean() < 0
            off_zero = all(abs(side.mean()) > interval(side)[1] for side in at)
            rows.append({
                "response": lead, "contrast": ", ".join(aliases), "main": main,
                "seeds": len(values), "effect": mean, "half_width": half,
                "at_literal": at[0].mean(), "at_other": at[1].mean(), "depends": depends,
                "decides": bool(depends and opposite and off_zero),
            })  # fmt: skip
    columns = ["response", "contrast", "main", "seeds", "effect", "half_width", "at_literal",
               "at_other", "depends", "decides"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"main": bool})


def _rare(pairs: pd.DataFrame) -> Dict[str, float]:
    """Return the mean lead where lesions are rare at the start and in the pool, and where not."""
    numbers = [choice.name for choice in OPEN_CHOICES]
    places = numbers.index("initial images"), numbers.index("pool")
    found = {}
    for word, level in (("rare", 0), ("common", 1)):
        cells = [cell for cell in CELLS if all(levels(cell)[place] == level for place in places)]
        found[word] = float(pairs[pairs["cell"].isin(cells)]["lead"].mean())
    return found


def draw(tables: Tables) -> Figures:
    """Yield the specification curve (every cell, sorted, above what it chose) and the effects."""
    cells = tables["cells"]
    figure, axes = plots.panels(
        1, 2, width=10, height=3.6, sharex=True, gridspec_kw={"height_ratios": (1.2, 1)}
    )
    _draw_cells(axes[0, 0], tables["pairs"], list(cells["cell"]))
    _draw_choices(axes[1, 0], list(cells["cell"]))
    yield "readings.png", figure
    if len(tables["effects"]):
        figure, axes = plots.panels(len(LEADS), width=6, height=4, sharey=True)
        for axis, lead in zip(axes[0], LEADS):
            of_lead = where(tables["effects"], response=lead)
            for row, (_, values) in enumerate(of_lead.iterrows()):
                axis.errorbar(
                    values["effect"], row, xerr=values["half_width"], fmt="o", capsize=3,
                    color="black" if values["depends"] else "0.6",
                )  # fmt: skip
            labels = [
                f"{choice.name}: {choice.literal} → {choice.other}" for choice in OPEN_CHOICES
            ]
            plots.name_rows(axis, labels)
            plots.finish(axis, f"{plots.label(LEADS[lead])} − random", "effect on the lead in F")
        yield "readings-effects.png", figure


def _draw_cells(axis: Axes, pairs: pd.DataFrame, order: List[str]) -> None:
    for lead, colour, shift in (("lead", "black", -0.1), ("lead_images", "0.6", 0.1)):
        for place, cell in enumerate(order):
            values = where(pairs, cell=cell)[lead]
            mean, half = interval(values)
            label = f"{plots.label(LEADS[lead])} − random" if not place else None
            error = half if len(values) >= FEWEST else None
            axis.errorbar(
                place + shift, mean, yerr=error, fmt="o", capsize=2, color=colour, label=label
            )
    shaded = False
    for place, cell in enumerate(order):
        if where(pairs, cell=cell)["broken"].any():
            words = "an arm broke down" if not shaded else None
            axis.axvspan(place - 0.5, place + 0.5, color="0.92", label=words)
            shaded = True
    axis.axhline(0, color="0.3", linewidth=0.8)
    axis.legend(fontsize=8)
    plots.finish(axis, "", "", "lead in mean F")


def _draw_choices(axis: Axes, order: List[str]) -> None:
    names = [choice.name for choice in OPEN_CHOICES]
    for place, cell in enumerate(order):
        if cell == OLD:
            axis.text(place, len(names) / 2, "version 0.1.0", rotation=90, ha="center", va="center")
            continue
        for row, level in enumerate(levels(cell)):
            face = "black" if level == 0 else "white"
            axis.plot(place, row, marker="o", color="black", markerfacecolor=face)
    axis.set_xticks(range(len(order)))
    axis.set_xticklabels(order, fontsize=8)
    axis.set_yticks(range(len(names)))
    axis.set_yticklabels([f"{choice.name}: {choice.literal}" for choice in OPEN_CHOICES])
    axis.invert_yaxis()
    plots.finish(axis, "", "cell; filled: the literal reading")


def csvs(tables: Tables) -> Csvs:
    """Return every cell and seed, and the effects."""
    effects = pd.concat([tables["effects"], tables["interactions"]])
    return {"readings.csv": tables["pairs"], "readings-effects.csv": effects}
