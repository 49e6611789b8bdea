"""How plain SGD is made to stand: which candidate becomes the default (claims.CALIBRATION)."""

from dataclasses import replace
from itertools import product
from typing import Any, Dict, List, Tuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from egl.training.settings import FullTrainingSettings, TrainerSettings
from experiments import plots, work
from experiments.analyses.candidates import (
    Finalist,
    best,
    standing,
    train_finalist,
    trainer_of,
)
from experiments.claims import CALIBRATION
from experiments.curves import where
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks

# The candidates, in each column the one that is nearest to Caffe's LeNet first.
SCALES: Dict[str, Tuple[str, float]] = {
    "1/256": ("mean", 1 / 256),
    "1/128": ("mean", 1 / 128),
    "1/64": ("mean", 1 / 64),
    "patch mean, 1/64": ("patch-mean", 1 / 64),
}
POLICIES = ("inv", "fixed")
SGD = {"momentum": (0.9, 0.0005), "equation": (0.0, 0.0)}  # momentum, weight decay
FINALISTS = 2  # of each kind of SGD
SCREENING_SEED = 1
RULE = CALIBRATION
TIE = 0.005  # of mean F
COLOURS = {"momentum": "tab:blue", "equation": "tab:orange"}

Cell = Tuple[str, str, str]  # scale, policy, SGD


def name(cell: Cell) -> str:
    """Return the name of a candidate's screening."""
    words = "-".join(cell).replace("/", "-").replace(",", "").replace(" ", "-")
    return f"calibration-{words}-seed{SCREENING_SEED:02d}"


def final_name(sgd: str, rank: int, seed: int) -> str:
    """Return the name of a finalist's run."""
    return f"calibration-final-{sgd}-{rank}-seed{seed:02d}"


def cells(sgd: str) -> List[Cell]:
    """Return the candidates of a kind of SGD."""
    return [(scale, policy, sgd) for scale, policy in product(SCALES, POLICIES)]


def trainer(cell: Cell, base: TrainerSettings) -> TrainerSettings:
    """Return the settings of SGD of a candidate."""
    scale, policy, sgd = cell
    (scaling, factor), (momentum, decay) = SCALES[scale], SGD[sgd]
    return replace(
        base,
        scaling=scaling,
        factor=factor,
        lr_policy=policy,
        momentum=momentum,
        weight_decay=decay,
    )


def tasks(protocol: Protocol) -> Tasks:
    """Return the screening of every candidate, and the runs of the finalists that it names."""
    base = protocol.images.trainer
    screening = FullTrainingSettings(epochs=protocol.screening_epochs, stop_early=False)
    training = FullTrainingSettings(epochs=protocol.epochs, stop_early=False)
    result, finals = {}, {}
    for sgd in SGD:
        screened = tuple(map(name, cells(sgd)))
        for cell in cells(sgd):
            of_cell = replace(trainer(cell, base), seed=SCREENING_SEED)
            result[name(cell)] = Task(
                work.train_or_diverge, "all", replace(screening, trainer=of_cell)
            )
        for rank, seed in product(range(1, FINALISTS + 1), _seeds(protocol)):
            of_seed = replace(training, trainer=replace(base, seed=seed))
            finals[final_name(sgd, rank, seed)] = Task(
                train_finalist, "all", Finalist(screened, rank, of_seed), needs=screened
            )
    return {**result, **finals}


def _seeds(protocol: Protocol) -> range:
    return range(1, protocol.calibration_seeds + 1)


def measure(results: Results) -> Tables:
    """Return the tables of the finished runs.

    screening: scale, policy, sgd, diverged, rule, epoch, f of each candidate; finals: the same and
    rank, seed of each finalist's run; finalists: scale, policy, sgd, rank, seeds, diverged (how
    many), f (mean), stands; winners: {sgd: its best row of finalists, None where none stands};
    winner: the row that is the default, None where none stands. While a run is missing there are no
    winners. curves: sgd, rank, seed, epoch, val_loss
    """
    store, protocol = results.stores["all"], results.protocol
    done = [cell for sgd in SGD for cell in cells(sgd) if results.finished(name(cell))]
    if not done:
        return {}
    rows = [_row(cell, results, name(cell)) for cell in done]
    screening = pd.DataFrame(rows)
    rows, curves = [], []
    for sgd, rank, seed in product(SGD, range(1, FINALISTS + 1), _seeds(protocol)):
        run = final_name(sgd, rank, seed)
        if results.finished(run) and results.metrics(run).get("epochs"):
            cell = _cell(trainer_of(results.run(run)), sgd)
            rows.append({**_row(cell, results, run), "rank": rank, "seed": seed})
            rounds = results.rounds(run)[["val_loss"]]
            numbers = np.arange(1, len(rounds) + 1)
            curves.append(rounds.assign(sgd=sgd, rank=rank, seed=seed, epoch=numbers))
    finals = pd.DataFrame(rows, columns=[*screening.columns, "rank", "seed"])
    finalists = _finalists(finals, protocol)
    whole = results.finished(*tasks(protocol))  # a run to come may be the better one
    return {
        "screening": screening,
        "finals": finals,
        "finalists": finalists,
        "curves": pd.concat(curves) if curves else pd.DataFrame(),
        "winners": {sgd: _winner(where(finalists, sgd=sgd)) for sgd in SGD} if whole else {},
        "winner": _winner(finalists) if whole else None,
        "samples": len(store.samples("train")),
    }


def _row(cell: Cell, results: Results, run: str) -> Dict[str, Any]:
    scale, policy, sgd = cell
    found = standing(results.run(run), results.stores["all"])
    return {"scale": scale, "policy": policy, "sgd": sgd, **found._asdict()}


def _cell(settings: TrainerSettings, sgd: str) -> Cell:
    return next(cell for cell in cells(sgd) if trainer(cell, settings) == settings)


def _finalists(finals: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    order = {cell: place for place, cell in enumerate(product(SCALES, POLICIES, SGD))}
    rows = []
    for cell, runs in finals.groupby(["scale", "policy", "sgd"], sort=False):
        diverged = int(runs["diverged"].notna().sum())
        numbers = {"rank": runs["rank"].iloc[0], "seeds": len(runs), "diverged": diverged}
        stands = len(runs) == protocol.calibration_seeds and not diverged
        keys = dict(zip(("scale", "policy", "sgd"), cell))
        rows.append({**keys, **numbers, "f": runs["f"].mean(), "stands": stands})
    rows.sort(key=lambda row: order[row["scale"], row["policy"], row["sgd"]])
    columns = ["scale", "policy", "sgd", "rank", "seeds", "diverged", "f", "stands"]
    return pd.DataFrame(rows, columns=columns)


def _winner(finalists: pd.DataFrame) -> Any:
    """Return the row of the finalist that wins; None where none stands."""
    standing_ones = finalists[finalists["stands"].astype(bool)]
    if standing_ones.empty:
        return None
    return standing_ones.iloc[best(standing_ones["f"].tolist(), TIE)]


def draw(tables: Tables) -> Figures:
    """Yield F of every candidate's screening, and the finalists' validation loss by epoch."""
    figure, axes = plots.panels(2, width=6.5, height=4.6)
    _draw_screening(axes[0, 0], tables["screening"])
    axis = axes[0, 1]
    for finalist in tables["finalists"].itertuples():
        curves = where(tables["curves"], sgd=finalist.sgd, rank=finalist.rank)
        for number, (_, run) in enumerate(curves.groupby("seed")):
            label = f"{finalist.scale}, {finalist.policy}, {finalist.sgd}" if not number else None
            axis.plot(
                run["epoch"], run["val_loss"], color=COLOURS[finalist.sgd], label=label,
                linestyle="-" if finalist.rank == 1 else ":",
            )  # fmt: skip
    if len(tables["finalists"]):
        axis.legend(fontsize=8)
    axis.xaxis.get_major_locator().set_params(integer=True)
    plots.finish(axis, "Finalists, a line for each seed", "epoch", "validation loss")
    yield "calibration.png", figure


def _draw_screening(axis: Axes, screening: pd.DataFrame) -> None:
    names = [f"{scale}, {policy}" for scale, policy in product(SCALES, POLICIES)]
    for sgd, rows in screening.groupby("sgd", sort=False):
        heights = [names.index(f"{row.scale}, {row.policy}") for row in rows.itertuples()]
        diverged = rows["diverged"].notna().to_numpy()
        style = {"color": COLOURS[sgd], "linestyle": ""}
        axis.plot(rows["f"], heights, marker="o", label=sgd, fillstyle="none", **style)
        out = np.array(heights)[diverged]
        axis.plot(rows["f"][diverged], out, marker="x", label=f"{sgd}, diverged later", **style)
    axis.set_yticks(range(len(names)))
    axis.set_yticklabels(names)
    axis.invert_yaxis()
    axis.legend(fontsize=8)
    plots.finish(axis, "Screening", "F on the validation patches, when the stopping rule says stop")


def csvs(tables: Tables) -> Csvs:
    """Return the screening and the finalists' runs."""
    return {
        "calibration-screening.csv": tables["screening"],
        "calibration-finals.csv": tables["finals"],
    }
