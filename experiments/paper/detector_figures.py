"""What the section on the classical detector shows: candidates on photographs, and what the forest looks at."""

import os

import cv2
import numpy as np

from egl.training.run_folder import write_csv
from experiments import plots
from experiments.section import Figure

SHOWN = 15  # features
FAINT = 0.02  # p of candidates that are drawn at least: below it there are thousands


def draw_candidates(results, run, seed):
    """Draw the photographs of a run's pictures.npz; return the Figure."""
    shown = np.load(os.path.join(results.run(run), "pictures.npz"))
    count = sum(key.endswith("_id") for key in shown.files)
    with plots.figure(results.file("detector-candidates.png"), 2, count, width=6.6, height=5.4) as (
        drawing,
        axes,
    ):
        for n, (left, right) in enumerate(axes):
            photograph = shown[f"{n}_photograph"][..., ::-1]
            left.imshow(photograph)
            if (
                shown[f"{n}_annotated"].max() > 127
            ):  # or a lesion of a few pixels is gone in the small picture
                left.contour(shown[f"{n}_annotated"], levels=[127], colors="cyan", linewidths=0.7)
            left.set_title(
                f"{os.path.basename(str(shown[f'{n}_id']))}: annotated exudates outlined",
                fontsize=10,
            )
            grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY)
            right.imshow(grey, cmap="gray", vmin=0, vmax=400)
            heat = right.imshow(
                np.ma.masked_less(shown[f"{n}_p"], FAINT),
                cmap="plasma",
                vmin=0,
                vmax=1,
                interpolation="nearest",
            )
            right.set_title("candidates", fontsize=10)
            drawing.colorbar(heat, cax=right.inset_axes([1.02, 0, 0.03, 1]), label="p(exudate)")
            for axis in (left, right):
                axis.set_axis_off()
    return Figure(
        "detector-candidates.png",
        f"Seed {seed}. The test photographs with the middle and the largest annotated area. Right: candidates with p(exudate) of at least "
        f"{FAINT:.2f}, on the photograph in grey.",
        photographs=True,
    )


def draw_importances(results, runs):
    """Draw the features that matter most; runs: {seed: name}. Return the Figure."""
    values = {}
    for seed, run in runs.items():
        for row in results.text_rows(run, "importances.csv"):
            values.setdefault(row["feature"], {})[seed] = float(row["importance"])
    order = sorted(values, key=lambda feature: -np.mean(list(values[feature].values())))
    rows = [[seed, feature, f"{values[feature][seed]:.6g}"] for feature in order for seed in runs]
    write_csv(results.file("detector-importances.csv"), ("seed", "feature", "importance"), rows)
    with plots.figure(results.file("detector-importances.png"), width=6.4, height=4.6) as (_, axes):
        axis, places = axes[0, 0], np.arange(min(SHOWN, len(order)))
        axis.barh(
            places,
            [np.mean(list(values[feature].values())) for feature in order[:SHOWN]],
            color="tab:blue",
            alpha=0.5,
            label="mean",
        )
        for place, feature in zip(places, order):
            of_seeds = list(values[feature].values())
            axis.plot(
                of_seeds,
                [place] * len(of_seeds),
                "k.",
                markersize=5,
                label="a seed" if place == 0 else None,
            )
        axis.set_yticks(places)
        axis.set_yticklabels([feature.replace("_", " ") for feature in order[:SHOWN]])
        axis.invert_yaxis()
        axis.legend(loc="lower right")
        plots.finish(
            axis,
            "What the forest looks at",
            "importance (mean decrease of Gini impurity, all features: 1)",
        )
    return Figure(
        "detector-importances.png",
        f"The {len(places)} most important of {len(order)} features; experiments/detector/features.py says what each is. Features that "
        "tell the same share their importance.",
    )
