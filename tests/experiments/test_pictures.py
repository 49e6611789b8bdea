import numpy as np
import pytest
from matplotlib.colors import same_color

from experiments import plots
from experiments.pictures import read_pictures, show_map, show_photograph, show_under_maps


def test_pictures_are_read_by_number(tmp_path):
    path = str(tmp_path / "pictures.npz")
    np.savez(path, **{"1_id": np.array("b"), "0_id": np.array("a"), "0_p_low": np.zeros(2)})
    first, second = read_pictures(path)
    assert (str(first["id"]), first["p_low"].tolist(), str(second["id"])) == ("a", [0, 0], "b")


def test_a_photograph_with_its_outlines():
    photograph = np.full((40, 60, 3), (10, 20, 30), np.uint8)
    mask, nothing = np.zeros((40, 60), np.uint8), np.zeros((40, 60), np.uint8)
    mask[10:20, 30:50] = 255
    picture = {"photograph": photograph, "id": "folder/a.jpg", "annotated": mask, "called": nothing}
    _, ((axis,),) = plots.panels()
    show_photograph(axis, picture, annotated=("cyan", "-"), called=("white", "--"))
    assert axis.get_title() == "a.jpg"
    assert axis.images[0].get_array()[0, 0].tolist() == [30, 20, 10]  # red first
    border, outline = axis.collections  # nothing is called
    assert same_color(border.get_edgecolor()[0], "black")
    assert same_color(outline.get_edgecolor()[0], "cyan")
    assert outline.get_paths()[0].get_extents().bounds == pytest.approx(
        (29.5, 9.5, 20, 10), abs=0.1
    )


def test_a_map_with_its_colour_bar():
    figure, ((axis,),) = plots.panels()
    show_map(figure, axis, np.array([[0.0, 0.5]]), "phi", vmin=0, vmax=2)
    assert axis.images[0].get_array().tolist() == [[0, 0.5]]
    assert axis.images[0].get_clim() == (0, 2)
    assert axis.get_title() == "phi"


def test_a_map_lies_on_the_centres_of_its_patches():
    figure, ((left, right, bar),) = plots.panels(3)
    photograph = np.zeros((20, 30, 3), np.uint8)
    maps = np.array([[[0.0, np.nan], [4.0, 1.0]]])
    show_under_maps(figure, (left, right, bar), photograph, maps, (100, 150), stride=8)
    grey, heat = right.images
    for picture in (grey, heat.axes.images[0]):
        assert tuple(picture.get_extent()) == (0, 150, 100, 0)
    # Two columns and two rows, whose first centre is at pixel 24.
    assert heat.get_extent() == [20, 36, 36, 20]
    assert np.isnan(heat.get_array().filled(np.nan)[0, 1])
    assert heat.norm.vmax == pytest.approx(np.nanpercentile(maps, 99.5))
