import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator
from sklearn.metrics import average_precision_score

from data_prep.normalisation import Normalisation
from data_prep.stored_photographs import StoredPhotographs
from egl.gradient_length.scorer import NetScorer
from egl.nets.definition import prototxt_path
from egl.training.run_files import read_table
from egl.training.snapshots import weights_at
from experiments.analyses import mask_maps

FILES = ("photographs.csv", "scores.csv", "curves.csv", "overlays.npz")


def test_a_patch_belongs_to_its_centre_and_between_centres_it_is_linear():
    grid = np.array([[1.0, 0.5], [0.0, np.nan]])
    pixels = mask_maps.pixel_map(grid, 8, (60, 60))
    assert pixels.shape == (60, 60)
    assert pixels[24, 24] == 1  # the patch at (0, 0)
    assert pixels[24, 32] == 0.5  # at (0, 8)
    assert pixels[24, 28] == 0.75
    assert pixels[28, 28] == pytest.approx((1 + 0.5 + 0 + 0) / 4)  # nan counts as 0
    assert pixels[20, 24] == 0.5  # falls to 0 over a stride above the first row
    assert not pixels[:17].any()
    assert not pixels[:, 41:].any()


def test_a_grid_without_patches():
    assert not mask_maps.pixel_map(np.empty((0, 3)), 8, (40, 60)).any()


@pytest.fixture(scope="module", params=["mean", "patch-mean"])
def scored(request, runs, small_store):
    """(scaling, the folder of the maps of a run that was trained with it)."""
    reported, out = [], runs / f"masks-{request.param}"
    settings = mask_maps.MaskSettings(request.param, 16)
    mask_maps.score(small_store.path, settings, str(out), lambda *done: reported.append(done))
    n = sum(row.split > 0 for row in small_store.images)
    assert reported == [(done, n) for done in range(n)]
    return request.param, out


def by_hand(run, normalisation, store, split):
    """Return ({kind: (n,)}, annotated (n,)) of the pixels of a split, interpolated by scipy."""
    prototxt, weights = prototxt_path("lenet_score.prototxt"), weights_at(str(run), 20)
    scorer = NetScorer(prototxt, weights, normalisation)
    photographs = StoredPhotographs(store)
    scores, annotated = {"p": [], "phi": []}, []
    for index in [index for index, row in enumerate(store.images) if row.split == split]:
        image, field = photographs.view(index)
        maps = scorer.maps(image, 16, field)
        for kind, grid in (("p", maps.posterior[..., 1]), ("phi", maps.phi)):
            padded = np.pad(np.where(maps.inside, grid, 0), 1, mode="constant")
            centres = [24 + 16 * np.arange(-1, length - 1) for length in padded.shape]
            pixels = RegularGridInterpolator(centres, padded, bounds_error=False, fill_value=0)
            scores[kind].append(pixels(np.argwhere(field)))
        annotated.append(photographs.annotated(index)[1][field])
    return {kind: np.concatenate(parts) for kind, parts in scores.items()}, np.concatenate(
        annotated
    )


def quality(annotated, called):
    """Return precision, recall and F of bool arrays."""
    hits = (annotated & called).sum()
    return hits / called.sum(), hits / annotated.sum(), 2 * hits / (called.sum() + annotated.sum())


def test_scores_are_those_of_all_pixels_by_scikit_learn(scored, runs, small_store):
    scaling, folder = scored
    rows = [row for row in read_table(str(folder / "scores.csv")) if row["photographs"] == "all"]
    value = {(row["map"], row["measure"]): float(row["value"]) for row in rows}
    own = Normalisation.of(scaling, small_store.mean)
    validation, test = (by_hand(runs / scaling, own, small_store, split) for split in (1, 2))
    for kind in mask_maps.KINDS:
        threshold = value[kind, "threshold"]
        precision, recall, f = quality(test[1], test[0][kind] >= threshold)
        assert value[kind, "pixel_precision"] == pytest.approx(precision, rel=0.01)
        assert value[kind, "pixel_recall"] == pytest.approx(recall, rel=0.01)
        assert value[kind, "pixel_f"] == pytest.approx(f, rel=0.01)
        ap = average_precision_score(test[1], test[0][kind])
        assert value[kind, "pixel_ap"] == pytest.approx(ap, rel=0.01)
        assert value[kind, "annotated_share"] == pytest.approx(test[1].mean(), rel=1e-5)
        chosen = quality(validation[1], validation[0][kind] >= threshold)[2]
        others = np.quantile(validation[0][kind], np.linspace(0.5, 0.999, 20))
        best = max(quality(validation[1], validation[0][kind] >= other)[2] for other in others)
        assert 1.01 * chosen >= best


def test_another_normalisation_gives_other_scores(scored, runs, small_store):
    scaling, folder = scored
    other = {"mean": "patch-mean", "patch-mean": "mean"}[scaling]
    normalisation = Normalisation.of(other, small_store.mean)
    scores, annotated = by_hand(runs / scaling, normalisation, small_store, 2)
    rows = read_table(str(folder / "scores.csv"))
    wanted = ("p", "all", "pixel_ap")
    (row,) = (row for row in rows if (row["map"], row["photographs"], row["measure"]) == wanted)
    exact = average_precision_score(annotated, scores["p"])
    assert float(row["value"]) != pytest.approx(exact, rel=0.05)


def test_photographs_add_up_to_the_scores(scored, small_store):
    _, folder = scored
    rows = read_table(str(folder / "photographs.csv"))
    images = [row for split in (1, 2) for row in small_store.images if row.split == split]
    expected = [(image.id, str(int(image.lesion))) for image in images]
    assert [(row["id"], row["lesion"]) for row in rows] == expected
    assert all((int(row["lesions"]) > 0) == (row["lesion"] == "1") for row in rows)
    scores = read_table(str(folder / "scores.csv"))[:8]
    value = {row["measure"]: float(row["value"]) for row in scores}
    test = [row for row in rows if row["split"] == "test"]

    def total(column):
        return sum(int(row[column]) for row in test)

    hits, lesions = total("p_tp"), total("lesions")
    assert value["pixel_recall"] == pytest.approx(hits / (hits + total("p_fn")), rel=1e-5)
    assert value["pixel_precision"] == pytest.approx(hits / (hits + total("p_fp")), rel=1e-5)
    assert value["lesion_recall"] == pytest.approx(total("p_found") / lesions, rel=1e-5)
    right, called = total("p_right"), max(total("p_called"), 1)
    assert value["lesion_precision"] == pytest.approx(right / called, rel=1e-5)


def test_again_it_ends_with_the_same_bytes(scored, small_store):
    # Killed after its CSVs and before its end, a run does all of it again.
    scaling, folder = scored
    before = [(folder / file).read_bytes() for file in FILES]
    for file in ("metrics.json", *FILES):
        (folder / file).unlink()
    settings = mask_maps.MaskSettings(scaling, 16)
    mask_maps.score(small_store.path, settings, str(folder), lambda *done: None)
    assert [(folder / file).read_bytes() for file in FILES] == before
