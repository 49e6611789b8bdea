"""Plain SGD on all labels: loss and accuracy over time, and what the net can do in the end."""

import os

import h5py
import numpy as np

from egl.training.full_training import FullTrainingSettings
from egl.training.run_folder import write_csv
from experiments import bootstrap, plots, work
from experiments.curves import mean_text
from experiments.section import Figure, Section, Table
from experiments.tasks import Task

KEPT = (30, 100, 300, 1000, 3000, 10000)  # iterations whose weights are kept, for Fig. 3
COLUMNS = (
    "iteration",
    "train_loss",
    "val_loss",
    "val_accuracy",
    "f_measure",
    "sensitivity",
    "specificity",
    "accuracy",
    "auc",
)
RULE, END = "stopping rule", "end"


def name(seed):
    """Return the name of a seed's run."""
    return f"baseline-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}, one a seed. The paper's stopping rule is noted, and does not end a run."""
    result = {}
    for seed in range(1, protocol.baseline_seeds + 1):
        trainer = protocol.images.trainer._replace(seed=seed)
        settings = FullTrainingSettings(
            trainer, protocol.epochs, stop_early=False, keep_weights=KEPT
        )
        result[name(seed)] = Task(work.train, "all", settings)
    return result


def section(results):
    """Return the Section, or None where no seed is finished."""
    seeds = results.seeds(range(1, results.protocol.baseline_seeds + 1), name)
    if not seeds:
        return None
    rounds = {seed: results.rounds(name(seed)) for seed in seeds}
    metrics = {seed: results.metrics(name(seed)) for seed in seeds}
    moments = {seed: _moments(metrics[seed], rounds[seed]) for seed in seeds}
    tested, patients = _test(results, moments)
    _write(results, rounds, tested)
    return Section(
        "Baseline: plain SGD on all labels",
        _text(results, rounds, metrics, tested),
        [_draw(results, rounds, moments)],
        [_table(moments, tested, patients)],
        files=("baseline.csv", "baseline-test.csv"),
    )


def _moments(metrics, rounds):
    """Return {moment: epoch}; without the stopping rule's where it never says stop."""
    rule, end = metrics["stopping_rule_epoch"], len(rounds["iteration"])
    return {RULE: rule, END: end} if rule else {END: end}


def _test(results, moments):
    """Return ({(seed, moment): {measure: (value, low, high)}}, number of patients); all intervals are of the same resamples."""
    store = results.stores["all"]
    patches = store.samples("test")[:, 0]
    names, patients = np.unique(
        [store.images[image].patient for image in store.image[patches]], return_inverse=True
    )
    times = bootstrap.draw(len(names), np.random.RandomState(1))
    tested = {}
    for seed, epochs in moments.items():
        with h5py.File(os.path.join(results.run(name(seed)), "predictions.h5"), "r") as file:
            for moment, epoch in epochs.items():
                cases = bootstrap.count(file["test"][epoch - 1], store.labels[patches], patients)
                tested[seed, moment] = bootstrap.intervals(cases, times)
    return tested, len(names)


def _write(results, rounds, tested):
    rows = [
        [seed, epoch + 1] + [f"{columns[column][epoch]:.6g}" for column in COLUMNS]
        for seed, columns in rounds.items()
        for epoch in range(len(columns["iteration"]))
    ]
    write_csv(results.file("baseline.csv"), ("seed", "epoch") + COLUMNS, rows)
    rows = [
        [seed, moment, measure] + [f"{number:.6g}" for number in numbers]
        for (seed, moment), measured in tested.items()
        for measure, numbers in measured.items()
    ]
    write_csv(
        results.file("baseline-test.csv"),
        ("seed", "moment", "metric", "value", "low", "high"),
        rows,
    )


def _draw(results, rounds, moments):
    with plots.figure(results.file("baseline.png"), columns=3, width=4.8) as (_, axes):
        loss, accuracy, f_measure = axes[0]
        for place, seed in enumerate(rounds):
            curves, rule, colour = rounds[seed], moments[seed].get(RULE), f"C{place % 10}"
            _line(loss, curves["train_loss"], rule, colour)
            _line(loss, curves["val_loss"], rule, colour, linestyle="--")
            _line(accuracy, curves["val_accuracy"], rule, colour, label=f"seed {seed}")
            _line(f_measure, curves["f_measure"], rule, colour)
        # One entry a meaning: the style of a loss in grey, since its colour is the seed's.
        for style, label in (
            ("-", "training, mean over the epoch"),
            ("--", "validation, after the epoch"),
        ):
            loss.plot([], [], style, color="dimgray", label=label)
        accuracy.plot([], [], "o", color="dimgray", label="stopping rule")
        _log_scale(loss)
        loss.legend()
        accuracy.legend()
        plots.finish(loss, "Loss", "epoch", "cross-entropy (log scale)")
        plots.finish(accuracy, "Validation accuracy", "epoch", "accuracy")
        plots.finish(f_measure, "Test F-measure", "epoch", "F-measure")
        for axis in axes[0]:
            axis.xaxis.get_major_locator().set_params(integer=True)
    return Figure(
        "baseline.png",
        "A colour a seed. Loss, accuracy on the validation patches, and F-measure on the test patches; dots: after this epoch the "
        "paper's stopping rule says stop.",
    )


def _line(axis, values, rule, colour, **style):
    axis.plot(np.arange(1, len(values) + 1), values, color=colour, **style)
    if rule:
        axis.plot(rule, values[rule - 1], "o", color=colour)


def _log_scale(axis):
    """Mark a logarithmic axis with plain numbers: 0.1, 0.2, 0.5, 1."""
    axis.set_yscale("log")
    axis.yaxis.get_major_locator().set_params(subs=(1, 2, 5))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("")


def _table(moments, tested, patients):
    rows = [
        [str(seed), moment, str(moments[seed][moment])]
        + ["{:.3f} ({:.3f} to {:.3f})".format(*numbers) for numbers in measured.values()]
        for (seed, moment), measured in tested.items()
    ]
    caption = (
        "On the test patches, when the stopping rule says stop and at the end; in brackets the 95% bootstrap interval over the "
        f"{patients} patients of the test split ({bootstrap.RESAMPLES} resamples)"
    )
    return Table(
        caption, ("seed", "moment", "epoch", "F-measure", "sensitivity", "specificity", "AUC"), rows
    )


def _text(results, rounds, metrics, tested):
    protocol, store = results.protocol, results.stores["all"]
    n, batch = len(store.samples("train")), protocol.images.trainer.batch
    text = [
        f"Training on all {n} samples in batches of {batch}, {protocol.epochs} epochs, evaluated after each on the "
        f"{len(store.samples('validation'))} validation and {len(store.samples('test'))} test samples; {len(rounds)} of "
        f"{protocol.baseline_seeds} seeds. The training loss is the mean over an epoch's iterations, while the weights change; the "
        "validation loss is measured after the epoch.",
        "The paper's stopping rule is noted and does not end training: stop when neither loss falls by 1% of its best value before, or "
        f"when the validation accuracy has stayed the same for two epochs. When it says stop: {_stops(metrics)}.",
    ]
    for seed in rounds:
        if metrics[seed]["diverged"]:
            epoch = len(rounds[seed]["iteration"])
            text.append(
                f"Seed {seed} diverged in epoch {epoch + 1} ({metrics[seed]['diverged']}). Its lines end, and its row \"{END}\" is "
                f"measured, after epoch {epoch}."
            )
    if len(rounds) > 1:
        ends = [measured for (_, moment), measured in tested.items() if moment == END]
        f_measure, auc = (
            mean_text([measured[measure][0] for measured in ends])
            for measure in ("f_measure", "auc")
        )
        text.append(
            f"Mean over the seeds at the end, with the 95% t-interval over seeds: F-measure {f_measure}, AUC {auc}."
        )
    return text


def _stops(metrics):
    rules = {seed: of_seed["stopping_rule_epoch"] for seed, of_seed in metrics.items()}
    return "; ".join(
        f"seed {seed} {f'after epoch {rule}' if rule else 'never'}" for seed, rule in rules.items()
    )
