from experiments.commands.progress import progress_bar


def test_a_file_gets_no_bar(capfd):
    with progress_bar("runs/first") as progress:
        progress(1, 3)
    assert capfd.readouterr().err == ""


def test_a_terminal_shows_how_far_the_run_is(capfd, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with progress_bar("runs/first/") as progress:
        for done in (2, 3):  # resumed after the first
            progress(done, 3)
    assert "first: 100%" in capfd.readouterr().err


def test_work_that_never_begins_shows_no_bar(capfd, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with progress_bar("runs/first"):
        pass
    assert capfd.readouterr().err == ""
