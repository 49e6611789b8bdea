import pandas as pd

from experiments.command_line import main
from experiments.log_figure import log_figure, log_table
from tests.egl.training.test_caffe_log import TRAINED


def test_the_table_and_the_panels(tmp_path):
    (tmp_path / "a.log").write_text(TRAINED)
    table = log_table([str(tmp_path / "a.log")])
    assert list(table) == ["log", "phase", "iteration", "seconds", "name", "value"]
    loss, accuracy = log_figure(table).axes
    assert (loss.get_title(), accuracy.get_title()) == ("loss", "accuracy")
    train, test = loss.lines
    assert list(train.get_ydata()) == [0.6] and list(test.get_ydata()) == [0.75]


def test_a_log_with_nothing_but_smoothed_losses(tmp_path):
    lines = [line for line in TRAINED.splitlines(True) if "output" not in line]
    (tmp_path / "a.log").write_text("".join(lines))
    (panel,) = log_figure(log_table([str(tmp_path / "a.log")])).axes
    assert list(panel.lines[0].get_xdata()) == [0, 20]


def test_the_command_on_two_logs(tmp_path, capsys):
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text(TRAINED)
    logs = [str(tmp_path / name) for name in ("a.log", "b.log")]
    assert main(["plot-log", *logs, "--out", str(tmp_path / "curves.png")]) == 0
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert list(pd.read_csv(tmp_path / "curves.csv").log.unique()) == logs


def test_what_is_no_log_leaves_nothing(tmp_path, capsys):
    (tmp_path / "a.log").write_text("hello\n")
    assert main(["plot-log", str(tmp_path / "a.log"), "--out", str(tmp_path / "x.png")]) == 2
    assert main(["plot-log", str(tmp_path / "a.log"), "--out", str(tmp_path / "x.pdf")]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.log"]
    assert len(capsys.readouterr().err.splitlines()) == 2
