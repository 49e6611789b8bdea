import csv
from pathlib import Path

import numpy as np
import pytest

from data_prep.stored_photographs import StoredPhotographs
from egl.errors import EglError
from egl.selection.algorithms import SelectionSettings
from egl.selection.run import RunSettings, Selection, initial_images
from egl.training.run_folder import read_rounds
from egl.training.trainer import TrainerSettings

SHORT = RunSettings(
    selection=SelectionSettings(iterations=5, k=32, candidates=48, initial_iterations=2),
    trainer=TrainerSettings(seed=4),
    initial_images=2,
    stride=48,
    image_patches=6,
)


@pytest.fixture
def start(caffe, small_store, tmp_path):
    """start(name, **changes): a Selection on the small store, not yet executed."""

    def start(name, **changes):
        return Selection(
            small_store,
            SHORT._replace(**changes),
            str(tmp_path / name),
            StoredPhotographs(small_store),
        )

    return start


def queries(selection):
    with open(selection.run.file("queries.csv"), newline="") as file:
        return list(csv.DictReader(file))


def content(selection, names=("rounds.csv", "queries.csv", "predictions.h5")):
    return {name: Path(selection.run.file(name)).read_bytes() for name in names}


def test_by_image(start, small_store):
    selection = start("run")
    metrics = selection.execute()
    assert metrics["iterations"] == 5
    rounds = read_rounds(selection.run.path)
    assert rounds["iteration"].tolist() == [1, 2, 3, 4, 5]
    assert rounds["n_images"].tolist() == [2, 2, 3, 4, 5]
    asked = [row for row in queries(selection) if row["kind"] == "image"]
    assert [row["iteration"] for row in asked] == ["1", "1", "3", "4", "5"]
    train = {row.id for row in small_store.images if row.split == 0}
    assert len({row["image"] for row in asked}) == 5
    assert {row["image"] for row in asked} <= train
    # what is labelled: every patch of the images asked so far
    numbers = [
        n for n, row in enumerate(small_store.images) if row.id in {row["image"] for row in asked}
    ]
    assert rounds["n_labelled"][-1] == np.isin(small_store.image, numbers).sum()
    # the patches trained on are those of images labelled by then
    known = set()
    for row in queries(selection):
        if row["kind"] == "image":
            known.add(row["image"])
        else:
            assert row["image"] in known
            assert small_store.images[small_store.image[int(row["patch"])]].id == row["image"]
            assert small_store.labels[int(row["patch"])] == int(row["label"])


def test_by_patch(start, small_store):
    selection = start("run", by="patch")
    selection.execute()
    rows = queries(selection)
    assert {row["kind"] for row in rows} == {"patch"}
    assert len(rows) == 5 * 32
    assert len({(row["patch"], row["symmetry"]) for row in rows}) == 5 * 32  # none chosen twice
    assert {int(row["patch"]) for row in rows} <= set(small_store.patches_of("train"))
    assert read_rounds(selection.run.path)["n_labelled"][-1] == len({row["patch"] for row in rows})


def test_the_chosen_have_the_highest_phi(start, small_store):
    """Scored anew, by the reference route, with the weights that the choice was made with."""
    selection = start(
        "run", by="patch", selection=SHORT.selection._replace(iterations=3, candidates=0)
    )
    phi = {}

    original = selection._choose_patches

    def watch(samples, k, earlier):
        patches, _ = small_store.read(small_store.samples("train")[samples])
        phi["candidates"] = samples
        phi["scores"] = selection._learner.phi(patches).phi
        return original(samples, k, earlier)

    selection._choose_patches = watch
    selection.execute()
    chosen = [
        (int(row["patch"]), int(row["symmetry"]))
        for row in queries(selection)
        if row["iteration"] == "3"
    ]
    samples = small_store.samples("train")
    best = phi["candidates"][np.argsort(-phi["scores"], kind="stable")[:32]]
    assert [tuple(samples[sample]) for sample in best] == chosen
    assert len(phi["candidates"]) == 320 - 2 * 32


def test_both_strategies_begin_alike_and_part_after_the_initial_images(start):
    egl, chance = start("egl"), start("random", strategy="random")
    egl.execute()
    chance.execute()
    one, other = read_rounds(egl.run.path), read_rounds(chance.run.path)
    for column in one:
        assert (one[column][:2] == other[column][:2]).all(), column
    assert (one["val_loss"][2:] != other["val_loss"][2:]).all()


def test_the_two_arms_share_no_state(start):
    """Each does the same alone and interleaved with the other in one process, round by round."""
    alone = {
        strategy: start("alone-" + strategy, strategy=strategy) for strategy in ("egl", "random")
    }
    for selection in alone.values():
        selection.execute()
    outer, inner = start("outer"), start("inner", strategy="random")

    def run_the_other_one_in_the_middle(done, total):
        if done == 3:
            inner.execute()

    outer.execute(run_the_other_one_in_the_middle)
    assert content(outer) == content(alone["egl"])
    assert content(inner) == content(alone["random"])


def test_mixed_strategies(start):
    """EGL for images with chance for patches asks for the images EGL asks for first, from the same weights."""
    mixed, egl = start("mixed", patch_strategy="random"), start("egl")
    mixed.execute()
    egl.execute()
    first = [
        [row["image"] for row in queries(s) if row["kind"] == "image"][:3] for s in (mixed, egl)
    ]
    assert first[0] == first[1]
    scores = [
        float(row["score"])
        for row in queries(mixed)
        if row["kind"] == "patch" and row["iteration"] == "4"
    ]
    assert max(scores) < 1


def test_killed_anywhere_it_ends_with_the_same_bytes(start, monkeypatch, kill_at):
    monkeypatch.setattr("egl.selection.run.SNAPSHOT_EVERY", 2)

    whole = start("whole")
    whole.execute()
    for iteration in (1, 3, 4):
        with pytest.raises(kill_at.Killed):
            start("broken").execute(kill_at(iteration))
    broken = start("broken")
    broken.execute()
    assert content(broken) == content(whole)


def test_reductions_choose_differently(start):
    scores = {}
    for reduction in ("sum", "mean", "top1"):
        selection = start(
            reduction, score=reduction, selection=SHORT.selection._replace(iterations=3)
        )
        selection.execute()
        scores[reduction] = [
            float(row["score"]) for row in queries(selection) if row["kind"] == "image"
        ][-1]
    assert scores["sum"] > scores["top1"] > scores["mean"] > 0


@pytest.fixture
def batches(monkeypatch):
    """The samples of each SGD iteration from now on: lists of patches as bytes."""
    from egl.training.trainer import Trainer

    seen = []
    original = Trainer.step

    def step(self, patches, labels):
        seen.append([patch.tobytes() for patch in patches])
        return original(self, patches, labels)

    monkeypatch.setattr(Trainer, "step", step)
    return seen


def test_a_batch_has_the_chosen_patches_first_and_l_prime_in_the_rest(start, small_store, batches):
    settings = SHORT.selection._replace(iterations=6, k=8, initial_iterations=2, steps=2)
    selection = start("run", by="patch", selection=settings)
    selection.execute()
    rows = queries(selection)
    assert [row["iteration"] for row in rows] == ["1"] * 8 + ["2"] * 8 + ["4"] * 8 + ["6"] * 8
    samples = np.array([(int(row["patch"]), int(row["symmetry"])) for row in rows])
    asked = [patch.tobytes() for patch in small_store.read(samples)[0]]
    assert len(batches) == 6
    for batch, chosen in ((0, 8), (1, 16), (2, 24), (4, 32)):  # the first batch of each round
        assert batches[batch][:8] == asked[chosen - 8 : chosen]
        assert set(batches[batch][8:]) <= set(asked[:chosen])
    assert set(batches[3]) <= set(asked[:24])
    assert set(batches[5]) <= set(asked)
    assert len(set(batches[5])) > 12  # 32 drawn from 32


def test_replaced_each_round_the_rest_is_the_chosen_again(start, batches):
    settings = SHORT.selection._replace(iterations=4, k=8, after_round="replace")
    start("run", by="patch", selection=settings).execute()
    for batch in batches:
        assert set(batch) == set(batch[:8])


def test_labelled_grids(start, small_store):
    selection = start("run", labelled="grid", selection=SHORT.selection._replace(iterations=4))
    selection.execute()
    patches = [row for row in queries(selection) if row["kind"] == "patch"]
    assert all(" " in row["patch"] for row in patches)
    rounds = read_rounds(selection.run.path)
    numbers = {row.id: n for n, row in enumerate(small_store.images)}
    asked = [numbers[row["image"]] for row in queries(selection) if row["kind"] == "image"]
    photographs = StoredPhotographs(small_store)
    assert rounds["n_labelled"][-1] == sum(
        len(photographs.labelled_grid(image, 48).labels) for image in asked
    )
    assert rounds["n_images"].tolist() == [2, 2, 3, 4]


def test_scoring_every_patch_densely_is_scoring_them_one_by_one(start, small_store):
    scores = {}
    for name, patches in (("dense", 0), ("patches", 10**6)):
        selection = start(
            name, image_patches=patches, selection=SHORT.selection._replace(iterations=3)
        )
        selection.execute()
        scores[name] = [
            (row["image"], float(row["score"]))
            for row in queries(selection)
            if row["kind"] == "image"
        ][-1]
    assert scores["dense"][0] == scores["patches"][0]
    assert scores["dense"][1] == pytest.approx(scores["patches"][1], rel=1e-4)


def test_weights_kept_on_the_way(start):
    from egl.gradient_length.phi import GradientLength
    from egl.nets.definition import prototxt_path
    from egl.training.trainer import weights_at

    selection = start("run", keep_weights=(2, 5))
    selection.execute()
    score_net = prototxt_path("lenet_score.prototxt")
    early, end = (
        GradientLength(score_net, weights_at(selection.run.path, n)).net.params["ip1"][0].data
        for n in (2, 5)
    )
    assert (end == selection._trainer.solver.net.params["ip1"][0].data).all()
    assert (early != end).any()
    with pytest.raises(EglError, match="kept no weights of iteration 3"):
        weights_at(selection.run.path, 3)


def test_measured_every_so_many_iterations_and_at_the_end(start):
    settings = SHORT.selection._replace(
        iterations=9, steps=2
    )  # two initial rounds of one iteration, then two a round
    selection = start("run", by="patch", evaluate_every=4, selection=settings)
    selection.execute()
    assert read_rounds(selection.run.path)["iteration"].tolist() == [4, 8, 10]


def test_a_run_that_diverges_ends_with_what_was_measured_before(start, monkeypatch):
    from egl.errors import Diverged
    from egl.training.trainer import Trainer

    original = Trainer.step

    def step(self, patches, labels):
        if self.iteration == 3:
            raise Diverged("training diverged at iteration 4")
        return original(self, patches, labels)

    monkeypatch.setattr(Trainer, "step", step)
    selection = start("run")
    metrics = selection.execute()
    assert (metrics["diverged"], metrics["iterations"]) == ("training diverged at iteration 4", 3)
    assert read_rounds(selection.run.path)["iteration"].tolist() == [1, 2, 3]
    assert metrics["test"]["n"] == 72
    assert start("run").execute() == metrics
    monkeypatch.setattr(
        Trainer, "step", lambda self, patches, labels: (_ for _ in ()).throw(Diverged("at once"))
    )
    with pytest.raises(Diverged, match="at once"):
        start("other").execute()


@pytest.mark.parametrize("seed", range(4))
def test_half_of_the_initial_images_have_exudates(seed):
    lesion = {n: n < 5 for n in range(30)}
    images = initial_images(lesion, 4, np.random.RandomState(seed))
    assert sum(lesion[image] for image in images) == 2
    assert len(set(images)) == 4


@pytest.mark.parametrize(
    ("n_lesion", "n_healthy", "n", "expected"),
    [(1, 9, 4, 1), (9, 1, 4, 3), (5, 0, 4, 4), (9, 9, 5, 3)],
)
def test_where_one_kind_is_short(n_lesion, n_healthy, n, expected):
    lesion = {k: k < n_lesion for k in range(n_lesion + n_healthy)}
    images = initial_images(lesion, n, np.random.RandomState(0))
    assert len(images) == n
    assert sum(lesion[image] for image in images) == expected


def test_too_few_images():
    with pytest.raises(EglError, match="4 initial images asked for"):
        initial_images({0: True, 1: False}, 4, np.random.RandomState(0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "eye"},
        {"strategy": "best"},
        {"patch_strategy": "best"},
        {"score": "max"},
        {"stride": 0},
        {"initial_images": 1},
    ]
    + [{"labelled": "all"}],
)
def test_settings_that_cannot_be_meant(wrong):
    with pytest.raises(EglError):
        RunSettings(**wrong).check()
