"""The paper's Fig. 2: F-measure, sensitivity and specificity against batches, for EGL and random choice of images."""
import csv
import os

import numpy as np
from scipy import stats
from scipy.integrate import trapezoid

from egl.run_folder import read_rounds

METRICS = ("f_measure", "sensitivity", "specificity")
STRATEGIES = {"random": "tab:blue", "egl": "tab:green"}  # the paper's colours


def arms(protocol):
    """Return {name of arm: RunSettings}, two for each seed: the same start, then random or EGL choice."""
    result = {}
    for seed in range(1, protocol.seeds + 1):
        for strategy in STRATEGIES:
            settings = protocol.selection._replace(strategy=strategy, trainer=protocol.selection.trainer._replace(seed=seed))
            result[f"{strategy}-seed{seed:02d}"] = settings
    return result


def collect(folder, names):
    """Return {strategy: {column: array (seeds, evaluations)}} and the iterations (evaluations,) of the finished arms `names`.

    A seed counts only where both its arms are finished: the two strategies are compared over the same seeds.
    """
    by_seed = {}
    for name in names:
        strategy, seed = name.split("-")
        by_seed.setdefault(seed, {})[strategy] = read_rounds(os.path.join(folder, name))
    pairs = [by_seed[seed] for seed in sorted(by_seed) if len(by_seed[seed]) == len(STRATEGIES)]
    if not pairs:
        return None, None
    curves = {
        strategy: {column: np.stack([pair[strategy][column] for pair in pairs]) for column in pairs[0][strategy]} for strategy in STRATEGIES
    }
    return curves, curves["egl"]["iteration"][0]


def interval(values):
    """Return (mean, half width of the 95% t-interval) over the first axis; the half width is nan for one seed."""
    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        return values.mean(axis=0), np.full(values.shape[1:], np.nan)
    return values.mean(axis=0), stats.t.ppf(0.975, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)


def area(iterations, curve):
    """Return the area under curves (seeds, evaluations) over `iterations`, divided by its width: the mean height, (seeds,)."""
    return trapezoid(curve, iterations, axis=1) / (iterations[-1] - iterations[0])


def collapsed(curves):
    """Return {strategy: how many of its runs end with a net that calls every patch healthy, or every one exudate}."""
    ends = {strategy: (curves[strategy]["sensitivity"][:, -1], curves[strategy]["specificity"][:, -1]) for strategy in STRATEGIES}
    return {strategy: int(((yes + no == 1) & np.isin(yes, (0, 1))).sum()) for strategy, (yes, no) in ends.items()}


def table(curves, iterations, at=(6, 8, 15, 30, 45, 60)):
    """Return rows for the report: at some numbers of batches, and for the area under the curve, the mean and 95% half width
    of the F-measure of each strategy, and of EGL minus random within each seed."""
    columns = [(f"{batch} batches", int(np.flatnonzero(iterations == batch)[0])) for batch in at if batch in iterations]
    values = [(name, {s: curves[s]["f_measure"][:, place] for s in STRATEGIES}) for name, place in columns]
    if len(iterations) > 1:
        values.append(("mean over all batches", {s: area(iterations, curves[s]["f_measure"]) for s in STRATEGIES}))
    rows = []
    for name, of in values:
        rows.append((name,) + tuple(interval(x) for x in (of["random"], of["egl"], of["egl"] - of["random"])))
    return rows


def write_csv(path, curves, iterations):
    """Write fig2.csv: strategy, batch, metric, mean, half_width (95%), seeds. All that the figure shows."""
    with open(path + ".writing", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("strategy", "batch", "metric", "mean", "half_width", "seeds"))
        for strategy in STRATEGIES:
            for metric in METRICS:
                mean, half = interval(curves[strategy][metric])
                for place, batch in enumerate(iterations):
                    numbers = [f"{value:.6g}" for value in (mean[place], half[place])]
                    writer.writerow([strategy, int(batch), metric, *numbers, len(curves[strategy][metric])])
    os.replace(path + ".writing", path)


def draw(path, curves, iterations, initial_iterations):
    """Write the figure as PNG: one panel a metric, mean over seeds and 95% band; the orange line ends the initial images' part."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(METRICS), figsize=(15, 4.6), sharey=True)
    seeds = len(curves["egl"]["f_measure"])
    for axis, metric in zip(axes, METRICS):
        for strategy, colour in STRATEGIES.items():
            mean, half = interval(curves[strategy][metric])
            axis.plot(iterations, mean, color=colour, label={"egl": "EGL", "random": "random"}[strategy])
            axis.fill_between(iterations, mean - half, mean + half, color=colour, alpha=0.2, linewidth=0)
        axis.axvline(initial_iterations, color="tab:orange", label="initial images alone until here")
        axis.set(title=metric.replace("f_measure", "F-measure"), xlabel="batches (SGD iterations)", ylim=(0, 1))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("on the test patches")
    axes[0].legend(loc="lower right")
    figure.suptitle("Image choice by EGL and at random: mean over {} seed{}, band = 95% t-interval".format(seeds, "s" * (seeds > 1)))
    figure.tight_layout(rect=(0, 0, 1, 0.96))
    figure.savefig(path + ".writing.png", dpi=100)
    plt.close(figure)
    os.replace(path + ".writing.png", path)
