from experiments.commands.progress import with_bar


def counts_to(total, progress):
    for done in range(1, total + 1):
        progress(done, total)
    return total


def test_the_result_comes_back_and_a_file_gets_no_bar(tmp_path, capfd):
    assert with_bar(counts_to, (3,), str(tmp_path / "run")) == 3
    assert capfd.readouterr().err == ""


def test_a_terminal_shows_how_far_the_run_is(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert with_bar(counts_to, (3,), str(tmp_path / "run")) == 3
    assert "run: 100%" in capfd.readouterr().err
    assert (tmp_path / "run" / "log.txt").read_text() == ""
