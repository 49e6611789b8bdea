"""Algorithms 1 and 2 with a model that trains by remembering: no Caffe."""

from dataclasses import replace

import numpy as np
import pytest

from egl.selection.algorithms import Strategies, algorithm_1, algorithm_2, sample_pool
from egl.selection.pool import Pool, TrainingSet
from egl.selection.settings import RunSettings, SelectionSettings
from egl.strategies.base import Choice, highest

SETTINGS = SelectionSettings(iterations=6, k=2, candidates=0, initial_iterations=2)
IMAGES = {0: [0, 1, 2, 3], 1: [4, 5, 6, 7], 2: [8, 9, 10, 11], 3: [12, 13, 14, 15]}


class Fake:
    """Model, oracle, strategy, samples and run in one: 16 samples in 4 images.

    The pixels of sample n are n, its label is n % 2, its score phi[n]; image n has the score n.
    """

    def __init__(self, settings=SETTINGS, phi=None, by="patch"):
        self.settings = RunSettings(by=by, selection=settings)
        self.phi = np.arange(16.0) if phi is None else np.asarray(phi, float)
        self.iteration = 0
        self.initial_images = [1, 0]
        self.trained, self.earlier, self.iterations, self.scored = [], [], [], []
        self.known, self.images_scored, self.rounds, self.labelled = [], [], [], []

    # the run
    def goes_on(self):
        return self.iteration < self.settings.selection.iterations

    @property
    def initial(self):
        return self.iteration < self.settings.initial_iterations

    def random(self):
        return np.random.RandomState([7, self.iteration])

    def record(self, queries):
        self.rounds.append(queries)

    # the samples
    def patches(self, samples):
        return samples

    def turned(self, samples, random):
        return samples

    def image_of(self, samples):
        return samples // 4

    # the model
    def update(self, chosen, training, earlier, iterations):
        patches, labels = training.read(chosen, self.random())
        assert (labels == patches % 2).all()  # every sample has its label by now
        self.trained.append(list(chosen))
        self.earlier.append(list(earlier))
        self.iterations.append(iterations)
        self.iteration += iterations

    # the oracle
    def label_patches(self, samples):
        self.labelled.append(list(samples))
        return np.array(samples) % 2

    def label_image(self, image):
        self.labelled.append(image)
        return np.array(IMAGES[image]), np.array(IMAGES[image]) % 2

    # the strategy
    def query_patches(self, patches, k, known):
        self.scored.append(patches.tolist())
        self.known.append(known().tolist())
        return highest(self.phi[patches], k)

    def query_images(self, images, n, bags, labelled):
        self.images_scored.append((images, labelled))
        return highest(np.array(images, float), n)

    def images_asked(self):
        return [
            [query.item for query in queries if query.kind == "image"] for queries in self.rounds
        ]


def run_1(fake, chosen=()):
    training = TrainingSet(fake, chosen)
    training.add(chosen, np.array(chosen, int) % 2)
    accumulate = fake.settings.selection.after_round == "accumulate"
    pool = Pool(range(16), chosen if accumulate else ())
    algorithm_1(fake, pool, training, fake, fake, fake)
    return pool, training


def run_2(fake, chosen=(), images=()):
    training = TrainingSet(fake, chosen)
    for image in images:
        training.add(*fake.label_image(image))
    pool = Pool(IMAGES, images)
    algorithm_2(fake, pool, training, fake, Strategies(fake, fake), None, fake)
    return pool, training


def test_algorithm_1_takes_the_highest_phi_of_what_is_left():
    fake = Fake()
    pool, training = run_1(fake)
    initial = fake.trained[0] + fake.trained[1]
    assert len(set(initial)) == 4  # two random batches, no sample twice
    left = sorted(set(range(16)) - set(initial), reverse=True)
    assert sum(fake.trained[2:], []) == left[:8]
    assert training.chosen == pool.labelled == sum(fake.trained, [])
    assert len(fake.scored) == 4  # no score before the first choice
    assert all(np.isnan(query.score) for query in fake.rounds[0])
    assert [query.score for query in fake.rounds[2]] == fake.trained[2]  # phi of sample i is i


def test_the_oracle_is_asked_for_what_was_chosen_and_for_nothing_else():
    fake = Fake()
    run_1(fake)
    assert fake.labelled == fake.trained
    fake = Fake(by="image")
    run_2(fake)
    assert fake.labelled == [1, 0, 3, 2]


def test_replace_may_choose_again():
    fake = Fake(replace(SETTINGS, after_round="replace"))
    run_1(fake)
    assert fake.trained[2:] == [[15, 14]] * 4


def test_the_update_is_given_l_prime_and_the_number_of_iterations():
    """Line 7 of Algorithm 1: M learns from L' + L_k. A round of the initial model has one step."""
    fake = Fake(replace(SETTINGS, steps=3, iterations=8))
    run_1(fake)
    assert fake.iterations == [1, 1, 3, 3]
    assert fake.earlier == [sum(fake.trained[:n], []) for n in range(4)]
    assert fake.iteration == 8
    fake = Fake(replace(SETTINGS, after_round="replace"), by="image")
    run_2(fake)
    assert fake.earlier == [[]] * 6


def test_algorithm_1_ends_when_all_is_labelled():
    fake = Fake(replace(SETTINGS, iterations=100))
    run_1(fake)
    assert fake.iteration == 8  # 16 samples, two a round


def test_ties_go_to_the_lowest_index():
    fake = Fake(replace(SETTINGS, iterations=3), phi=np.ones(16))
    run_1(fake)
    left = sorted(set(range(16)) - set(fake.trained[0] + fake.trained[1]))
    assert fake.trained[2] == left[:2]


def test_candidates_limits_what_is_scored():
    fake = Fake(replace(SETTINGS, candidates=5, iterations=20))
    run_1(fake)
    assert [len(scored) for scored in fake.scored] == [5, 5, 5, 5, 4, 2]
    fake = Fake(replace(SETTINGS, candidates=1))
    run_1(fake)
    assert {len(scored) for scored in fake.scored} == {2}  # never fewer than k


def test_stratified_candidates_come_from_all_images():
    fake = Fake(replace(SETTINGS, candidates=4, sampling="stratified", iterations=3))
    run_1(fake)
    assert sorted(sample // 4 for sample in fake.scored[0]) == [0, 1, 2, 3]


def test_algorithm_2_adds_the_highest_image_and_trains_on_the_highest_phi_of_all_labelled():
    fake = Fake(replace(SETTINGS, iterations=5), by="image")
    pool, _ = run_2(fake)
    assert fake.images_asked() == [[1, 0], [], [3], [2], []]
    assert pool.labelled == [1, 0, 3, 2]
    assert set(fake.trained[0] + fake.trained[1]) <= set(range(8))
    assert fake.trained[2] == [15, 14]  # of image 3, just labelled
    assert fake.trained[3] == [13, 12]  # phi of image 2 is lower
    assert fake.trained[4] == [11, 10]


def test_a_strategy_is_given_what_is_known():
    fake = Fake(replace(SETTINGS, iterations=4), by="image")
    run_2(fake)
    assert fake.known == [sum(fake.trained[:2], []), sum(fake.trained[:3], [])]
    assert fake.images_scored == [([2, 3], [1, 0]), ([2], [1, 0, 3])]


def test_a_part_of_the_images_is_scored():
    fake = Fake(replace(SETTINGS, iterations=4, candidate_images=1), by="image")
    run_2(fake)
    assert [len(images) for images, _ in fake.images_scored] == [1, 1]


def test_the_initial_part_does_not_depend_on_the_scores():
    settings = replace(SETTINGS, iterations=2)
    first, second = Fake(settings, by="image"), Fake(settings, np.zeros(16), by="image")
    run_2(first)
    run_2(second)
    assert first.trained == second.trained


def test_when_every_labelled_patch_had_its_turn_all_may_be_chosen_again():
    fake = Fake(replace(SETTINGS, iterations=10), by="image")
    _, training = run_2(fake)
    assert sorted(sum(fake.trained[:8], [])) == list(range(16))
    assert fake.trained[8] == [15, 14]
    assert training.chosen == [15, 14, 13, 12]


@pytest.mark.parametrize("stop", [1, 2, 4])
@pytest.mark.parametrize("by", ["patch", "image"])
def test_resumed_after_any_round_it_ends_the_same(by, stop):
    run = run_1 if by == "patch" else run_2
    whole, part, rest = Fake(by=by), Fake(replace(SETTINGS, iterations=stop), by=by), Fake(by=by)
    run(whole)
    pool, training = run(part)
    rest.iteration = stop
    if by == "patch":
        run_1(rest, training.chosen)
    else:
        run_2(rest, training.chosen, pool.labelled)
    assert part.trained + rest.trained == whole.trained


def test_a_strategy_of_two_verbs_is_enough():
    class First:
        def query_patches(self, patches, k, known):
            return Choice(np.arange(k), np.zeros(k))

    fake = Fake(replace(SETTINGS, iterations=3))
    algorithm_1(fake, Pool(range(16)), TrainingSet(fake), fake, First(), fake)
    left = sorted(set(range(16)) - set(fake.trained[0] + fake.trained[1]))
    assert fake.trained[2] == left[:2]


def test_sample_pool():
    items, random = np.arange(10, 30), np.random.RandomState(0)
    assert sample_pool(items[::-1], 0, random).tolist() == items.tolist()
    assert sample_pool(items, 99, random).tolist() == items.tolist()
    drawn = sample_pool(items, 6, np.random.RandomState(1))
    assert drawn.tolist() == sorted(np.random.RandomState(1).permutation(items)[:6])
    # 14 of stratum 0, 4 of stratum 1, 2 of stratum 2: 4, 4 and 2 of them
    strata = np.repeat([0, 1, 2], [14, 4, 2])
    for seed in range(5):
        drawn = sample_pool(items, 10, np.random.RandomState(seed), strata)
        assert np.bincount(strata[drawn - 10]).tolist() == [4, 4, 2]
        assert len(set(drawn)) == 10
    first = sample_pool(items, 10, np.random.RandomState(0), strata)
    second = sample_pool(items, 10, np.random.RandomState(1), strata)
    assert first.tolist() != second.tolist()
