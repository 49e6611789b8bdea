import numpy as np

from egl.strategies.base import ByScore, highest, mean_rows, rows_of_bags
from egl.strategies.check import PureBags, PureModel


class FirstPixel(ByScore):
    def scores(self, patches):
        return patches[:, 0, 0, 0].astype(float)


def test_highest_takes_the_first_of_equal_scores():
    choice = highest(np.array([1.0, 3.0, 3.0, 2.0]), 3)
    assert choice.indices.tolist() == [1, 2, 3]
    assert choice.scores.tolist() == [3, 3, 2]


def test_an_image_s_score_is_the_sum_over_its_grid():
    bags, strategy = PureBags(limit=5), FirstPixel(PureModel())
    patches, n_grid = bags.patches_of(2)
    # 5 of 25 patches were scored: their sum stands for a fifth of the grid.
    expected = patches[:, 0, 0, 0].astype(float).sum() * n_grid / 5
    assert strategy.image_scores([2], bags).tolist() == [expected]


def test_rows_of_several_images_are_measured_together_and_given_back_apart(monkeypatch):
    monkeypatch.setattr("egl.strategies.base.TOGETHER", 10)  # two images of 5 patches
    bags, sizes = PureBags(limit=5), []

    def measure(patches):
        sizes.append(len(patches))
        return patches[:, 0, 0, :2].astype(float)

    rows = list(rows_of_bags([0, 1, 2], bags, measure))
    assert sizes == [10, 5]
    for image, (image_rows, n_grid) in enumerate(rows):
        assert (image_rows == bags.patches_of(image)[0][:, 0, 0, :2]).all()
        assert n_grid == 25
    means = mean_rows([1], bags, measure)
    assert means.tolist() == [rows[1][0].mean(axis=0).tolist()]
