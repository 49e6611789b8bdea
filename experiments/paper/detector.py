"""The classical baseline that the paper names: candidates, features and a random forest after TeleOphta, beside LeNet."""

import os

import h5py
import numpy as np

from egl.training.run_folder import write_csv
from experiments import bootstrap
from experiments.analyses import mask_scores
from experiments.analyses.mask_maps import SUBSETS
from experiments.detector import forest
from experiments.detector.detection import DetectorSettings, detect
from experiments.detector.extraction import ExtractionSettings, extract
from experiments.paper import baseline, masks
from experiments.paper.detector_figures import draw_candidates, draw_importances
from experiments.section import Section, Table
from experiments.tasks import Task

CANDIDATES = "detector-candidates"
DETECTOR, LENET = "detector", "LeNet"
CHOSEN, HALF = "validation patches", "p > 0.5"  # where a threshold comes from
COLUMNS = ("classifier", "seed", "level", "photographs", "measure", "value", "low", "high")


def name(seed):
    """Return the name of a seed's run."""
    return f"detector-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: the candidates of all photographs once, and for each seed a forest trained on them.

    LeNet's runs are not among them: the section reads those of `baseline` and `masks` that are finished.
    """
    result = {CANDIDATES: Task(extract, "all", ExtractionSettings())}
    for seed in range(1, protocol.baseline_seeds + 1):
        result[name(seed)] = Task(
            detect, "all", DetectorSettings(CANDIDATES, seed), needs=(CANDIDATES,)
        )
    return result


def section(results):
    """Return the Section, or None where no seed is finished."""
    asked = range(1, results.protocol.baseline_seeds + 1)
    seeds = {DETECTOR: results.seeds(asked, name), LENET: results.seeds(asked, baseline.name)}
    if not seeds[DETECTOR]:
        return None
    cases, times = _cases(results, seeds)
    tested = {key: bootstrap.intervals(each, times) for key, each in cases.items()}
    scored = {
        (DETECTOR, seed): masks.read_scores(results.text_rows(name(seed), "scores.csv"))
        for seed in seeds[DETECTOR]
    }
    for seed in results.seeds(asked, masks.name):
        scored[LENET, seed] = masks.read_scores(results.text_rows(masks.name(seed), "scores.csv"))
    _write(results, tested, scored)
    first = seeds[DETECTOR][0]
    return Section(
        "The classical baseline: a detector after TeleOphta",
        _text(results, seeds, asked, scored, _lead(cases, times) if seeds[LENET] else None),
        [
            draw_candidates(results, name(first), first),
            draw_importances(results, {seed: name(seed) for seed in seeds[DETECTOR]}),
        ],
        [_patch_table(tested), *(_mask_table(scored, subset) for subset in SUBSETS)],
        files=("detector.csv", "detector-importances.csv"),
    )


def best_threshold(scores, labels):
    """Return the threshold above which patches are called exudate to reach the highest F, in the middle between two scores.

    scores, labels (0 or 1): (n,), of the patches that may decide it. Of several thresholds the lowest.
    """
    values = np.unique(np.asarray(scores, float))
    thresholds = np.concatenate([[values[0] - 1], (values[1:] + values[:-1]) / 2])
    called = np.asarray(scores, float) > thresholds[:, None]
    hits = (called & (labels == 1)).sum(axis=1)
    return float(thresholds[np.argmax(2 * hits / (called.sum(axis=1) + (labels == 1).sum()))])


def _cases(results, seeds):
    """Return ({(classifier, where its threshold comes from, seed): Cases of the test samples}, resamples of the patients).

    seeds: {classifier: list of seeds}. The samples and the resamples are those of `baseline`, the same for all.
    """
    store = results.stores["all"]
    patches = {split: store.samples(split)[:, 0] for split in ("validation", "test")}
    labels = {split: store.labels[which] for split, which in patches.items()}
    names, patients = np.unique(
        [store.images[image].patient for image in store.image[patches["test"]]], return_inverse=True
    )
    cases = {}
    for arm, of_arm in seeds.items():
        for seed in of_arm:
            scores = (
                _detector_scores(results, seed, patches)
                if arm == DETECTOR
                else _lenet_scores(results, seed)
            )
            thresholds = {CHOSEN: best_threshold(scores["validation"], labels["validation"])}
            if arm == LENET:
                thresholds[HALF] = 0.5
            for rule, threshold in thresholds.items():
                cases[arm, rule, seed] = bootstrap.count(
                    scores["test"], labels["test"], patients, threshold
                )
    return cases, bootstrap.draw(len(names), np.random.RandomState(1))


def _detector_scores(results, seed, patches):
    """Return {split: scores (n,) of the samples}: each symmetry of a patch has the score of the patch."""
    of_patch = {
        int(row["patch"]): float(row["score"])
        for row in results.text_rows(name(seed), "patches.csv")
    }
    return {
        split: np.array([of_patch[patch] for patch in which.tolist()])
        for split, which in patches.items()
    }


def _lenet_scores(results, seed):
    with h5py.File(os.path.join(results.run(baseline.name(seed)), "predictions.h5"), "r") as file:
        return {split: file[split][-1].astype(float) for split in ("validation", "test")}


def _lead(cases, times):
    """Return {measure: (detector minus LeNet, low, high)} of the means over the seeds, at thresholds from the validation patches."""

    def mean(arm, measure, times):
        chosen = [
            each for (which, rule, _), each in cases.items() if (which, rule) == (arm, CHOSEN)
        ]
        return np.mean([bootstrap.measures(each, times)[measure] for each in chosen], axis=0)

    result = {}
    for measure in bootstrap.MEASURES:
        value, drawn = (
            mean(DETECTOR, measure, of) - mean(LENET, measure, of)
            for of in (np.ones((1, times.shape[1]), int), times)
        )
        result[measure] = (value[0], *np.percentile(drawn, (2.5, 97.5)))
    return result


def _write(results, tested, scored):
    rows = [
        [arm, seed, f"patches, threshold: {rule}", "", measure, *numbers]
        for (arm, rule, seed), measured in tested.items()
        for measure, numbers in measured.items()
    ]
    rows += [
        [arm, seed, "pixels and lesions", subset, measure, *numbers]
        for (arm, seed), measured in scored.items()
        for (kind, subset, measure), numbers in measured.items()
        if kind == "p"
    ]
    write_csv(
        results.file("detector.csv"),
        COLUMNS,
        [[*row[:5], *("" if np.isnan(x) else f"{x:.6g}" for x in row[5:])] for row in rows],
    )


def _text(results, seeds, asked, scored, lead):
    training = results.metrics(name(seeds[DETECTOR][0]))["training"]
    ranks = np.mean(
        [
            measured["p", "all", "image_auc"][0]
            for (arm, _), measured in scored.items()
            if arm == DETECTOR
        ]
    )
    text = [
        "The paper chose the exudate detector of TeleOphta as its baseline (Decencière et al., IRBM 34, 2013; Zhang et al., Medical Image "
        "Analysis 18, 2014). Here it is written anew from the published abstract: photographs brought to one width and illumination, "
        "reflections at the rim and the optic disc left out, bright regions above four levels of contrast as candidates, features of "
        "their shape, colour, contrast, outline and surroundings, and a random forest (docs/detector.md).",
        f"The training photographs have {training['candidates']} candidates; {training['exudates']} of them are exudates: at least "
        f"{forest.POSITIVE:.0%} of their pixels are annotated. A forest is trained on these and on at most {forest.NEGATIVES} "
        f"others of each photograph. {len(seeds[DETECTOR])} of {len(asked)} seeds; they differ in the forest's random numbers alone.",
        "A patch's score is the highest p(exudate) of a candidate that has a pixel in it. A photograph gives the detector pixels and "
        "outlines of all its lesions; LeNet learns from its labelled patches alone. Patches are the test samples that LeNet is tested "
        "on, each counted with all its symmetries; the intervals (95%) are of the same bootstrap resamples of the test patients.",
    ]
    if lead:
        f_measure, auc = (
            "{:+.3f} ({:+.3f} to {:+.3f})".format(*lead[measure])
            for measure in ("f_measure", "auc")
        )
        text.append(
            f"Detector minus LeNet (means over {len(seeds[DETECTOR])} and {len(seeds[LENET])} seeds, thresholds from the validation "
            f"patches): F-measure {f_measure}, AUC {auc}."
        )
    text.append(
        "Zhang et al. report an AUC of 0.95 on e-ophtha EX; their abstract does not say whether of lesions, pixels or photographs. A "
        f"photograph's highest p(exudate) tells those with exudates from the others with an AUC of {ranks:.2f} here. Pixels and lesions "
        f"are measured as for the maps of LeNet, with the overlap of {mask_scores.OVERLAP:.0%}."
    )
    return text


def _patch_table(tested):
    rows = [
        [
            arm,
            f"seed {seed}",
            rule,
            *(
                "{:.3f} ({:.3f} to {:.3f})".format(*measured[measure])
                for measure in bootstrap.MEASURES
            ),
        ]
        for (arm, rule, seed), measured in tested.items()
    ]
    caption = "Test patches; in brackets the 95% bootstrap interval over patients"
    return Table(
        caption,
        ("classifier", "", "threshold", "F-measure", "sensitivity", "specificity", "AUC"),
        rows,
    )


def _mask_table(scored, subset):
    rows = [
        [arm, f"seed {seed}", *masks.cells(measured, "p", subset)]
        for (arm, seed), measured in scored.items()
    ]
    caption = f"{SUBSETS[subset]}: pixels and lesions, threshold from the validation photographs [95% interval]"
    return Table(caption, ("classifier", "", "threshold", *masks.MEASURES.values()), rows)
