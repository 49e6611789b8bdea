import pytest

from egl.errors import EglError
from egl.training.caffe_log import Row, parse_log, read_log

TRAINED = """\
I1231 23:59:58.500000     7 caffe.cpp:204] Using CPU.
I1231 23:59:59.000000     7 solver.cpp:347] Iteration 0, Testing net (#0)
I1231 23:59:59.250000     7 solver.cpp:414]     Test net output #0: accuracy = 0.5
I1231 23:59:59.250000     7 solver.cpp:414]     Test net output #1: loss = 0.75 (* 1 = 0.75 loss)
I0101 00:00:00.500000     7 solver.cpp:239] Iteration 0 (-nan iter/s, 0s/20 iters), loss = 0.7
I0101 00:00:00.500000     7 solver.cpp:258]     Train net output #0: loss = 0.6 (* 1 = 0.6 loss)
I0101 00:00:00.500000     7 sgd_solver.cpp:112] Iteration 0, lr = 0.01
something that Python has printed: Iteration 5, loss = 3
I0101 00:00:01.500000     7 solver.cpp:239] Iteration 20 (20 iter/s, 1s/20 iters), loss = 1e-05
I0101 00:00:01.500000     7 sgd_solver.cpp:112] Iteration 20, lr = 1e-3
"""


def test_every_number_that_the_solver_says():
    """Seconds run on into the new year; a line without glog's beginning is not Caffe's."""
    assert parse_log(TRAINED.splitlines()) == [
        Row("train", 0, 2.0, "smoothed loss", 0.7),
        Row("train", 0, 2.0, "loss", 0.6),
        Row("train", 0, 2.0, "rate", 0.01),
        Row("test", 0, 0.75, "accuracy", 0.5),
        Row("test", 0, 0.75, "loss", 0.75),
        Row("train", 20, 3.0, "smoothed loss", 1e-05),
        Row("train", 20, 3.0, "rate", 0.001),
    ]


def test_after_a_resumption_what_was_said_last_counts():
    line = "I0101 00:00:{:02d}.5     7 solver.cpp:239] Iteration {} (1 iter/s), loss = {}"
    lines = [line.format(1, 0, 3), line.format(2, 20, 2), line.format(9, 20, 1)]
    assert [(row.iteration, row.value) for row in parse_log(lines)] == [(0, 3), (20, 1)]


def test_a_loss_that_is_not_a_number():
    (row,) = parse_log(["I0101 00:00:00.5     7 solver.cpp:239] Iteration 3, loss = -nan"])
    assert row.value != row.value


def test_a_folder_stands_for_its_log(tmp_path):
    (tmp_path / "log.txt").write_text(TRAINED)
    assert read_log(str(tmp_path)) == parse_log(TRAINED.splitlines())


@pytest.mark.parametrize("text", ["", "epoch 1: loss = 3\n", TRAINED.split("\n")[0], "\x00\xff"])
def test_a_file_without_such_lines(tmp_path, text):
    (tmp_path / "x.log").write_text(text)
    with pytest.raises(EglError, match="x.log: has no line like 'Iteration 20"):
        read_log(str(tmp_path / "x.log"))


def test_no_file(tmp_path):
    with pytest.raises(EglError, match="x.log: cannot be read"):
        read_log(str(tmp_path / "x.log"))
