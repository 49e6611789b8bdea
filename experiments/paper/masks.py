"""Maps of p(exudate) and of phi over whole photographs, thresholded into masks, against the annotated ones (claim C7)."""

import os

import numpy as np

from egl.training.run_folder import write_csv
from experiments import plots
from experiments.analyses import mask_scores
from experiments.analyses.mask_maps import (
    CURVES,
    KINDS,
    RESAMPLES,
    SCORES,
    SPLITS,
    SUBSETS,
    MaskSettings,
    score,
)
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.paper import baseline
from experiments.section import Figure, Section, Table, Verdict
from experiments.tasks import Task

MEASURES = {
    "pixel_precision": "pixel precision",
    "pixel_recall": "pixel recall",
    "pixel_f": "pixel F",
    "pixel_ap": "pixel AUC-PR",
    "lesion_precision": "lesion precision",
    "lesion_recall": "lesion recall",
    "lesion_f": "lesion F",
}
COLOURS = {"p": "tab:blue", "phi": "tab:green"}
OUTLINES = {
    "annotated": ("annotated", "cyan"),
    "called": ("p(exudate) above the threshold", "black"),
}


def name(seed):
    """Return the name of a seed's run."""
    return f"masks-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: the runs of `baseline`, and for each the maps of its last weights."""
    result = baseline.tasks(protocol)
    for seed in range(1, protocol.baseline_seeds + 1):
        run = baseline.name(seed)
        result[name(seed)] = Task(
            score, "all", MaskSettings(run, protocol.map_stride), needs=(run,)
        )
    return result


def section(results):
    """Return the Section, or None where no seed is finished."""
    asked = range(1, results.protocol.baseline_seeds + 1)
    seeds = results.seeds(asked, name)
    if not seeds:
        return None
    tables = {
        file: {seed: results.text_rows(name(seed), f"{file}.csv") for seed in seeds}
        for file in ("photographs", "scores", "curves")
    }
    for file, kept, header in (
        ("masks.csv", "scores", SCORES),
        ("masks-curves.csv", "curves", CURVES),
    ):
        rows = [[seed, *row.values()] for seed, read in tables[kept].items() for row in read]
        write_csv(results.file(file), ("seed", *header), rows)
    scores = {seed: read_scores(rows) for seed, rows in tables["scores"].items()}
    return Section(
        "Maps as masks",
        [*_text(results, tables["photographs"], scores), f"{len(seeds)} of {len(asked)} seeds."],
        [_draw_overlays(results, seeds[0]), _draw_curves(results, tables["curves"], scores)],
        [_table(scores, subset) for subset in SUBSETS],
        [_verdict(scores)],
        ("masks.csv", "masks-curves.csv"),
    )


def read_scores(rows):
    """Return {(map, photographs, measure): [value, low, high]} of the rows of scores.csv, nan where there is none."""
    return {
        (row["map"], row["photographs"], row["measure"]): [
            float(row[key] or "nan") for key in SCORES[3:]
        ]
        for row in rows
    }


def cells(measured, kind, subset):
    """Return a map's threshold, and its MEASURES of a subset with their intervals, as text; measured: from read_scores."""
    numbers = (
        "{:.3f} [{:.3f}, {:.3f}]".format(*measured[kind, subset, measure]) for measure in MEASURES
    )
    return [f"{measured[kind, 'all', 'threshold'][0]:.4g}", *numbers]


def _mean(scores, *key):
    return float(np.mean([of[key][0] for of in scores.values()]))


def _text(results, photographs, scores):
    trained = [results.metrics(baseline.name(seed)) for seed in scores]
    iterations, diverged = (
        ", ".join(str(each["iterations"]) for each in trained),
        sum(bool(each["diverged"]) for each in trained),
    )
    used = {}
    for split in SPLITS.values():
        lesion = [
            int(row["lesion"]) for row in photographs[min(photographs)] if row["split"] == split
        ]
        used[split] = f"{len(lesion)} {split} photographs ({sum(lesion)} with exudates)"
    rows = [row for of_seed in photographs.values() for row in of_seed if row["split"] == "test"]
    wrong = {
        lesion: sum(
            int(row["p_called"]) - int(row["p_right"]) for row in rows if row["lesion"] == lesion
        )
        for lesion in "01"
    }
    healthy = wrong["0"] / max(sum(wrong.values()), 1)
    return [
        f"Nets trained by plain SGD on all labels, with the last weights that were kept (after {iterations} iterations; in {diverged} of "
        f"{len(trained)} runs training diverged after that), score a patch every {results.protocol.map_stride} pixels of each photograph.",
        "A patch's p(exudate) and phi belong to its centre pixel; between centres they are interpolated. For each net and map, the "
        f"threshold is the one of the highest pixel F on the {used['validation']}. All else is measured inside the field of view of the "
        f"{used['test']}: {_mean(scores, 'p', 'all', 'annotated_share'):.2%} of their pixels are annotated.",
        "Lesions are the 8-connected regions of the annotated mask. A lesion is found (recall) if at least "
        f"{mask_scores.OVERLAP:.0%} of its pixels are called exudate, and a region called exudate is right (precision) if at least as "
        "large a share of it is annotated: the overlap by which Zhang et al. (2014) match regions. Intervals: 95%, of "
        f"{RESAMPLES} bootstrap resamples of the test patients.",
        f"Of the regions wrongly called exudate by p(exudate), {healthy:.0%} are in photographs without exudates. A photograph's highest "
        f"p(exudate) tells those with exudates from the others with an AUC of {_mean(scores, 'p', 'all', 'image_auc'):.2f} (chance: 0.50).",
        "Limits: a patch is 48 pixels wide, and patches beside a lesion (annotated pixels, but not at the centre) are in neither class, so "
        "nothing taught the nets where a lesion ends. Pixels nearer than 24 to the edge of the field of view are no patch's centre and "
        "count as not called. Phi is high where a net is uncertain: a lesion that it is sure of is dark in the map of phi.",
    ]


def _draw_overlays(results, seed):
    shown = np.load(os.path.join(results.run(name(seed)), "overlays.npz"))
    count = sum(key.endswith("_id") for key in shown.files)
    with plots.figure(results.file("masks-overlays.png"), 3, count, width=4.4, height=3.5) as (
        drawing,
        axes,
    ):
        for n, row in enumerate(axes):
            row[0].imshow(shown[f"{n}_photograph"][..., ::-1])
            for key, (_, colour) in OUTLINES.items():
                if np.ptp(shown[f"{n}_{key}"]) > 127:  # or there is nothing to outline
                    row[0].contour(shown[f"{n}_{key}"], levels=[127], colors=colour, linewidths=0.9)
            row[0].set_title(os.path.basename(str(shown[f"{n}_id"])), fontsize=10)
            for axis, (kind, label) in zip(row[1:], KINDS.items()):
                heat = axis.imshow(
                    shown[f"{n}_{kind}"].astype(float),
                    cmap="inferno",
                    vmin=0,
                    vmax=1 if kind == "p" else None,
                )
                drawing.colorbar(heat, cax=axis.inset_axes([1.02, 0, 0.03, 1]))
                axis.set_title(label, fontsize=10)
            for axis in row:
                axis.set_axis_off()
        for label, colour in OUTLINES.values():
            axes[-1, 0].plot([], [], color=colour, label=label)
        axes[-1, 0].legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.02), ncol=2, fontsize=9, facecolor="0.75"
        )
    caption = f"Seed {seed}. From above: the test photographs with the smallest, the middle and the largest annotated area."
    return Figure(
        "masks-overlays.png", caption + " Each map of phi has a scale of its own.", photographs=True
    )


def _draw_curves(results, points, scores):
    with plots.figure(results.file("masks-curves.png"), width=7.0, height=4.6) as (_, axes):
        axis = axes[0, 0]
        for kind, label in KINDS.items():
            for seed, rows in points.items():
                line = np.array(
                    [
                        [float(row["recall"]), float(row["precision"])]
                        for row in rows
                        if row["map"] == kind
                    ]
                )
                axis.plot(
                    *line.T,
                    color=COLOURS[kind],
                    linewidth=1.2,
                    label=label if seed == min(points) else None,
                )
                chosen = [
                    scores[seed][kind, "all", measure][0]
                    for measure in ("pixel_recall", "pixel_precision")
                ]
                axis.plot(*chosen, "o", color=COLOURS[kind])
        axis.plot([], [], "o", color="0.3", label="threshold from the validation photographs")
        axis.axhline(
            _mean(scores, "p", "all", "annotated_share"),
            color="0.4",
            linestyle="--",
            label="share of annotated pixels",
        )
        plots.finish(axis, "Pixels of all test photographs", "recall", "precision", (0, 1))
        axis.set_xlim(0, 1)
        axis.legend(loc="upper right")
    caption = "A line for each seed and map, over all thresholds; that of p(exudate) begins where p is 1 but for rounding."
    return Figure("masks-curves.png", caption)


def _table(scores, subset):
    """Return the Table over one of SUBSETS."""
    rows = []
    for kind, label in KINDS.items():
        for seed, measured in scores.items():
            rows.append([label, f"seed {seed}", *cells(measured, kind, subset)])
        if len(scores) > 1:
            rows.append(
                [
                    label,
                    "mean",
                    "",
                    *(f"{_mean(scores, kind, subset, key):.3f}" for key in MEASURES),
                ]
            )
    return Table(
        f"{SUBSETS[subset]} [95% interval]", ("map", "", "threshold", *MEASURES.values()), rows
    )


def _verdict(scores):
    """Return the Verdict by the rule of C7."""
    measures = ("annotated_share", "pixel_ap", "lesion_precision", "lesion_recall")
    share, ap, precision, recall = (_mean(scores, "p", "all", measure) for measure in measures)
    ranks, finds = ap >= 10 * share, precision >= 0.5 and recall >= 0.5
    measured = (
        f"p(exudate) over all test photographs: pixel AUC-PR {ap:.3f}, {ap / share:.1f} times the share of annotated pixels ({share:.2%}); "
        f"lesions with precision {precision:.2f} and recall {recall:.2f} (mean of {len(scores)} seed{'s' if len(scores) > 1 else ''})."
    )
    return Verdict(
        "C7", REPRODUCED if ranks and finds else UNDECIDED if ranks else NOT_REPRODUCED, measured
    )
