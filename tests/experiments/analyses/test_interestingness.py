from dataclasses import replace
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from data_prep.files import write_csv
from data_prep.normalisation import Normalisation
from data_prep.store import ImageRow
from data_prep.stored_photographs import StoredPhotographs
from egl.gradient_length.phi import GradientLength
from egl.nets.definition import prototxt_path
from egl.training.run_files import QUERIES, read_table
from egl.training.snapshots import weights_at
from experiments.analyses import interestingness

WATCHING = interestingness.Watching(
    run="source", iterations=(6, 15), chosen=True, images=4, seed=1, stride=24, map_stride=0
)
DRAWN = replace(WATCHING, chosen=False)


@pytest.fixture
def store():
    """Six training photographs with exudates, six healthy, and two of the test split."""
    rows = [
        ImageRow(f"{kind}{n}", "p", "", 9, 9, kind == "e", 0, "") for kind in "eh" for n in range(6)
    ]
    rows.append(ImageRow("e9", "q", "", 9, 9, True, 2, ""))
    rows.append(ImageRow("h9", "q", "", 9, 9, False, 2, ""))
    return SimpleNamespace(images=rows)


def write_queries(folder, chosen, initial=()):
    rows = [(1, "image", image, "", "", 0, "nan") for image in initial]
    rows.append((1, "patch", "p", 3, 0, 0, 2.5))
    rows += [(7 + n, "image", image, "", "", 0, 0.5) for n, image in enumerate(chosen)]
    write_csv(str(folder / "queries.csv"), QUERIES, rows)


def ids(store, settings, folder):
    indices, n_chosen = interestingness.photographs_of(store, settings, str(folder))
    return [store.images[index].id for index in indices], n_chosen


def test_photographs_that_the_run_chose(store, tmp_path):
    write_queries(tmp_path, ["e5", "e0", "h3", "e1", "h4"], initial=["e2", "h0"])
    assert ids(store, WATCHING, tmp_path) == (["e5", "e0", "h3", "h4"], 4)
    assert ids(store, replace(WATCHING, images=3), tmp_path) == (["e5", "e0", "h3"], 3)
    # It chose two healthy ones: two others are drawn.
    some, n_chosen = ids(store, replace(WATCHING, images=8), tmp_path)
    assert (some[:3], some[4:6], n_chosen) == (["e5", "e0", "e1"], ["h3", "h4"], 5)
    assert [image[0] for image in some] == list("eeeehhhh")
    assert len(set(some)) == 8
    everything, n_chosen = ids(store, replace(WATCHING, images=0), tmp_path)
    assert sorted(everything) == sorted(row.id for row in store.images if row.split == 0)
    assert n_chosen == 5


def test_photographs_that_are_drawn_need_no_queries(store, tmp_path):
    drawn = [ids(store, replace(DRAWN, seed=seed), tmp_path) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert [image[0] for image in drawn[2][0]] == list("eehh")
    assert drawn[2][1] == 0


@pytest.mark.parametrize(
    "kept, wanted", [(["e0", "h0", "h1", "h2"], "ehhh"), (["e0", "e1", "e2", "h2"], "eeeh")]
)
def test_too_few_photographs_of_one_kind(store, tmp_path, kept, wanted):
    few = SimpleNamespace(images=[row for row in store.images if row.id in kept])
    assert [image[0] for image in ids(few, DRAWN, tmp_path)[0]] == list(wanted)


@pytest.mark.parametrize("scaling", ["mean", "patch-mean"])
def test_photographs_are_scored_by_the_weights_of_each_time(runs, small_store, scaling):
    settings = replace(DRAWN, run=scaling, iterations=(10, 15000), images=2, map_stride=24)
    # The same bytes for any number of workers, whatever the scaling.
    for workers, name in ((1, "watched"), (2 if scaling == "mean" else 1, "again")):
        out = str(runs / f"{name}-{scaling}")
        interestingness.watch(small_store.path, settings, out, lambda *done: None, workers=workers)
    folder, again = runs / f"watched-{scaling}", runs / f"again-{scaling}"
    for file in ("interestingness.csv", "maps.h5"):
        assert (folder / file).read_bytes() == (again / file).read_bytes()
    rows = read_table(str(folder / "interestingness.csv"))
    kinds = [(row["iteration"], row["lesion"]) for row in rows]
    assert kinds == [("10", "1"), ("10", "0"), ("20", "1"), ("20", "0")]
    index_of = {row.id: index for index, row in enumerate(small_store.images)}
    for row in rows:
        # The patches cut out one by one, and not by a dense map.
        patches, n = StoredPhotographs(small_store).patches(index_of[row["image"]], 24)
        weights = weights_at(str(runs / scaling), int(row["iteration"]))
        scorer = GradientLength(prototxt_path("lenet_score.prototxt"), weights)
        phi = scorer.score(Normalisation.of(scaling, small_store.mean).apply(patches)).phi
        assert len(phi) == n > 100
        numbers = [float(row[column]) for column in interestingness.REDUCTIONS]
        assert numbers == pytest.approx([phi.sum(), phi.mean(), phi.max()], rel=1e-3)
    check_maps(str(folder / "maps.h5"), rows)


def check_maps(path, rows):
    """At the stride by which photographs are scored, maps sum to their interestingness."""
    with h5py.File(path, "r") as file:
        assert file.attrs["iterations"].tolist() == [10, 20]
        for group, lesion in (("lesion", "1"), ("healthy", "0")):
            assert file[group]["photograph"].shape == (400, 600, 3)  # of 480 x 720
            sums = [float(row["sum"]) for row in rows if row["lesion"] == lesion]
            assert np.nansum(file[group]["phi"][...], axis=(1, 2)) == pytest.approx(sums, rel=1e-4)
