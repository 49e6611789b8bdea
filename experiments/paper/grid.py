"""Learning rates and batch sizes: the same number of samples for all, F on the test patches (the paper's grid search)."""

from typing import NamedTuple

import numpy as np

from egl.training.full_training import FullTrainingSettings
from egl.training.run_folder import write_csv
from experiments import plots, work
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.curves import AFTER_DIVERGENCE, mean_text
from experiments.section import Figure, Section, Table, Verdict
from experiments.tasks import Task

# What C5 is about, and how near the best cell's mean F is near enough.
RATE, BATCHES, NEAR = 0.01, (32, 64), 0.02
SHADES = 0.1  # the heat map's shades reach so far below the best cell's mean F


class Run(NamedTuple):
    """A finished run: F and AUC on the test samples in the end, whether it diverged, whether its net calls all patches the same."""

    seed: int
    f_measure: float
    auc: float
    diverged: bool
    one_class: bool


def name(rate, batch, seed):
    """Return the name of a cell's run."""
    return f"grid-rate{rate:g}-batch{batch}-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: for each rate, batch size and seed a plain SGD run over the same number of samples."""
    samples = protocol.grid_epochs * 2 * protocol.prepare.n_train
    result = {}
    for seed in range(1, protocol.seeds + 1):
        for rate in protocol.grid_rates:
            for batch in protocol.grid_batches:
                trainer = protocol.images.trainer._replace(seed=seed, rate=rate, batch=batch)
                n = max(1, round(samples / batch))
                settings = FullTrainingSettings(
                    trainer, stop_early=False, iterations=n, evaluate_every=n
                )
                result[name(rate, batch, seed)] = Task(work.train_or_diverge, "all", settings)
    return result


def section(results):
    """Return the Section, or None where no run is finished."""
    protocol = results.protocol
    cells = {
        (rate, batch): _runs(results, rate, batch)
        for rate in protocol.grid_rates
        for batch in protocol.grid_batches
    }
    if not any(cells.values()):
        return None
    rows = [
        [f"{rate:g}", batch, run.seed, f"{run.f_measure:.6g}", f"{run.auc:.6g}", int(run.diverged)]
        for (rate, batch), runs in cells.items()
        for run in runs
    ]
    write_csv(
        results.file("grid.csv"), ("rate", "batch", "seed", "f_measure", "auc", "diverged"), rows
    )
    return Section(
        "Learning rates and batch sizes",
        _text(results, cells),
        [_draw(results, cells)],
        [_table(results, cells)],
        [_verdict(results, cells)],
        ("grid.csv",),
    )


def _runs(results, rate, batch):
    """Return the finished runs of a cell."""
    runs = []
    for seed in results.seeds(
        range(1, results.protocol.seeds + 1), lambda seed: name(rate, batch, seed)
    ):
        metrics = results.metrics(name(rate, batch, seed))
        diverged = bool(metrics["diverged"])
        test = AFTER_DIVERGENCE if diverged else metrics["test"]
        one_class = not diverged and sorted((test["sensitivity"], test["specificity"])) == [0, 1]
        runs.append(Run(seed, test["f_measure"], test["auc"], diverged, one_class))
    return runs


def _f(runs):
    return [run.f_measure for run in runs]


def _diverged(runs):
    return sum(run.diverged for run in runs)


def _best(cells):
    """Return the (rate, batch) of the highest mean F, of equals the first."""
    return max(
        (cell for cell, runs in cells.items() if runs), key=lambda cell: np.mean(_f(cells[cell]))
    )


def _text(results, cells):
    protocol = results.protocol
    runs = [run for of_cell in cells.values() for run in of_cell]
    iterations = ", ".join(f"{n} of {batch} samples" for batch, n in _iterations(protocol).items())
    text = [
        f"Plain SGD with all labels at {len(protocol.grid_rates)} learning rates and {len(protocol.grid_batches)} batch sizes. Each run "
        f"sees {_seen(results)}, so larger batches make fewer iterations: {iterations}. {len(runs)} of {len(cells) * protocol.seeds} runs "
        f"are there ({protocol.seeds} seeds a cell)."
    ]
    if _diverged(runs):
        f_measure, auc = (AFTER_DIVERGENCE[metric] for metric in ("f_measure", "auc"))
        text.append(
            f"Runs that diverged: {_diverged(runs)}. Their F counts {f_measure:g} and their AUC {auc:g}."
        )
    one_class = sum(run.one_class for run in runs)
    if one_class:
        text.append(f"Runs that end with a net that calls all patches the same: {one_class}.")
    return text


def _seen(results):
    """Return how much a run sees, as text; the training samples may be fewer than were asked for."""
    seen = results.protocol.grid_epochs * 2 * results.protocol.prepare.n_train
    n = len(results.stores["all"].samples("train"))
    return f"{seen:.0f} samples ({seen / n:.3g} times the {n} training samples)"


def _iterations(protocol):
    """Return {batch size: SGD iterations of a run}."""
    wanted = tasks(protocol)
    return {
        batch: wanted[name(protocol.grid_rates[0], batch, 1)].settings.iterations
        for batch in protocol.grid_batches
    }


def _draw(results, cells):
    rates, batches = results.protocol.grid_rates, results.protocol.grid_batches
    means = np.array(
        [[np.mean(_f(cells[rate, batch]) or [np.nan]) for batch in batches] for rate in rates]
    )
    highest, best = np.nanmax(means), _best(cells)
    with plots.figure(
        results.file("grid.png"), width=1.6 * len(batches) + 2, height=0.9 * len(rates) + 1.4
    ) as (drawing, axes):
        axis = axes[0, 0]
        axis.set_facecolor("lightgray")  # a cell without runs
        shades = axis.imshow(
            means, aspect="auto", cmap="viridis", vmin=highest - SHADES, vmax=highest
        )
        drawing.colorbar(shades, extend="min", label="mean F-measure")
        for (row, column), mean in np.ndenumerate(means):
            cell = rates[row], batches[column]
            style = {
                "color": "white" if mean < highest - SHADES / 3 else "black",
                "weight": "bold" if cell == best else "normal",
            }
            axis.text(
                column,
                row,
                _annotation(cells[cell], results.protocol.seeds),
                ha="center",
                va="center",
                **style,
            )
            if cell[0] == RATE and cell[1] in BATCHES:
                x, y = (
                    column + 0.47 * np.array([-1, 1, 1, -1, -1]),
                    row + 0.46 * np.array([-1, -1, 1, 1, -1]),
                )
                axis.plot(x, y, color="tab:red", linewidth=3)
        axis.set(
            xticks=range(len(batches)),
            xticklabels=batches,
            yticks=range(len(rates)),
            yticklabels=[f"{rate:g}" for rate in rates],
        )
        axis.set(
            xlabel="batch size (samples)",
            ylabel="learning rate",
            title="Test F-measure, equally many samples",
        )
    return Figure(
        "grid.png",
        "F-measure on the test patches after equally many samples, mean over seeds ± half of the 95% t-interval. Red frames: what the "
        f"paper calls robust. Bold: the highest mean. The darkest shade stands for everything more than {SHADES:g} below it.",
    )


def _annotation(runs, seeds):
    if not runs:
        return "no run"
    lines = [mean_text(_f(runs)).replace(" ± ", "\n± ")]
    if _diverged(runs):
        lines.append(f"{_diverged(runs)} diverged")
    if len(runs) < seeds:
        lines.append(f"{len(runs)} of {seeds} runs")
    return "\n".join(lines)


def _table(results, cells):
    iterations = _iterations(results.protocol)
    rows = []
    for (rate, batch), runs in cells.items():
        means = [
            mean_text(values) if runs else "" for values in (_f(runs), [run.auc for run in runs])
        ]
        counts = [
            str(iterations[batch]),
            f"{len(runs)} of {results.protocol.seeds}",
            str(_diverged(runs)),
        ]
        rows.append([f"{rate:g}", str(batch), *counts, *means])
    return Table(
        "At the end, on the test patches",
        ("rate", "batch", "iterations", "runs", "diverged", "F-measure", "AUC"),
        rows,
    )


def _verdict(results, cells):
    """Return the verdict on C5: where a cell has no run, it can fail, but not hold."""
    best, seeds = _best(cells), results.protocol.seeds
    # The last term: a mean that is too low by the rounding of a float alone is near enough.
    least = np.mean(_f(cells[best])) - NEAR - 1e-9
    claimed = {batch: cells.get((RATE, batch), []) for batch in BATCHES}
    if any(runs and (np.mean(_f(runs)) < least or _diverged(runs)) for runs in claimed.values()):
        verdict = NOT_REPRODUCED
    else:
        verdict = REPRODUCED if all(claimed.values()) and all(cells.values()) else UNDECIDED
    words = [
        f"rate {RATE:g}, batch {batch}: {_words(runs, seeds)}" for batch, runs in claimed.items()
    ]
    words.append(f"best cell (rate {best[0]:g}, batch {best[1]}): {_words(cells[best], seeds)}")
    empty = sum(not runs for runs in cells.values())
    measured = f"F after {_seen(results)}: " + "; ".join(words) + "."
    return Verdict(
        "C5", verdict, measured + (f" {empty} of {len(cells)} cells have no run." if empty else "")
    )


def _words(runs, seeds):
    """Return a cell's mean F, divergence and seeds as text."""
    return (
        f"{mean_text(_f(runs))}, {_diverged(runs)} diverged, {len(runs)} of {seeds} seeds"
        if runs
        else "not run"
    )
