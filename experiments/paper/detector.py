"""The classical baseline that the paper names: candidates, features and a random forest after TeleOphta, beside LeNet."""
import os

import h5py
import numpy as np

from egl.run_folder import write_csv
from experiments import bootstrap
from experiments.analyses import mask_maps, mask_scores
from experiments.detector import forest
from experiments.detector.detection import SUBSETS, DetectorSettings, detect
from experiments.detector.extraction import ExtractionSettings, extract
from experiments.paper import baseline, masks
from experiments.paper.detector_figures import draw_candidates, draw_importances
from experiments.section import Section, Table
from experiments.tasks import Task

CANDIDATES = "detector-candidates"
DETECTOR, LENET = ARMS = ("detector", "LeNet")
COLUMNS = ("classifier", "seed", "level", "photographs", "measure", "value", "low", "high")


def name(seed):
    """Return the name of a seed's run."""
    return f"detector-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: the candidates of all photographs once, and for each seed a forest trained on them."""
    result = {CANDIDATES: Task(extract, "all", ExtractionSettings())}
    for seed in range(1, protocol.baseline_seeds + 1):
        result[name(seed)] = Task(detect, "all", DetectorSettings(CANDIDATES, seed), needs=(CANDIDATES,))
    return result


def section(results):
    """Return the Section, or None where no seed is finished."""
    asked = range(1, results.protocol.baseline_seeds + 1)
    seeds = results.seeds(asked, name)
    if not seeds:
        return None
    nets, maps = results.seeds(asked, baseline.name), results.seeds(asked, masks.name)
    tested, difference = _patches(results, {DETECTOR: seeds, LENET: nets})
    scored = {(DETECTOR, seed): _read(results.table(name(seed), "scores.csv")) for seed in seeds}
    for seed in maps:
        scored[LENET, seed] = _read(row for row in results.table(masks.name(seed), "scores.csv") if row["map"] == "p")
    _write(results, tested, scored)
    return Section(
        "The classical baseline: a detector after TeleOphta",
        _text(results, seeds, asked, scored, difference, len(nets)),
        [draw_candidates(results, name(seeds[0]), seeds[0]), draw_importances(results, {seed: name(seed) for seed in seeds})],
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


def ordered(scores, threshold):
    """Return numbers (n,) of the same order as scores, above 0.5 exactly where the score is above the threshold: for bootstrap.count."""
    rank = np.unique(scores, return_inverse=True)[1]
    return np.where(np.asarray(scores, float) > threshold, 1.0 + rank, rank - float(len(rank)))


def _patches(results, seeds):
    """Return ({(classifier, how its threshold came about, seed): {measure: (value, low, high)}}, the detector's lead over LeNet).

    seeds: {classifier: list of seeds}; the lead: {measure: (value, low, high)} of the mean over the seeds, at thresholds from the
    validation patches; None without LeNet. All are over the same samples and resamples of the patients, those of `baseline`.
    """
    store = results.stores["all"]
    patches = {split: store.samples(split)[:, 0] for split in ("validation", "test")}
    names, patients = np.unique([store.images[image].patient for image in store.image[patches["test"]]], return_inverse=True)
    times, once = bootstrap.draw(len(names), np.random.RandomState(1)), np.ones((1, len(names)), int)
    tested, of_all = {}, {arm: [] for arm in ARMS}
    for arm in ARMS:
        for seed in seeds[arm]:
            scores = _detector_scores(results, seed, patches) if arm == DETECTOR else _lenet_scores(results, seed)
            thresholds = {"validation patches": best_threshold(scores["validation"], store.labels[patches["validation"]])}
            if arm == LENET:
                thresholds["p > 0.5"] = 0.5
            for rule, threshold in thresholds.items():
                cases = bootstrap.count(ordered(scores["test"], threshold), store.labels[patches["test"]], patients)
                tested[arm, rule, seed] = bootstrap.intervals(cases, times)
                if rule != "p > 0.5":
                    of_all[arm].append((bootstrap.measures(cases, once), bootstrap.measures(cases, times)))
    if not of_all[LENET]:
        return tested, None
    difference = {}
    for measure in bootstrap.MEASURES:
        value, drawn = (
            np.subtract(*(np.mean([each[part][measure] for each in of_all[arm]], axis=0) for arm in ARMS)) for part in range(2)
        )
        difference[measure] = (float(value[0]), *np.percentile(drawn, (2.5, 97.5)).tolist())
    return tested, difference


def _detector_scores(results, seed, patches):
    """Return {split: scores (n,) of the samples}: each symmetry of a patch has the score of the patch."""
    of_patch = {int(row["patch"]): float(row["score"]) for row in results.table(name(seed), "patches.csv")}
    return {split: np.array([of_patch[patch] for patch in which.tolist()]) for split, which in patches.items()}


def _lenet_scores(results, seed):
    with h5py.File(os.path.join(results.run(baseline.name(seed)), "predictions.h5"), "r") as file:
        return {split: file[split][-1].astype(float) for split in ("validation", "test")}


def _read(rows):
    return {(row["photographs"], row["measure"]): [float(row[key] or "nan") for key in ("value", "low", "high")] for row in rows}


def _write(results, tested, scored):
    rows = [
        [arm, seed, f"patches, threshold: {rule}", "", measure, *(f"{number:.6g}" for number in numbers)]
        for (arm, rule, seed), measured in tested.items()
        for measure, numbers in measured.items()
    ]
    rows += [
        [arm, seed, "pixels and lesions", subset, measure, *("" if np.isnan(number) else f"{number:.6g}" for number in numbers)]
        for (arm, seed), measured in scored.items()
        for (subset, measure), numbers in measured.items()
    ]
    write_csv(results.file("detector.csv"), COLUMNS, rows)


def _mean(scored, arm, subset, measure):
    return float(np.mean([measured[subset, measure][0] for (which, _), measured in scored.items() if which == arm]))


def _text(results, seeds, asked, scored, difference, nets):
    training = results.metrics(name(seeds[0]))["training"]
    text = [
        "The paper chose the exudate detector of TeleOphta as its baseline (Decencière et al., IRBM 34, 2013; Zhang et al., Medical Image "
        "Analysis 18, 2014). Here it is written anew from the published abstract: photographs brought to one width and illumination, "
        "reflections at the rim and the optic disc left out, bright regions with sharp outlines as candidates at two scales, features of "
        "their shape, colour, contrast, outline and surroundings, and a random forest.",
        f"The forests are trained on {training['candidates']} candidates of the training photographs, of each photograph the exudates and "
        f"at most {forest.NEGATIVES} others; {training['exudates']} are exudates: at least {forest.POSITIVE:.0%} of their pixels are "
        f"annotated. {len(seeds)} of {len(asked)} seeds; they differ in the forest's random numbers alone.",
        "A patch's score is the highest p(exudate) of a candidate that has a pixel in it. A photograph gives the detector pixels and "
        "outlines of all its lesions; LeNet learns from its labelled patches alone. Patches are the test samples that LeNet is tested "
        "on, each counted with all its symmetries; the intervals (95%) are of the same bootstrap resamples of the test patients.",
    ]
    if difference:
        f_measure, auc = ("{:+.3f} ({:+.3f} to {:+.3f})".format(*difference[measure]) for measure in ("f_measure", "auc"))
        seeds_of_net = f"{nets} seed{'s' if nets > 1 else ''}"
        text.append(
            f"Detector minus LeNet (mean over {len(seeds)} and {seeds_of_net}, thresholds from the validation patches): F-measure "
            f"{f_measure}, AUC {auc}."
        )
    text.append(
        "Zhang et al. report an AUC of 0.95 on e-ophtha EX; their abstract does not say whether of lesions, pixels or photographs. A "
        "photograph's highest p(exudate) tells those with exudates from the others with an AUC of "
        f"{_mean(scored, DETECTOR, 'all', 'image_auc'):.2f} here. Pixels and lesions are measured as for the maps of LeNet, with the "
        f"overlap of {mask_scores.OVERLAP:.0%}."
    )
    return text


def _patch_table(tested):
    rows = [
        [arm, f"seed {seed}", rule, *("{:.3f} ({:.3f} to {:.3f})".format(*measured[measure]) for measure in bootstrap.MEASURES)]
        for (arm, rule, seed), measured in tested.items()
    ]
    caption = "Test patches; in brackets the 95% bootstrap interval over patients"
    return Table(caption, ("classifier", "", "threshold", "F-measure", "sensitivity", "specificity", "AUC"), rows)


def _mask_table(scored, subset):
    measures = [(f"{unit}_{what.lower()}", f"{unit} {what}") for unit in ("pixel", "lesion") for what in ("precision", "recall", "F")]
    measures.insert(3, ("pixel_ap", "pixel AUC-PR"))
    rows = []
    for (arm, seed), measured in scored.items():
        cells = ["{:.3f} [{:.3f}, {:.3f}]".format(*measured[subset, key]) for key, _ in measures]
        rows.append([arm, f"seed {seed}", f"{measured['all', 'threshold'][0]:.4g}", *cells])
    caption = f"{mask_maps.SUBSETS[subset]}: pixels and lesions, threshold from the validation photographs [95% interval]"
    return Table(caption, ("classifier", "", "threshold", *(title for _, title in measures)), rows)
