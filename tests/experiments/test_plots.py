import numpy as np
import pandas as pd
import pytest

from egl.strategies import STRATEGIES
from experiments import plots


def test_every_strategy_of_the_package_has_a_colour_of_its_own():
    colours = [plots.colour(strategy) for strategy in STRATEGIES]
    assert len(set(colours)) == len(STRATEGIES)
    assert not set(colours) & set(plots.FURTHER_COLOURS)


def test_an_arm_from_outside_has_a_colour_and_is_called_by_its_name():
    assert plots.colour("my.module:Mine") == plots.colour("my.module:Mine")
    assert plots.colour("my.module:Mine") in plots.FURTHER_COLOURS
    assert plots.label("my.module:Mine") == "my.module:Mine"
    assert plots.label("egl") == "EGL"


def test_a_band_is_a_mean_and_its_interval_between_the_seeds():
    _, axes = plots.panels()
    values = [[0.9, 0.5], [1.0, 0.5], [1.0, 0.5]]
    plots.band(axes[0, 0], [0, 1], values, "three", "black")
    (line,), (shade,) = axes[0, 0].lines, axes[0, 0].collections
    assert line.get_ydata().tolist() == pytest.approx([2.9 / 3, 0.5])
    heights = shade.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.5, 1.0))  # no share above 1


def test_two_seeds_are_two_thin_lines():
    _, axes = plots.panels()
    plots.band(axes[0, 0], [0, 1], [[1.0, 2.0], [3.0, 2.0]], "two", "black")
    assert [line.get_ydata().tolist() for line in axes[0, 0].lines] == [[2, 2], [1, 2], [3, 2]]
    assert not axes[0, 0].collections
    plots.dot(axes[0, 0], np.array([1.0, 2.0]), 0)
    assert not axes[0, 0].collections  # and no interval
    plots.dot(axes[0, 0], np.array([1.0, 2.0, 3.0]), 1)
    assert len(axes[0, 0].collections) == 1


def test_bands_have_one_for_each_arm_and_a_thin_line_for_each_seed():
    curves = pd.DataFrame(
        [("egl", 1, 5, 0.1), ("egl", 2, 5, 0.3), ("random", 1, 5, 0.2), ("random", 2, 5, 0.2)],
        columns=["arm", "seed", "iteration", "f_measure"],
    )
    _, axes = plots.panels()
    plots.bands(axes[0, 0], curves, "f_measure", thin=0.5)
    lines = [(line.get_label(), line.get_ydata().tolist()) for line in axes[0, 0].lines]
    assert lines[0] == ("EGL", [pytest.approx(0.2)])
    assert sorted(y for _, y in lines[1:3]) == [[0.1], [0.3]]
    assert lines[3][0] == "random"


def test_a_figure_is_written_whole_and_alike_again(tmp_path):
    def draw(path):
        figure, axes = plots.panels(2, 1)
        plots.dot(axes[0, 0], np.array([1.0, 2.0]), 0)
        plots.name_rows(axes[0, 1], ["a", "b"])
        plots.save(figure, str(path))
        return path.read_bytes(), path.with_suffix(".svg").read_bytes()

    assert draw(tmp_path / "a.png") == draw(tmp_path / "b.png")
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "a.png", "a.svg", "b.png", "b.svg",
    ]  # fmt: skip
