"""Algorithm 1: patches chosen by EGL or at random, against plain SGD on everything; by batches and by labels."""

from functools import partial

from egl.training.full_training import FullTrainingSettings
from egl.training.run_folder import write_csv
from experiments import plots, work
from experiments.claims import by_interval
from experiments.curves import at, curves, interval, mean_text, one_class
from experiments.section import Figure, Section, Table, Verdict
from experiments.tasks import Task


def name(arm, seed):
    """Return the name of an arm's run."""
    return f"patches-{arm}-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: for each seed EGL, random choice, and plain SGD for as many iterations."""
    settings, result = protocol.patches, {}
    for seed in range(1, protocol.seeds + 1):
        trainer = settings.trainer._replace(seed=seed)
        for arm in chosen_by(protocol):
            result[name(arm, seed)] = task(protocol, arm, seed)
        plain = FullTrainingSettings(
            trainer,
            stop_early=False,
            iterations=settings.selection.iterations,
            evaluate_every=settings.evaluate_every,
        )
        result[name("sgd", seed)] = Task(work.train, "all", plain)
    return result


def chosen_by(protocol):
    """Return the strategies that choose patches: EGL, random, and the protocol's further ones."""
    return ("egl", "random", *protocol.strategies)


def task(protocol, strategy, seed):
    """Return the Task of Algorithm 1 by a strategy."""
    settings = protocol.patches._replace(
        strategy=strategy, trainer=protocol.patches.trainer._replace(seed=seed)
    )
    if strategy == "egl":
        settings = settings._replace(keep_weights=kept(protocol))
    return Task(work.select, "all", settings)


def kept(protocol):
    """Return the iterations whose weights the EGL arm keeps: after the initial model, a fifth of the way, and at the end."""
    selection = protocol.patches.selection
    rounds = -(-(selection.iterations - selection.initial_iterations) // selection.steps)
    fifth = selection.initial_iterations + max(1, rounds // 5) * selection.steps
    return (
        selection.initial_iterations,
        fifth,
        selection.initial_iterations + rounds * selection.steps,
    )


def section(results):
    """Return the Section, or None where no seed has all its arms."""
    asked = range(1, results.protocol.seeds + 1)
    arms = (*chosen_by(results.protocol), "sgd")
    seeds = results.seeds(asked, *(partial(name, arm) for arm in arms))
    if not seeds:
        return None
    runs = {arm: [name(arm, seed) for seed in seeds] for arm in arms}
    by_arm = {arm: curves(results, names, "f_measure") for arm, names in runs.items()}
    labels = {arm: curves(results, names, "n_labelled")[1] for arm, names in runs.items()}
    rows = [
        [arm, int(x), f"{n:.6g}", f"{mean:.6g}", f"{half:.6g}", len(seeds)]
        for arm, (iterations, values) in by_arm.items()
        for x, n, mean, half in zip(iterations, labels[arm].mean(axis=0), *interval(values))
    ]
    write_csv(
        results.file("patches.csv"),
        ("arm", "batch", "labelled_patches", "f_measure", "half_width", "seeds"),
        rows,
    )
    selection = results.protocol.patches.selection
    broken = ", ".join(
        f"{plots.label(arm)} {one_class(results, names)}" for arm, names in runs.items()
    )
    text = [
        f"Algorithm 1: after {selection.initial_iterations} random batches, {selection.k} patches are chosen a round, by phi or by lot, "
        f"and a round is {selection.steps} SGD iterations: one on the chosen patches, the others on random samples of all chosen so far "
        "(L' + L_k). Plain SGD has all labels from the start. A label is one patch; its symmetries share it.",
        f"{len(seeds)} of {len(asked)} seeds. Runs that end with a net that has diverged or calls all patches the same: {broken}.",
    ]
    return Section(
        "Patches chosen by EGL or at random, against plain SGD on everything",
        text,
        [_draw(results, by_arm, labels)],
        [_table(by_arm, labels)],
        [_verdict(by_arm, len(seeds))],
        ("patches.csv",),
    )


def _draw(results, by_arm, labels):
    with plots.figure(results.file("patches.png"), 2, width=6.2) as (_, axes):
        for arm, (x, values) in by_arm.items():
            plots.band(axes[0, 0], x, values, plots.label(arm), plots.colour(arm))
            axes[0, 0].plot(x, values.T, color=plots.colour(arm), linewidth=0.5, alpha=0.6)
            if arm != "sgd":
                plots.band(
                    axes[0, 1],
                    labels[arm].mean(axis=0),
                    values,
                    plots.label(arm),
                    plots.colour(arm),
                )
        last = interval(by_arm["sgd"][1])[0][-1]
        n = int(labels["sgd"].max())
        axes[0, 1].axhline(
            last,
            color=plots.COLOURS["sgd"],
            linestyle="--",
            label=f"plain SGD, all {n} labels, last F",
        )
        plots.finish(
            axes[0, 0],
            "by batches",
            "batches (SGD iterations)",
            "F-measure on the test patches",
            (-0.02, 1.02),
        )
        plots.finish(
            axes[0, 1], "by labels", "labelled patches (mean over seeds)", ylim=(-0.02, 1.02)
        )
        for axis in axes[0]:
            axis.legend(loc="lower left")
    return Figure(
        "patches.png",
        f"Mean over {len(by_arm['egl'][1])} seeds, band: 95% t-interval; left, a thin line a seed.",
    )


def _table(by_arm, labels):
    first, last = max(x[0] for x, _ in by_arm.values()), by_arm["egl"][0][-1]
    batches = [
        batch
        for batch in (round(fraction * last) for fraction in (0.125, 0.25, 0.5, 1))
        if batch >= first
    ]
    at_last = {arm: values[:, -1] for arm, (_, values) in by_arm.items()}
    rows = []
    for arm, (x, values) in by_arm.items():
        others = [
            "" if arm == other else mean_text(at_last[arm] - at_last[other])
            for other in ("random", "egl", "sgd")
        ]
        used = f"{labels[arm][:, -1].mean():.0f}"
        rows.append(
            [
                plots.label(arm),
                *(mean_text(at(x, values, batch)) for batch in batches),
                *others,
                used,
            ]
        )
    after = (f"{batch} batches" for batch in batches)
    header = (
        "F-measure after",
        *after,
        "last − random",
        "last − EGL",
        "last − plain SGD",
        "labels used",
    )
    return Table("F-measure on the test patches; differences are within seeds", header, rows)


def _verdict(by_arm, seeds):
    (x, egl), (_, plain) = by_arm["egl"], by_arm["sgd"]
    mean, half = interval(egl[:, -1] - plain[:, -1])
    random = mean_text(egl[:, -1] - by_arm["random"][1][:, -1])
    measured = (
        f"Last F after {int(x[-1])} iterations, EGL minus plain SGD: {mean:.3f} ± {half:.3f} ({seeds} seeds); EGL minus random patches: "
        f"{random}."
    )
    return Verdict("C2", by_interval(mean, half), measured)
