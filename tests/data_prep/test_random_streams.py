import itertools

import numpy as np

from data_prep.random_streams import Stream, random_state


def draws(*arguments):
    return tuple(random_state(*arguments).randint(2**31, size=4))


def test_no_two_streams_are_the_same():
    assert len({draws(1, stream) for stream in Stream}) == len(Stream)
    assert len(set(map(int, Stream))) == len(Stream.__members__)  # no name is an alias


def test_streams_differ_whatever_else_tells_their_uses_apart():
    owner = {}
    for seed, stream, numbers in itertools.product(
        (0, 1, 2), Stream, ((), (0,), (1,), (0, 1), (1, 0))
    ):
        assert owner.setdefault(draws(seed, stream, *numbers), (seed, stream)) == (seed, stream)


def test_the_numbers_of_results_that_are_published():
    """Another number for a stream would change results, so each stands here once more."""
    assert {stream.name: int(stream) for stream in Stream} == {
        "SPLIT": 0,
        "PATCHES": 1,
        "EXPORT": 2,
        "CONTACT_SHEET": 3,
        "EPOCH": 10,
        "INITIAL_IMAGES": 20,
        "ROUND": 21,
        "RANDOM_PATCHES": 22,
        "RANDOM_IMAGES": 23,
        "GRID": 24,
        "FILL": 25,
        "POOL": 26,
        "TURNS": 27,
        "OUTPUT_CHANGE": 40,
        "BADGE": 41,
        "CLUSTERS": 42,
        "BOOTSTRAP": 43,
        "PERSON": 60,
    }


def test_a_stream_is_numpys_of_seed_number_and_use():
    expected = np.random.RandomState([7, 21, 5, 6]).randint(2**31, size=4)
    assert draws(7, Stream.ROUND, 5, 6) == tuple(expected)
