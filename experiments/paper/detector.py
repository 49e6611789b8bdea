"""The classical baseline that the paper names, a detector after TeleOphta, beside LeNet."""

import os
from typing import Any, Dict, List

import cv2
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments import plots
from experiments.comparison import TestPatches
from experiments.curves import where
from experiments.detector import forest
from experiments.detector.detection import DetectorSettings, detect
from experiments.detector.extraction import ExtractionSettings, extract
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks
from experiments.paper import baseline, masks
from experiments.pictures import outline, read_pictures, show_map, show_photograph

CANDIDATES = "detector-candidates"
DETECTOR, LENET = "detector", "LeNet"
CHOSEN, HALF = "validation patches", "p > 0.5"  # where a threshold comes from
NUMBERS = ["value", "low", "high"]
COLUMNS = ["classifier", "seed", "level", "photographs", "measure", *NUMBERS]
SHOWN = 15  # features
FAINT = 0.02  # candidates with a lower p are not drawn: there are thousands
# The template names these.
SUBSETS, OVERLAP, MEASURES = masks.SUBSETS, masks.OVERLAP, masks.MEASURES
POSITIVE, NEGATIVES = forest.POSITIVE, forest.NEGATIVES


def name(seed: int) -> str:
    """Return the name of a seed's run."""
    return f"detector-seed{seed:02d}"


def tasks(protocol: Protocol) -> Tasks:
    """Return the run that finds all candidates, and for each seed a forest trained on them.

    LeNet's runs are not among them: those of `baseline` and `masks` are read if they are finished.
    """
    result = {CANDIDATES: Task(extract, "all", ExtractionSettings())}
    for seed in protocol.run_seeds(protocol.baseline_seeds):
        settings = DetectorSettings(CANDIDATES, seed)
        result[name(seed)] = Task(detect, "all", settings, needs=(CANDIDATES,))
    return result


def measure(results: Results) -> Tables:
    """Return the tables of the finished seeds; {} without the detector's.

    tested, of the test patches: classifier, seed, rule (where the threshold comes from), measure,
    NUMBERS; scored, of pixels and lesions: classifier, seed, photographs, measure, NUMBERS; lead,
    detector minus LeNet: {measure: NUMBERS}; importances: feature, seed, importance, the most
    important feature first; seeds: {classifier: how many}; training: how many candidates;
    pictures: of the first seed
    """
    wanted = results.protocol.run_seeds(results.protocol.baseline_seeds)
    named = {DETECTOR: name, LENET: baseline.name}
    seeds = {arm: results.seeds(wanted, of_arm) for arm, of_arm in named.items()}
    if not seeds[DETECTOR]:
        return {}
    runs = {seed: name(seed) for seed in seeds[DETECTOR]}
    lenet = {seed: masks.name(seed) for seed in results.seeds(wanted, masks.name)}
    scored = [
        masks.read(results, of_arm, "scores.csv").assign(classifier=arm)
        for arm, of_arm in ((DETECTOR, runs), (LENET, lenet))
        if of_arm
    ]
    first = min(runs)
    return {
        **_tested(results, seeds),
        "scored": where(pd.concat(scored, ignore_index=True), map="p"),
        "importances": _importances(masks.read(results, runs, "importances.csv")),
        "seeds": {arm: len(of_arm) for arm, of_arm in seeds.items()},
        "training": results.metrics(runs[first])["training"],
        "pictures": results.read(runs[first], _pictures),
        "first": first,
    }


def _tested(results: Results, seeds: Dict[str, List[int]]) -> Tables:
    """Return the tables `tested` and `lead`."""
    patches, cases = TestPatches(results.stores["all"]), {}
    for arm, of_arm in seeds.items():
        for seed in of_arm:
            scores = _scores(results, arm, seed, patches.indices)
            cases[arm, seed, CHOSEN] = patches.count(scores, patches.best_threshold(scores))
            if arm == LENET:
                cases[arm, seed, HALF] = patches.count(scores, 0.5)
    tested = [
        (*key, metric, *numbers)
        for key, counted in cases.items()
        for metric, numbers in patches.intervals(counted).items()
    ]
    chosen = {
        arm: [counted for key, counted in cases.items() if (key[0], key[2]) == (arm, CHOSEN)]
        for arm in seeds
    }
    return {
        "tested": pd.DataFrame(tested, columns=["classifier", "seed", "rule", "measure", *NUMBERS]),
        "lead": patches.lead(chosen[DETECTOR], chosen[LENET]) if chosen[LENET] else {},
    }


def _scores(
    results: Results, arm: str, seed: int, patches: Dict[str, np.ndarray]
) -> Dict[str, np.ndarray]:
    """Return {split: the score of each sample}; the detector's is that of its patch."""
    if arm == LENET:
        predictions = results.predictions(baseline.name(seed))
        return {split: predictions[split][-1].astype(float) for split in patches}
    score = results.table(name(seed), "patches.csv").set_index("patch")["score"]
    return {split: score.loc[indices].to_numpy(float) for split, indices in patches.items()}


def _importances(table: pd.DataFrame) -> pd.DataFrame:
    mean = -table.groupby("feature", sort=False)["importance"].mean()
    order = table["feature"].map(mean.rank(method="first"))
    return table.loc[order.sort_values(kind="mergesort").index]


def _pictures(run: str) -> Any:
    return read_pictures(os.path.join(run, "pictures.npz"))


def draw(tables: Tables) -> Figures:
    """Yield two photographs with their candidates, and the most important features."""
    yield "detector-candidates.png", _draw_candidates(tables["pictures"])
    figure, ((axis,),) = plots.panels(width=6.4, height=4.6)
    features = tables["importances"].groupby("feature", sort=False)["importance"]
    means = features.mean()[:SHOWN]
    axis.barh(range(len(means)), means, color=plots.SKY, label="mean")
    for height, feature in enumerate(means.index):
        values, label = features.get_group(feature), "a seed" if height == 0 else None
        axis.plot(values, [height] * len(values), "k.", markersize=5, label=label)
    axis.set_yticks(range(len(means)))
    axis.set_yticklabels([feature.replace("_", " ") for feature in means.index])
    axis.invert_yaxis()
    axis.legend(loc="lower right")
    words = "importance (mean decrease of Gini impurity, all features: 1)"
    plots.finish(axis, "What the forest looks at", words)
    yield "detector-importances.png", figure


def _draw_candidates(pictures: Any) -> Figure:
    aspect = np.divide(*pictures[0]["photograph"].shape[:2])
    figure, axes = plots.panels(2, len(pictures), width=6.6, height=6.2 * aspect + 0.4)
    for (left, right), picture in zip(axes, pictures):
        show_photograph(left, picture, annotated=masks.ANNOTATED)
        left.set_title(f"{left.get_title()}: annotated exudates outlined", fontsize=10)
        outline(right, picture["annotated"], *masks.ANNOTATED)
        grey = cv2.cvtColor(picture["photograph"], cv2.COLOR_BGR2GRAY)
        right.imshow(grey, cmap="gray", vmin=0, vmax=400)
        style = {"cmap": "plasma", "vmin": 0, "vmax": 1, "interpolation": "nearest"}
        p = np.ma.masked_less(picture["p"], FAINT)
        show_map(figure, right, p, "candidates: p(exudate)", **style)
    return figure


def csvs(tables: Tables) -> Csvs:
    """Return all measures, and the importances; a number that there is not is an empty cell."""
    tested = tables["tested"].assign(photographs="")
    tested["level"] = "patches, threshold: " + tested["rule"]
    scored = tables["scored"].assign(level="pixels and lesions")
    table = pd.concat([tested, scored], ignore_index=True)[COLUMNS]
    importances = tables["importances"][["seed", "feature", "importance"]]
    return {
        "detector.csv": table.astype(object).where(table.notna(), ""),
        "detector-importances.csv": importances,
    }
