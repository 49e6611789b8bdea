import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data_prep.stored_photographs import StoredPhotographs
from egl.errors import EglError
from egl.gradient_length import GradientLength
from egl.nets.definition import prototxt_path
from egl.selection.run import select
from egl.selection.settings import RunSettings, SelectionSettings
from egl.strategies import STRATEGIES
from egl.training.run_files import read_normalisation, read_rounds
from egl.training.settings import TrainerSettings
from egl.training.snapshots import weights_at

LENET = prototxt_path("lenet_score.prototxt")
SHORT = RunSettings(
    selection=SelectionSettings(iterations=5, k=32, candidates=48, initial_iterations=2),
    trainer=TrainerSettings(seed=4),
    lesion_share=1,
    initial_images=2,
    initial_draw="half",
    stride=48,
    image_patches=6,
)


class Started:
    """A run on the small store that is executed when it is told to."""

    def __init__(self, store, path, changes):
        self.store, self.path, self.settings = store, str(path), replace(SHORT, **changes)

    def execute(self, progress=lambda done, total: None, **more):
        return select(self.store, self.settings, self.path, progress=progress, **more)

    def file(self, name):
        return Path(self.path) / name


@pytest.fixture
def start(caffe, small_store, tmp_path):
    """start(name, **changes): a run on the small store, not yet executed."""
    return lambda name, **changes: Started(small_store, tmp_path / name, changes)


def queries(run):
    with open(run.file("queries.csv"), newline="") as file:
        return list(csv.DictReader(file))


def asked(run, kind):
    """Return what was asked for its score."""
    return [row for row in queries(run) if row["kind"] == kind and row["score"] != "nan"]


def content(run, names=("rounds.csv", "queries.csv", "predictions.h5")):
    return {name: run.file(name).read_bytes() for name in names}


def test_by_image(start, small_store):
    selection = start("run")
    metrics = selection.execute()
    assert metrics["iterations"] == 5
    rounds = read_rounds(selection.path)
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
    assert read_rounds(selection.path)["n_labelled"][-1] == len({row["patch"] for row in rows})


def test_the_chosen_have_the_highest_phi_by_the_reference_route(start, small_store):
    """Every sample left, scored one by one from Caffe's parameter diffs."""
    settings = replace(SHORT.selection, iterations=3, candidates=0)
    selection = start("run", by="patch", selection=settings, keep_weights=(2,))
    selection.execute()
    samples = [tuple(pair) for pair in small_store.samples("train").tolist()]
    rows = [(int(row["patch"]), int(row["symmetry"])) for row in queries(selection)]
    used = {samples.index(pair) for pair in rows[:64]}  # by the initial model
    left = np.array([number for number in range(320) if number not in used])
    scorer = GradientLength(LENET, weights_at(selection.path, 2), route="param-diff")
    patches, _ = small_store.read(small_store.samples("train")[left])
    phi = scorer.score(read_normalisation(selection.path).apply(patches)).phi
    best = left[np.argsort(-phi, kind="stable")[:32]]
    assert [samples[number] for number in best] == rows[64:]
    scores = [float(row["score"]) for row in queries(selection)[64:]]
    assert scores == pytest.approx(sorted(phi, reverse=True)[:32], rel=1e-4)


def test_both_strategies_begin_alike_and_part_after_the_initial_images(start):
    egl, chance = start("egl"), start("random", strategy="random")
    egl.execute()
    chance.execute()
    one, other = read_rounds(egl.path), read_rounds(chance.path)
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
    """EGL images with random patches begin with the images that EGL asks for first."""
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
            reduction, score=reduction, selection=replace(SHORT.selection, iterations=3)
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
    settings = replace(
        SHORT.selection, iterations=6, k=8, initial_iterations=2, steps=2, update="chosen-first"
    )
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
    settings = replace(
        SHORT.selection, iterations=4, k=8, after_round="replace", update="chosen-first"
    )
    start("run", by="patch", selection=settings).execute()
    for batch in batches:
        assert set(batch) == set(batch[:8])


def test_labelled_grids(start, small_store):
    selection = start("run", labelled="grid", selection=replace(SHORT.selection, iterations=4))
    selection.execute()
    patches = [row for row in queries(selection) if row["kind"] == "patch"]
    assert all(" " in row["patch"] for row in patches)
    rounds = read_rounds(selection.path)
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
            name, image_patches=patches, selection=replace(SHORT.selection, iterations=3)
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
    selection = start("run", keep_weights=(2, 4))
    selection.execute()
    kept = {
        n: GradientLength(LENET, weights_at(selection.path, n)).net.params["ip1"][0].data
        for n in (2, 4, 5)
    }
    assert (kept[2] != kept[4]).any()
    assert (kept[4] != kept[5]).any()
    with pytest.raises(EglError, match="kept no weights of iteration 3"):
        weights_at(selection.path, 3)


def test_measured_every_so_many_iterations_and_at_the_end(start):
    settings = replace(
        SHORT.selection, iterations=9, steps=2
    )  # two initial rounds of one iteration, then two a round
    selection = start("run", by="patch", evaluate_every=4, selection=settings)
    selection.execute()
    assert read_rounds(selection.path)["iteration"].tolist() == [4, 8, 10]


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
    assert read_rounds(selection.path)["iteration"].tolist() == [1, 2, 3]
    assert metrics["test"]["n"] == 24
    assert start("run").execute() == metrics
    monkeypatch.setattr(
        Trainer, "step", lambda self, patches, labels: (_ for _ in ()).throw(Diverged("at once"))
    )
    with pytest.raises(Diverged, match="at once"):
        start("other").execute()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"selection": replace(SHORT.selection, k=5000)}, "--k 5000: .*has 320 training samples"),
        ({"initial_images": 40}, "--initial-images 40"),
        ({"stride": 100000}, "--stride 100000: no patch"),
        ({"strategy": "bag-egl", "stop_layer": "conv2"}, "ip1 or ip2"),
    ],
)
def test_settings_that_do_not_fit_the_store_or_the_net(start, changes, message):
    with pytest.raises(EglError, match=message):
        start("run", **changes).execute()


def test_the_pool_has_the_share_of_lesion_images_that_was_asked_for(start, small_store):
    """Two lesion images beside three healthy ones are 40%."""
    run = start("run", lesion_share=0.4, selection=replace(SHORT.selection, iterations=60))
    run.execute()
    training = [row for row in small_store.images if row.split == 0]
    assert sum(not row.lesion for row in training) == 3 < len(training) - 2
    rows = [row for row in queries(run) if row["kind"] == "image"]
    assert len({row["image"] for row in rows}) == len(rows)
    assert sorted(row["label"] for row in rows) == ["0", "0", "0", "1", "1"]


def test_batches_of_the_union_hold_earlier_samples(start, monkeypatch):
    """Algorithm 1, line 7: with k = 32, what is trained on is not what was just chosen."""
    from egl.selection.pool import TrainingSet

    read, trained = TrainingSet.read, []

    def noted(self, samples, random):
        trained.append(set(samples))
        return read(self, samples, random)

    monkeypatch.setattr(TrainingSet, "read", noted)
    for update in ("union", "chosen-first", "chosen-only"):
        trained.clear()
        settings = replace(SHORT.selection, iterations=4, update=update)
        run = start(update, by="patch", selection=settings)
        run.execute()
        rounds = {}
        for row in queries(run):
            rounds.setdefault(int(row["iteration"]), []).append((row["patch"], row["symmetry"]))
        if update == "union":
            assert all(len(batch) == 32 for batch in trained)
            assert all(len(batch & before) > 3 for before, batch in zip(trained, trained[1:]))
        else:
            assert all(not batch & before for before, batch in zip(trained, trained[1:]))


def test_a_patch_that_is_one_candidate_is_chosen_once_and_trained_on_in_many_turns(
    start, monkeypatch
):
    from egl.training.trainer import Trainer

    step, seen = Trainer.step, []

    def noted(self, patches, labels):
        seen.append(patches)
        return step(self, patches, labels)

    monkeypatch.setattr(Trainer, "step", noted)
    settings = replace(SHORT.selection, iterations=4, k=8, copies="patch", update="chosen-only")
    run = start("run", by="patch", selection=settings)
    run.execute()
    rows = queries(run)
    assert len({row["patch"] for row in rows}) == len(rows) == 32
    assert {row["symmetry"] for row in rows} == {""}
    # The batch of 32 holds each of 8 patches at least once; in one turn only, 8 pictures would do.
    assert all(len(np.unique(batch.reshape(32, -1), axis=0)) > 8 for batch in seen)


def test_a_pool_that_is_exhausted_is_said(start):
    settings = replace(SHORT.selection, iterations=60, k=100, update="chosen-first")
    run = start("run", by="patch", selection=settings, evaluate_every=50)
    metrics = run.execute()
    assert metrics["pool_exhausted"]
    # 100 chosen samples are 4 batches of 32; 320 samples give 3 rounds.
    assert metrics["rounds"] == 3
    assert read_rounds(run.path)["iteration"].tolist() == [metrics["iterations"]]


def test_killed_after_the_last_round_it_is_still_evaluated_there(start, monkeypatch, kill_at):
    """The pool is exhausted where no evaluation is due: it comes last, after the snapshot."""
    monkeypatch.setattr("egl.selection.run.SNAPSHOT_EVERY", 1)
    selection = replace(SHORT.selection, iterations=60, k=150, update="chosen-first")
    settings = {"by": "patch", "selection": selection, "evaluate_every": 50}
    whole = start("whole", **settings)
    last = whole.execute()["iterations"]
    with pytest.raises(kill_at.Killed):
        start("broken", **settings).execute(kill_at(last))
    broken = start("broken", **settings)
    broken.execute()
    assert content(broken) == content(whole)


class Labeller:
    """A person who has answered for some images; the store knows the labels."""

    def __init__(self, oracle, answered):
        self._oracle, self.answered, self.asked = oracle, answered, []

    def label_image(self, image):
        self.asked.append(image)
        if len(self.asked) > self.answered:
            raise EglError(f"image {image} has no answer yet")
        return self._oracle.label_image(image)


def test_an_oracle_of_one_s_own_is_asked_and_the_run_resumes_once_it_answers(
    start, small_store, monkeypatch
):
    from egl.selection.oracles import StoreOracle
    from egl.selection.samples import StoreSamples

    monkeypatch.setattr("egl.selection.run.SNAPSHOT_EVERY", 1)
    store_oracle = StoreOracle(StoreSamples(small_store))
    whole = start("whole")
    whole.execute()
    run = start("run")
    with pytest.raises(EglError, match="no answer yet"):
        run.execute(oracle=Labeller(store_oracle, 3))
    assert not run.file("metrics.json").exists()
    labeller = Labeller(store_oracle, 99)
    run.execute(oracle=labeller)
    assert content(run) == content(whole)
    assert len(set(labeller.asked)) == 5


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_every_strategy_by_image(start, strategy):
    run = start("run", strategy=strategy, selection=replace(SHORT.selection, iterations=4))
    metrics = run.execute()
    assert (metrics["iterations"], metrics["rounds"]) == (4, 4)
    assert metrics["seconds_choosing"] > 0
    assert len({row["image"] for row in asked(run, "image")}) == 2
    patches = asked(run, "patch")
    assert len(patches) == len({(row["patch"], row["symmetry"]) for row in patches}) == 64
    assert np.isfinite([float(row["score"]) for row in patches]).all()


def test_with_two_classes_uncertainty_has_one_order_of_patches(start):
    chosen = []
    settings = replace(SHORT.selection, iterations=3)
    for strategy in ("least-confidence", "margin", "entropy"):
        run = start(strategy, strategy=strategy, by="patch", selection=settings)
        run.execute()
        chosen.append({(row["patch"], row["symmetry"]) for row in asked(run, "patch")})
    assert chosen[0] == chosen[1] == chosen[2]


def test_a_committee_killed_anywhere_ends_with_the_same_bytes(start, monkeypatch, kill_at):
    monkeypatch.setattr("egl.selection.run.SNAPSHOT_EVERY", 2)
    settings = {"strategy": "committee-kl", "by": "patch"}
    whole = start("whole", **settings)
    whole.execute()
    for iteration in (1, 3, 4):
        with pytest.raises(kill_at.Killed):
            start("broken", **settings).execute(kill_at(iteration))
    broken = start("broken", **settings)
    broken.execute()
    assert content(broken) == content(whole)
    members = sorted(broken.file("committee").iterdir())
    kept = [[path.name for path in (member / "snapshots").iterdir()] for member in members]
    assert kept == [["iter_000005"]] * 4


def test_the_members_are_different_nets(start, small_store):
    run = start("run", strategy="vote-entropy", by="patch")
    run.execute()
    patches = small_store.read(small_store.samples("test"))[0][:8]
    normalised = read_normalisation(run.path).apply(patches)
    posteriors = [
        GradientLength(LENET, weights_at(str(member), 5)).score(normalised).posterior
        for member in sorted(run.file("committee").iterdir())
    ]
    assert len(posteriors) == 4
    for first in range(4):
        for second in range(first):
            assert np.abs(posteriors[first] - posteriors[second]).max() > 1e-3


@pytest.mark.parametrize("image_patches", [6, 0])
def test_the_same_bytes_with_any_number_of_workers(start, image_patches):
    settings = replace(SHORT.selection, iterations=3)
    runs = {
        workers: start(str(workers), image_patches=image_patches, selection=settings)
        for workers in (1, 2)
    }
    for workers, run in runs.items():
        run.execute(workers=workers)
    assert content(runs[1]) == content(runs[2])
