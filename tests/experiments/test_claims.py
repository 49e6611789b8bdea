import pytest

from experiments.claims import CLAIMS, by_interval


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
