"""Fig. 2: F-measure, sensitivity and specificity against batches, for images and patches chosen by EGL or at random."""

from functools import partial

from egl.training.run_folder import write_csv
from experiments import plots, work
from experiments.claims import by_interval
from experiments.curves import area, at, curves, interval, mean_text, one_class
from experiments.section import Figure, Section, Table, Verdict
from experiments.tasks import Task

# What chooses images and what chooses patches: the paper's two arms, and the two that tell which part does the work.
ARMS = {
    "random": ("random", "random"),
    "egl": ("egl", "egl"),
    "egl-images": ("egl", "random"),
    "egl-patches": ("random", "egl"),
}
POOLS = {"all": "images with exudates and healthy ones", "lesion": "images with exudates alone"}
METRICS = ("f_measure", "sensitivity", "specificity")
BATCHES = (10, 15, 20, 30, 45, 60)


def name(pool, arm, seed):
    """Return the name of an arm's run."""
    return f"fig2-{pool}-{arm}-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: for each pool and seed four arms, which begin with the same images and batches."""
    result = {}
    for seed in range(1, protocol.fig2_seeds + 1):
        for pool in POOLS:
            for arm in arms(protocol, pool):
                result[name(pool, arm, seed)] = task(protocol, pool, arm, seed)
    return result


def arms(protocol, pool):
    """Return the names of a pool's arms: the four, and in the pool with healthy images the protocol's further strategies."""
    return (*ARMS, *(protocol.strategies if pool == "all" else ()))


def task(protocol, pool, arm, seed):
    """Return the Task of an arm; one that is not in ARMS is a strategy, for images and patches."""
    strategy, patch_strategy = ARMS.get(arm, (arm, arm))
    trainer = protocol.images.trainer._replace(seed=seed)
    settings = protocol.images._replace(
        strategy=strategy, patch_strategy=patch_strategy, trainer=trainer
    )
    if (pool, arm) == ("all", "egl"):
        settings = settings._replace(keep_weights=protocol.kept)
    return Task(work.select, pool, settings)


def section(results):
    """Return the Section, or None where no seed has all its arms."""
    figures, tables, verdicts, rows, text = [], [], [], [], []
    initial = results.protocol.images.selection.initial_iterations
    for pool, what in POOLS.items():
        asked = range(1, results.protocol.fig2_seeds + 1)
        seeds = results.seeds(
            asked, *(partial(name, pool, arm) for arm in arms(results.protocol, pool))
        )
        if not seeds:
            continue
        runs = {
            arm: [name(pool, arm, seed) for seed in seeds] for arm in arms(results.protocol, pool)
        }
        figures.append(_draw(results, pool, runs, initial))
        rows.extend(_rows(results, pool, runs))
        tables.extend(_tables(results, what, runs, initial))
        text.append(
            f"Pool of {what}: {len(seeds)} of {len(asked)} seeds, {_images(results, pool)}. {_broken(results, runs)}"
        )
        if pool == "all":
            verdicts.append(_verdict(results, runs, initial))
    if not figures:
        return None
    write_csv(
        results.file("fig2.csv"),
        ("pool", "arm", "metric", "batch", "mean", "half_width", "seeds"),
        rows,
    )
    text.insert(
        0,
        f"Algorithm 2: training starts on {results.protocol.images.initial_images} images, half of them with exudates (up to the orange "
        "line); then one labelled image joins at every batch, and the batch is made of the 32 patches chosen from all labelled images. "
        "EGL takes the image with the greatest interestingness and the patches with the greatest phi; random takes both by lot; two mixed "
        "arms tell which part does what. All arms of a seed start with the same weights, images and batches.",
    )
    return Section(
        "Figure 2: images chosen by EGL or at random",
        text,
        figures,
        tables,
        verdicts,
        ("fig2.csv",),
    )


def _f(results, runs, arm):
    return curves(results, runs[arm], "f_measure")


def _images(results, pool):
    store = results.stores[pool]
    images = [
        store.images[image].lesion for image in set(store.image[store.patches_of("train")].tolist())
    ]
    return f"{sum(images)} images with exudates and {len(images) - sum(images)} healthy ones to choose from"


def _broken(results, runs):
    broken = {arm: one_class(results, names) for arm, names in runs.items()}
    if not any(broken.values()):
        return "Every run ends with a net that tells the classes apart."
    words = ", ".join(f"{plots.label(arm)} {n}" for arm, n in broken.items())
    return f"Runs that end with a net that has diverged or calls all patches the same: {words}."


def _draw(results, pool, runs, initial):
    file = f"fig2-{pool}.png"
    with plots.figure(results.file(file), len(METRICS), 2, sharex=True) as (drawing, axes):
        for (above, below), metric in zip(axes.T, METRICS):
            x, by_arm = None, {}
            for arm, names in runs.items():
                x, by_arm[arm] = curves(results, names, metric)
                style = "-" if arm in ("egl", "random") else "--"
                plots.band(
                    above,
                    x,
                    by_arm[arm],
                    plots.label(arm),
                    plots.colour(arm),
                    shade=arm in ARMS,
                    linestyle=style,
                )
            if pool == "all":
                _draw_published(above, results.published, metric)
            difference = by_arm["egl"] - by_arm["random"]
            below.plot(x, difference.T, color="0.6", linewidth=0.7)
            plots.band(below, x, difference, "mean", "black")
            below.axhline(0, color="0.3", linewidth=0.8)
            for axis in (above, below):
                axis.axvline(initial, color="tab:orange", label="initial images alone until here")
            plots.finish(above, plots.LABELS[metric], "", ylim=(-0.02, 1.02))
            plots.finish(below, "", "batches (SGD iterations)", ylim=(-1.02, 1.02))
        axes[0, 0].set_ylabel("on the test patches")
        axes[1, 0].set_ylabel("EGL − random, same seed")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=4)
    return Figure(
        file,
        f"Pool of {POOLS[pool]}. Above: mean over {len(runs['egl'])} seeds, band: 95% t-interval. Below: EGL minus random, a grey line a "
        "seed, their mean and its 95% interval.",
    )


def _draw_published(axis, published, metric):
    for strategy in ("random", "egl"):
        if (metric, strategy) in published:
            label = plots.LABELS[strategy] + ", as printed in the paper"
            axis.plot(
                *published[metric, strategy],
                color=plots.COLOURS[strategy],
                linestyle=":",
                marker=".",
                label=label,
            )


def _rows(results, pool, runs):
    for arm, names in runs.items():
        for metric in METRICS:
            x, values = curves(results, names, metric)
            for batch, mean, half in zip(x, *interval(values)):
                yield [pool, arm, metric, int(batch), f"{mean:.6g}", f"{half:.6g}", len(names)]


def _tables(results, what, runs, initial):
    x, random = _f(results, runs, "random")
    egl = _f(results, runs, "egl")[1]
    rows = []
    for batch in (batch for batch in BATCHES if initial <= batch <= x[-1]):
        pair = [at(x, values, batch) for values in (random, egl)]
        rows.append([f"{batch} batches", *map(mean_text, pair), mean_text(pair[1] - pair[0])])
    yield Table(
        f"F-measure, pool of {what}", ("", "random", "EGL", "EGL − random, same seed"), rows
    )
    areas = {arm: area(*_f(results, runs, arm), initial) for arm in runs}
    rows = [
        [plots.label(arm), mean_text(values), mean_text(values - areas["random"])]
        for arm, values in areas.items()
    ]
    caption = f"Mean F-measure from the first choice to the last batch, pool of {what}"
    yield Table(caption, ("arm", "mean F", "minus random, same seed"), rows)


def _verdict(results, runs, initial):
    x, random = _f(results, runs, "random")
    egl = _f(results, runs, "egl")[1]
    mean, half = interval(area(x, egl, initial) - area(x, random, initial))
    at_15 = mean_text(at(x, egl, 15) - at(x, random, 15))
    measured = (
        f"Mean F from batch {initial} to {int(x[-1])}, EGL minus random: {mean:.3f} ± {half:.3f} ({len(egl)} seeds, pool with healthy "
        f"images); F at 15 batches: {at_15}."
    )
    return Verdict("C1", by_interval(mean, half), measured)
