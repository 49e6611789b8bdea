import pytest

from experiments.claims import CLAIMS, by_interval, decided


def test_all_seven():
    assert list(CLAIMS) == [f"C{n}" for n in range(1, 8)]


@pytest.mark.parametrize(
    ("mean", "half", "verdict"),
    [
        (0.3, 0.2, "reproduced"),
        (0.1, 0.2, "not reproduced"),
        (-0.3, 0.2, "contradicted"),
        (0.3, float("nan"), "undecided"),
    ],
)
def test_the_interval_decides(mean, half, verdict):
    assert by_interval(mean, half) == verdict


@pytest.mark.parametrize(
    ("seeds", "synthetic", "word"),
    [(5, False, "reproduced"), (4, False, "demonstration"), (10, True, "demonstration")],
)
def test_phantoms_and_few_seeds_are_a_demonstration(seeds, synthetic, word):
    assert decided("reproduced", seeds, synthetic) == word
