"""The drawings of Fig. 3."""

import os

import h5py
import numpy as np

from experiments.paper.fig3_runs import DECAYED, KINDS, times, watched
from experiments.plots import COLOURS, figure, finish
from experiments.section import Figure

PHOTOGRAPHS = {
    "lesion": ("with exudates", "tab:red"),
    "healthy": ("healthy", "tab:cyan"),
}  # group of maps.h5: label, colour


def draw(results, loaded):
    kinds = [kind for kind in KINDS if loaded[kind]]
    with figure(results.file("fig3.png"), len(kinds), 2, width=5.6, height=3.4, sharex="col") as (
        _,
        axes,
    ):
        for (above, below), kind in zip(axes.T, kinds):
            runs = loaded[kind]
            _draw_photographs(above, runs)
            for run in runs:
                rounds = results.rounds(watched(kind, run.seed))
                below.plot(
                    rounds["iteration"], rounds["f_measure"], color=COLOURS[kind], linewidth=1
                )
                for which, style in ((run.works, "ko"), (~run.works, "rx")):
                    below.plot(run.iterations[which], run.f[which], style, markersize=5)
            if kind == "sgd":
                below.set_xscale("log")
            finish(
                above,
                f"{KINDS[kind]}, {len(runs)} seed{'s' * (len(runs) > 1)}",
                "",
                "interestingness / its maximum",
                (-0.03, 1.05),
            )
            finish(below, "", "batches (SGD iterations)", "F on the test patches", (-0.03, 1.05))
        below.plot([], [], "ko", label="working net")
        below.plot([], [], "rx", label="below 90% of its best F")
        for axis in (above, below):
            axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8)
    return Figure(
        "fig3.png",
        "Above: interestingness of each photograph over its maximum in time, a thin line a photograph (dotted: its run diverged, or its "
        "net does not work at the last time). Below: F on the test patches, a line a seed; marks: the times at which photographs were "
        "scored, as far as F was measured by then.",
    )


def _draw_photographs(axis, runs):
    for run in runs:
        for lesion, values in zip(run.lesion, run.relative):
            colour = PHOTOGRAPHS["lesion" if lesion else "healthy"][1]
            axis.plot(
                run.iterations,
                values,
                "-" if run.counts else ":",
                color=colour,
                linewidth=0.8,
                alpha=0.6,
            )
    for label, colour in PHOTOGRAPHS.values():
        axis.plot([], [], color=colour, label=label)
    for which, style, label in (
        (runs, "--", "median of all"),
        ([run for run in runs if run.counts], "-", "median, runs that count"),
    ):
        if not which:
            continue
        x = times(which)
        y = [
            np.nanmedian(
                np.hstack([run.relative[:, run.iterations == each].ravel() for run in which])
            )
            for each in x
        ]
        axis.plot(x, y, style, color="black", linewidth=2.2, label=label)
    axis.axhline(DECAYED, color="tab:orange", linewidth=1, label=f"{DECAYED} of the maximum")


def draw_maps(results, kind, path):
    with h5py.File(path, "r") as file:
        stride, iterations = int(file.attrs["stride"]), file.attrs["iterations"].tolist()
        groups = [file[group] for group in PHOTOGRAPHS if group in file]
        n, ratios = len(iterations) + 2, [1.0] * (len(iterations) + 1) + [0.05]
        name_of, shape = f"fig3-maps-{kind}.png", {"width": 2.6, "height": 2.0}
        with figure(
            results.file(name_of), n, len(groups), **shape, gridspec_kw={"width_ratios": ratios}
        ) as (drawing, axes):
            for row, group in zip(axes, groups):
                _draw_row(drawing, row, group, stride)
            for axis, iteration in zip(axes[0, 1:], iterations):
                axis.set_title(f"{iteration} batches")
    return Figure(
        name_of,
        f"{KINDS[kind]}, seed 1: two photographs and, over their green channel, phi of the patch around each place after so many batches. "
        "One colour scale a row, up to the 99.5th percentile of its maps.",
        photographs=True,
    )


def _draw_row(drawing, axes, group, stride):
    """Draw a photograph, it under each of its maps, and their colour bar."""
    from matplotlib import pyplot as plt
    from matplotlib.colors import ListedColormap, Normalize

    colours = plt.get_cmap("autumn")(np.linspace(0, 1, 256))
    colours[:, 3] = np.minimum(1, np.linspace(0, 2, 256))  # where phi is 0 one sees the photograph
    on_grey = np.append(
        colours[:, :3] * colours[:, 3:] + 0.4 * (1 - colours[:, 3:]), np.ones((256, 1)), axis=1
    )
    photograph, phi = group["photograph"][...][..., ::-1], group["phi"][...]
    height, width = (int(group.attrs[side]) for side in ("height", "width"))
    scale = Normalize(0, float(np.nanpercentile(phi, 99.5)) or 1.0)
    axes[0].imshow(photograph, extent=(0, width, height, 0))
    axes[0].set_ylabel(PHOTOGRAPHS[os.path.basename(group.name)][0])
    for axis, values in zip(axes[1:], phi):
        axis.imshow(photograph[..., 1], cmap="gray", vmin=0, vmax=255, extent=(0, width, height, 0))
        edges = [
            24 + (place - 0.5) * stride for place in (0, values.shape[1], values.shape[0], 0)
        ]  # phi stands at its patch's centre
        axis.imshow(values, ListedColormap(colours), scale, extent=edges, interpolation="nearest")
        axis.set(xlim=(0, width), ylim=(height, 0))
    for axis in axes[:-1]:
        axis.set(xticks=(), yticks=())
    drawing.colorbar(plt.cm.ScalarMappable(scale, ListedColormap(on_grey)), cax=axes[-1]).set_label(
        "phi"
    )
