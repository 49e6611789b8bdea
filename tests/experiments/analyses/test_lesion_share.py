from dataclasses import replace

import numpy as np

from data_prep.stored_photographs import StoredPhotographs
from egl.selection.run import select
from egl.selection.settings import RunSettings, SelectionSettings
from egl.training.run_files import read_settings
from experiments.analyses.lesion_share import (
    NAME,
    AsMany,
    LesionShare,
    kinds_chosen,
    select_as_many,
)
from experiments.analyses.training_patches import edge_distances, edge_map, outlier_ranks


class Model:
    def random(self, stream):
        return np.random.RandomState(5)


def test_each_image_is_of_the_kind_that_was_followed():
    lesion = [True, False, True, False, False]
    strategy = LesionShare(Model(), lesion, {2: True, 3: False, 4: False})
    (first,) = strategy.query_images([1, 2, 3], 1, None, [0, 4]).indices
    assert first == 1
    chosen = strategy.query_images([1, 2, 3], 3, None, [0, 4]).indices
    assert [lesion[[1, 2, 3][index]] for index in chosen] == [True, False, False]
    # Where that kind is used up, any other is taken.
    assert len(strategy.query_images([1, 3], 1, None, [0, 4]).indices) == 1


def test_a_run_at_the_share_of_another(caffe, small_store, tmp_path):
    settings = RunSettings(
        selection=SelectionSettings(iterations=4, candidates=40, initial_iterations=2),
        strategy="egl",
        patch_strategy="random",
        lesion_share=1,
        initial_images=2,
        stride=48,
        image_patches=4,
    )
    progress = lambda done, total: None  # noqa: E731
    select(small_store, settings, str(tmp_path / "egl"), progress=progress)
    follower = AsMany(replace(settings, strategy=NAME), "egl")
    select_as_many(small_store.path, follower, str(tmp_path / "share"), progress)
    kinds = kinds_chosen(str(tmp_path / "egl"))
    assert len(kinds) == 4
    assert kinds_chosen(str(tmp_path / "share")) == kinds
    assert read_settings(str(tmp_path / "share"))["strategy"] == NAME


def test_distance_to_the_edge_by_hand():
    mask = np.zeros((5, 9), bool)
    mask[:, :4] = True
    assert edge_map(mask)[2].tolist() == [4, 3, 2, 1, 1, 2, 3, 4, 5]
    assert np.isinf(edge_map(np.zeros((3, 3), bool))).all()


def test_exudate_patches_of_the_store_lie_in_their_masks(small_store):
    patches = small_store.patches_of("train")
    edges = edge_distances(small_store, patches)
    healthy_images = [not small_store.images[image].lesion for image in small_store.image[patches]]
    assert (np.isinf(edges) == healthy_images).all()
    assert (edges[small_store.labels[patches] == 1] >= 1).all()
    first = patches[np.isfinite(edges)][0]
    image = int(small_store.image[first])
    mask = StoredPhotographs(small_store).annotated(image)[1]
    y, x = small_store.yx[first] + 24
    others = np.argwhere(mask != mask[y, x])
    expected = np.sqrt(((others - [y, x]) ** 2).sum(axis=1)).min()
    assert abs(edges[np.isfinite(edges)][0] - expected) < 0.01


def test_the_one_far_away_is_the_outlier():
    features = np.concatenate([np.random.RandomState(0).randn(30, 3), [[20, 20, 20]]])
    ranks = outlier_ranks(features)
    assert ranks[-1] == 1 and ranks.min() == 0
