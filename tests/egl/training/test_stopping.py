import pytest

from egl.training.stopping import should_stop


@pytest.mark.parametrize(
    ("history", "stop"),
    [
        ([(1.0, 1.0, 0.5)], False),
        ([(1.0, 1.0, 0.5), (0.9, 1.1, 0.6)], False),  # the training loss still falls
        ([(1.0, 1.0, 0.5), (1.1, 0.9, 0.6)], False),  # the validation loss still falls
        ([(1.0, 1.0, 0.5), (0.99, 0.99, 0.6)], True),  # by exactly one: "by less" begins below
        ([(1.0, 1.0, 0.5), (0.995, 0.995, 0.6)], True),  # by half a percent: not significantly
        (
            [(1.0, 1.0, 0.5), (0.8, 0.8, 0.6), (0.81, 0.9, 0.7)],
            True,
        ),  # against the best before, not the first
        ([(1.0, 1.0, 0.7), (0.8, 0.8, 0.7)], False),  # the same accuracy for one epoch only
        ([(1.0, 1.0, 0.7), (0.8, 0.8, 0.7), (0.6, 0.6, 0.7)], True),  # for two
        ([(1.0, 1.0, 0.7), (0.8, 0.8, 0.8), (0.6, 0.6, 0.8)], False),
    ],
)
def test_the_paper_s_rule(history, stop):
    assert should_stop(history) is stop
