"""Maps of p(exudate) and phi over whole photographs, thresholded into masks (claim C7)."""

import os
from typing import Any, Dict

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments import plots
from experiments.analyses import lesion_scores, mask_scores
from experiments.analyses.mask_maps import KINDS, MaskSettings, score
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.curves import where
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks, Verdicts
from experiments.paper import baseline
from experiments.pictures import outline, read_pictures, show_map, show_photograph

MEASURES = {
    "pixel_precision": "pixel precision",
    "pixel_recall": "pixel recall",
    "pixel_f": "pixel F",
    "pixel_ap": "pixel AUC-PR",
    "lesion_precision": "lesion precision",
    "lesion_recall": "lesion recall",
    "lesion_f": "lesion F",
}
SUBSETS, OVERLAP, RESAMPLES = mask_scores.SUBSETS, lesion_scores.OVERLAP, mask_scores.RESAMPLES
COLOURS = {"p": plots.BLUE, "phi": plots.VERMILION}
ANNOTATED, CALLED = ("cyan", "-"), ("white", "--")  # outlines: colour and line


def name(seed: int) -> str:
    """Return the name of a seed's run."""
    return f"masks-seed{seed:02d}"


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs of `baseline`, and for each the maps of its last weights."""
    result = baseline.tasks(protocol)
    for seed in protocol.run_seeds(protocol.baseline_seeds):
        run = baseline.name(seed)
        result[name(seed)] = Task(score, "all", MaskSettings(run, protocol.map_stride), (run,))
    return result


def read(results: Results, runs: Dict[int, str], file: str) -> pd.DataFrame:
    """Return a CSV of runs {seed: name} in one table, with the column `seed` in front."""
    tables = [results.table(run, file).assign(seed=seed) for seed, run in runs.items()]
    table = pd.concat(tables, ignore_index=True)
    return table[["seed", *table.columns.drop("seed")]]


def measure(results: Results) -> Tables:
    """Return the tables of the finished seeds.

    scores: seed, map, photographs (of SUBSETS), measure, value, low, high; curves: seed, map,
    threshold, recall, precision; means, of p(exudate) over all test photographs: {measure: value};
    photographs: those of the first seed; wrong: {whether with exudates: regions wrongly called
    exudate by p(exudate)}; trained: metrics.json of each net; pictures: of the first seed
    """
    wanted = results.protocol.run_seeds(results.protocol.baseline_seeds)
    runs = {seed: name(seed) for seed in results.seeds(wanted, name)}
    if not runs:
        return {}
    scores, photographs = read(results, runs, "scores.csv"), read(results, runs, "photographs.csv")
    whole = where(scores, map="p", photographs="all").groupby("measure")["value"]
    test = where(photographs, split="test")
    wrong = (test["p_called"] - test["p_right"]).groupby(test["lesion"]).sum()
    first = min(runs)
    return {
        "scores": scores,
        "curves": read(results, runs, "curves.csv"),
        "means": whole.apply(np.mean).to_dict(),
        "photographs": where(photographs, seed=first),
        "wrong": {lesion: wrong.get(lesion, 0) for lesion in (0, 1)},
        "trained": [results.metrics(baseline.name(seed)) for seed in runs],
        "pictures": results.read(runs[first], _overlays),
        "first": first,
    }


def seeds(tables: Tables) -> int:
    """Return how many seeds are behind the verdict."""
    return int(tables["scores"]["seed"].nunique())


def _overlays(run: str) -> Any:
    return read_pictures(os.path.join(run, "overlays.npz"))


def verdict(tables: Tables) -> Verdicts:
    """Return the verdict on C7."""
    means = tables["means"]
    if means["pixel_ap"] < 10 * means["annotated_share"]:
        return {"C7": NOT_REPRODUCED}
    finds = means["lesion_precision"] >= 0.5 and means["lesion_recall"] >= 0.5
    return {"C7": REPRODUCED if finds else UNDECIDED}


def draw(tables: Tables) -> Figures:
    """Yield three photographs with their maps, and the precision-recall curves."""
    yield "masks-overlays.png", _draw_pictures(tables["pictures"])
    figure, ((axis,),) = plots.panels(width=7.0, height=4.6)
    for kind, label in KINDS.items():
        for seed, line in where(tables["curves"], map=kind).groupby("seed"):
            words = label if seed == tables["first"] else None
            axis.plot(
                line["recall"], line["precision"], color=COLOURS[kind], linewidth=1.2, label=words
            )
            chosen = where(tables["scores"], seed=seed, map=kind, photographs="all")
            chosen = chosen.set_index("measure")["value"]
            axis.plot(chosen["pixel_recall"], chosen["pixel_precision"], "o", color=COLOURS[kind])
    axis.plot([], [], "o", color="0.3", label="threshold from the validation photographs")
    share = {"color": "0.4", "linestyle": "--", "label": "share of annotated pixels"}
    axis.axhline(tables["means"]["annotated_share"], **share)
    highest = _top(tables["curves"]["precision"].max())
    title = "Pixels of all test photographs"
    if highest < 1:
        title += f" (precision up to {highest:g})"
    plots.finish(axis, title, "recall", "precision", (0, highest))
    axis.set_xlim(0, 1)
    axis.legend(loc="upper right")
    yield "masks-curves.png", figure


def _top(precision: float) -> float:
    """Return the end of the axis: 1, or less where all precision is so low that 1 would hide it."""
    return next((top for top in (0.1, 0.2, 0.5) if precision <= 0.8 * top), 1)


def _draw_pictures(pictures: Any) -> Figure:
    rows, columns = pictures[0]["photograph"].shape[:2]
    figure, axes = plots.panels(3, len(pictures), width=4.4, height=4.0 * rows / columns + 0.4)
    for (left, *others), picture in zip(axes, pictures):
        show_photograph(left, picture, annotated=ANNOTATED, called=CALLED)
        for axis, (kind, label) in zip(others, KINDS.items()):
            highest = 1 if kind == "p" else None
            style = {"cmap": "inferno", "vmin": 0, "vmax": highest}
            title = label if kind == "p" else f"{label}; a scale for each photograph"
            show_map(figure, axis, picture[kind].astype(float), title, **style)
            outline(axis, picture["annotated"], *ANNOTATED)
    for (colour, line), words in (
        (ANNOTATED, "annotated by the experts"),
        (CALLED, "called exudate: p(exudate) above the threshold"),
    ):
        axes[0, 0].plot([], [], line, color=colour, label=words)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1)}
    figure.legend(handles, labels, ncol=2, facecolor="0.35", labelcolor="white", **place)
    return figure


def csvs(tables: Tables) -> Csvs:
    """Return the scores and the curves; a number without an interval has empty cells there."""
    scores = tables["scores"].astype({"low": object, "high": object})
    empty = scores[["low", "high"]].isna()
    scores[["low", "high"]] = scores[["low", "high"]].mask(empty, "")
    return {"masks.csv": scores, "masks-curves.csv": tables["curves"]}
