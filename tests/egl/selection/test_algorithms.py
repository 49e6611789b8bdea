"""Algorithms 1 and 2 against a fake learner that fits on a screen: no Caffe."""

import numpy as np
import pytest

from egl.errors import EglError
from egl.selection.algorithms import SelectionSettings, State, algorithm_1, algorithm_2, sample_pool
from egl.strategies.ranking import top_k

SETTINGS = SelectionSettings(iterations=6, k=2, candidates=0, initial_iterations=2)
IMAGES = {0: [0, 1, 2, 3], 1: [4, 5, 6, 7], 2: [8, 9, 10, 11], 3: [12, 13, 14, 15]}


class Fake:
    """Trains by remembering; scores samples by a fixed table and images by their number."""

    def __init__(self, phi=None):
        self.phi = np.arange(16.0) if phi is None else np.asarray(phi, float)
        self.trained, self.earlier, self.iterations, self.scored, self.rounds = [], [], [], [], []
        self.known, self.images_scored = [], []

    def train(self, chosen, earlier, iterations):
        self.trained.append(chosen.tolist())
        self.earlier.append(earlier.tolist())
        self.iterations.append(iterations)
        return iterations

    def choose_patches(self, samples, k, earlier):
        self.scored.append(samples.tolist())
        self.known.append(list(earlier))
        places = top_k(self.phi[samples], k)
        return places, self.phi[samples][places]

    def choose_images(self, images, n, labelled):
        self.images_scored.append((images, labelled))
        places = top_k(images, n)
        return places, np.array(images, float)[places]

    def record(self, state, queries):
        self.rounds.append((state, queries))

    def images_asked(self):
        return [
            [query.item for query in queries if query.kind == "image"] for _, queries in self.rounds
        ]


def random_of(iteration):
    return np.random.RandomState([7, iteration])


def run_1(fake, settings=SETTINGS, state=None):
    return algorithm_1(
        16, settings, random_of, fake.train, fake.choose_patches, fake.record, state=state
    )


def run_2(fake, settings=SETTINGS, state=None):
    choose = fake.choose_images, fake.choose_patches
    return algorithm_2(
        IMAGES,
        IMAGES.get,
        [1, 0],
        settings,
        random_of,
        fake.train,
        *choose,
        fake.record,
        state=state,
    )


def test_algorithm_1_takes_the_highest_phi_of_what_is_left():
    fake = Fake()
    last = run_1(fake)
    initial = fake.trained[0] + fake.trained[1]
    assert len(set(initial)) == 4  # two random batches, no sample twice
    assert [x for batch in fake.trained[2:] for x in batch] == sorted(
        set(range(16)) - set(initial), reverse=True
    )[:8]
    assert last == State(6, [], [x for batch in fake.trained for x in batch])
    assert len(fake.scored) == 4  # no score before the first choice
    assert all(np.isnan(query.score) for query in fake.rounds[0][1])
    assert [query.score for query in fake.rounds[2][1]] == fake.trained[2]  # phi of sample i is i


def test_replace_may_choose_again():
    fake = Fake()
    run_1(fake, SETTINGS._replace(after_round="replace"))
    assert fake.trained[2:] == [[15, 14]] * 4


def test_the_update_is_told_l_prime_and_how_many_iterations():
    """Line 7 of Algorithm 1: M learns from L' + L_k. The initial model's rounds are one iteration each."""
    fake = Fake()
    last = run_1(fake, SETTINGS._replace(steps=3, iterations=8))
    assert fake.iterations == [1, 1, 3, 3]
    assert fake.earlier == [sum(fake.trained[:n], []) for n in range(4)]
    assert last.iteration == 8
    fake = Fake()
    run_2(fake, SETTINGS._replace(after_round="replace"))
    assert fake.earlier == [[]] * 6


def test_algorithm_1_ends_when_all_is_labelled():
    fake = Fake()
    assert run_1(fake, SETTINGS._replace(iterations=100)).iteration == 8  # 16 samples, two a round


def test_ties_go_to_the_lowest_index():
    fake = Fake(np.ones(16))
    run_1(fake, SETTINGS._replace(iterations=3))
    left = sorted(set(range(16)) - set(fake.trained[0] + fake.trained[1]))
    assert fake.trained[2] == left[:2]


def test_candidates_limits_what_is_scored():
    fake = Fake()
    run_1(fake, SETTINGS._replace(candidates=5, iterations=20))
    assert {len(scored) for scored in fake.scored} <= {5, 4, 2}
    assert len(fake.scored[0]) == 5
    fake = Fake()
    run_1(fake, SETTINGS._replace(candidates=1))
    assert {len(scored) for scored in fake.scored} == {2}  # never fewer than k


def test_algorithm_2_adds_the_highest_image_and_trains_on_the_highest_phi_of_all_labelled():
    fake = Fake()
    last = run_2(fake, SETTINGS._replace(iterations=5))
    assert fake.images_asked() == [[1, 0], [], [3], [2], []]
    assert last.images == [1, 0, 3, 2]
    assert set(fake.trained[0] + fake.trained[1]) <= set(range(8))
    assert fake.trained[2] == [15, 14]  # of image 3, just labelled
    assert fake.trained[3] == [13, 12]  # phi of image 2 is lower
    assert fake.trained[4] == [11, 10]


def test_the_strategies_are_told_what_is_known():
    fake = Fake()
    run_2(fake, SETTINGS._replace(iterations=4))
    assert fake.known == [sum(fake.trained[:2], []), sum(fake.trained[:3], [])]
    assert fake.images_scored == [([2, 3], [1, 0]), ([2], [1, 0, 3])]


def test_a_part_of_the_images_is_scored():
    fake = Fake()
    run_2(fake, SETTINGS._replace(iterations=4, candidate_images=1))
    assert [len(images) for images, _ in fake.images_scored] == [1, 1]


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
    one, other = (sample_pool(items, 10, np.random.RandomState(seed), strata) for seed in (0, 1))
    assert one.tolist() != other.tolist()


def test_the_initial_part_does_not_depend_on_the_scores():
    one, other = Fake(), Fake(np.zeros(16))
    run_2(one, SETTINGS._replace(iterations=2))
    run_2(other, SETTINGS._replace(iterations=2))
    assert one.trained == other.trained


def test_when_every_labelled_patch_had_its_turn_all_may_be_chosen_again():
    fake = Fake()
    last = run_2(fake, SETTINGS._replace(iterations=10))
    assert sorted(x for batch in fake.trained[:8] for x in batch) == list(range(16))
    assert fake.trained[8] == [15, 14]
    assert last.chosen == [15, 14, 13, 12]


@pytest.mark.parametrize("run", [run_1, run_2])
@pytest.mark.parametrize("stop", [1, 2, 4])
def test_going_on_from_any_round_ends_the_same(run, stop):
    whole, part, rest = Fake(), Fake(), Fake()
    end = run(whole)
    middle = run(part, SETTINGS._replace(iterations=stop))
    assert run(rest, SETTINGS, middle) == end
    assert part.trained + rest.trained == whole.trained


@pytest.mark.parametrize(
    "wrong",
    [
        {"k": 0},
        {"iterations": 0},
        {"after_round": "keep"},
        {"candidates": -1},
        {"initial_iterations": 0},
        {"steps": 0},
    ]
    + [{"sampling": "even"}, {"candidate_images": -1}],
)
def test_settings_that_cannot_be_meant(wrong):
    with pytest.raises(EglError):
        SETTINGS._replace(**wrong).check()
