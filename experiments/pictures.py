"""Photographs in a figure, with outlines and maps."""

import os
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np
from matplotlib import cm, colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from data_prep.geometry import PATCH_SIDE

Picture = Mapping[str, Any]  # {name: array} of one photograph
LEVEL = 127  # of a mask with values from 0 to 255


def read_pictures(path: str) -> List[Picture]:
    """Return the pictures of an .npz, whose arrays are called NUMBER_NAME."""
    pictures: Dict[int, Dict[str, Any]] = {}
    with np.load(path) as file:
        for key in file.files:
            number, name = key.split("_", 1)
            pictures.setdefault(int(number), {})[name] = file[key]
    return [pictures[number] for number in sorted(pictures)]


def outline(axis: Axes, mask: np.ndarray, colour: str, line: str = "-") -> None:
    """Draw the outline of a mask (0 to 255) with a dark border, to be seen on any ground."""
    if np.ptp(mask) > LEVEL:  # a lesion of a few pixels may be gone in a small picture
        axis.contour(mask, levels=[LEVEL], colors="black", linewidths=2.2)
        axis.contour(mask, levels=[LEVEL], colors=colour, linestyles=line, linewidths=1.1)


def show_photograph(axis: Axes, picture: Picture, **outlines: Tuple[str, str]) -> None:
    """Draw a photograph (uint8 BGR) and the outlines of its masks, named after its file.

    outlines: {name of a mask in the picture: (colour, line)}
    """
    axis.imshow(picture["photograph"][..., ::-1])
    for name, (colour, line) in outlines.items():
        outline(axis, picture[name], colour, line)
    axis.set_title(os.path.basename(str(picture["id"])), fontsize=10)
    axis.set_axis_off()


def show_map(figure: Figure, axis: Axes, values: np.ndarray, title: str, **style: Any) -> None:
    """Draw a map, with its colour bar to the right; style: for imshow."""
    heat = axis.imshow(values, **style)
    figure.colorbar(heat, cax=axis.inset_axes([1.02, 0, 0.03, 1]))
    axis.set_title(title, fontsize=10)
    axis.set_axis_off()


def show_under_maps(
    figure: Figure,
    row: np.ndarray,
    photograph: np.ndarray,
    maps: np.ndarray,
    size: Tuple[int, int],
    stride: int,
) -> None:
    """Draw a photograph, then in grey under each of its maps, then the colour bar of all maps.

    row: the axes; photograph: uint8 BGR, of any scale; maps: (n, rows, columns), nan where there is
    no patch; size: (height, width) of the photograph that was scored; stride: of the maps, pixels
    """
    height, width = size
    extent = (0, width, height, 0)
    colours = cm.autumn(np.linspace(0, 1, 256))[:, :3]
    opacity = np.minimum(1, np.linspace(0, 2, 256))[:, None]  # the photograph shows where phi is 0
    over_photograph = colors.ListedColormap(np.hstack([colours, opacity]))
    over_grey = colors.ListedColormap(colours * opacity + 0.4 * (1 - opacity))
    scale = colors.Normalize(0, float(np.nanpercentile(maps, 99.5)) or 1.0)
    row[0].imshow(photograph[..., ::-1], extent=extent)
    for axis, values in zip(row[1:], maps):
        axis.imshow(photograph[..., 1], cmap="gray", vmin=0, vmax=255, extent=extent)
        # A score belongs to the centre of its patch.
        ends = (0, values.shape[1], values.shape[0], 0)
        edges = [PATCH_SIDE // 2 + (end - 0.5) * stride for end in ends]
        axis.imshow(values, over_photograph, scale, extent=edges, interpolation="nearest")
        axis.set(xlim=(0, width), ylim=(height, 0))
    for axis in row[:-1]:
        axis.set(xticks=(), yticks=())
    figure.colorbar(cm.ScalarMappable(scale, over_grey), cax=row[-1])
