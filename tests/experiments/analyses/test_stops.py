from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.gradient_length.phi import GradientLength
from egl.nets.definition import prototxt_path
from egl.training.run_files import read_table
from egl.training.snapshots import weights_at
from experiments.analyses import stops


def test_patches_are_drawn_half_of_each_class_from_the_training_split():
    labels = np.array([0, 1] * 10)
    training = np.arange(4, 20)
    store = SimpleNamespace(labels=labels, patches_of=lambda split: {"train": training}[split])
    drawn = stops.drawn(store, 6, seed=1)
    assert labels[drawn].sum() == 3
    assert len(set(drawn)) == 6
    assert set(drawn) <= set(training)
    assert drawn.tolist() == sorted(drawn)
    assert drawn.tolist() == stops.drawn(store, 6, seed=1).tolist()
    assert drawn.tolist() != stops.drawn(store, 6, seed=2).tolist()
    assert stops.drawn(store, 400, seed=1).tolist() == training.tolist()


def test_rank_correlation_and_overlap_by_hand():
    # One pair of neighbours swapped among four: 1 - 6 * (1 + 1) / (4 * 15).
    assert stops.rank_correlation([1, 2, 3, 4], [10, 30, 20, 40]) == pytest.approx(0.8)
    assert stops.rank_correlation([1, 2, 3], [9, 4, 1]) == pytest.approx(-1)
    assert np.isnan(stops.rank_correlation([0, 0, 0], [1, 2, 3]))
    assert stops.overlap([5, 4, 3, 2, 1], [5, 1, 4, 3, 2], k=2) == 0.5
    assert stops.overlap([1, 2], [1, 2], k=3) == 1


@pytest.mark.parametrize("scaling", ["mean", "patch-mean"])
def test_every_stop_scores_the_same_patches(runs, small_store, scaling):
    settings = stops.Comparison(scaling, (10, 30), 12, seed=2)
    reported = []
    for name in ("compared", "compared-again"):
        out = str(runs / f"{name}-{scaling}")
        stops.compare(small_store.path, settings, out, lambda *done: reported.append(done))
    assert reported == 2 * [(done, 5) for done in range(1, 6)]
    path = runs / f"compared-{scaling}" / "phi.csv"
    assert path.read_bytes() == (runs / f"compared-again-{scaling}" / "phi.csv").read_bytes()
    rows = read_table(str(path))
    assert {row["iteration"] for row in rows} == {"10"}  # the run ended before 30
    assert [row["label"] for row in rows].count("1") == 6
    values, labels = small_store.read([(int(row["patch"]), 0) for row in rows])
    assert [int(row["label"]) for row in rows] == labels.tolist()
    # Caffe's own parameter gradients; "all" is every layer's gradient together.
    normalised = Normalisation.of(scaling, small_store.mean).apply(values)
    prototxt, weights = prototxt_path("lenet_score.prototxt"), weights_at(str(runs / scaling), 10)
    for stop, (layer, parameters) in stops.STOPS.items():
        scorer = GradientLength(prototxt, weights, layer, parameters, route="param-diff")
        wanted = scorer.score(normalised).phi
        assert [float(row[stop]) for row in rows] == pytest.approx(wanted, rel=1e-4)
    single = ("ip2", "ip1", "conv2", "conv1")
    assert all(float(row["all"]) > max(float(row[stop]) for stop in single) for row in rows)
