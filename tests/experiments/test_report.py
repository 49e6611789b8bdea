"""The report of folders that never ran: damaged runs are left out, and named."""

import os

import numpy as np
import pandas as pd
import pytest

from experiments import plots, report
from experiments.paper import patches
from experiments.results import DamagedRun


class Store:
    """A store of nothing but its description."""

    attributes = {"dataset": "IDRiD", "licence": "none"}
    attributes.update({f"samples_{split}": [8, 8] for split in ("train", "validation", "test")})
    images = ()


@pytest.fixture
def results(fake_results, monkeypatch):
    """Seeds 1 to 5 of `patches`: EGL ends 0.1 above plain SGD."""
    monkeypatch.setattr(plots, "save", lambda figure, path: open(path, "w").close())
    monkeypatch.setattr(report, "_picture", lambda results, figure: "")
    monkeypatch.setattr(report, "summary", lambda store: "")
    results = fake_results({"all": Store()}, seeds=5)
    for seed in range(1, 6):
        for arm, f in (("egl", 0.8), ("random", 0.7), ("sgd", 0.7)):
            values = [0.5, f + 0.001 * seed * (arm == "egl")]
            results.write(patches.name(arm, seed), [25, 45], f_measure=values, n_labelled=[9, 16])
    return results


def written(results):
    report.write_report(results, [], None)
    claims = pd.read_csv(results.file("claims.csv"), keep_default_na=False).set_index("claim")
    with open(results.file("report.html"), encoding="utf-8") as file:
        return file.read(), claims["verdict"]


def test_five_seeds_of_photographs_have_a_verdict(results):
    html, verdicts = written(results)
    assert (verdicts["C2"], verdicts["C1"]) == ("reproduced", "not run")
    assert "EGL is ahead of plain SGD on all labels in the last F-measure, by 0.103" in html
    assert "demonstration" not in html.split("<nav>")[0].split("</style>")[1]
    assert '<a href="#patches">reproduced</a>' in html
    assert "batches after which EGL has converged: 15" in html
    assert "<td>patches</td><td>15</td><td>0.25</td>" in html  # 15 runs of a minute
    assert 'parameters" src="data:image/svg+xml;base64,PD94' in html  # Fig. 1: <?xml


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("metrics.json", b"{}"),
        ("metrics.json", b'{"diverged": null, "seconds": "long"}'),
        ("metrics.json", b""),
        ("rounds.csv", b"iteration,n_lab"),
        ("rounds.csv", b"\xff\x00"),
        ("rounds.csv", None),  # cut after its first evaluation, at the end of a line
        ("predictions.h5", b"\x89HDF"),
        ("predictions.h5", b""),
    ],
)
def test_a_damaged_run_is_left_out_and_named(results, file, damage):
    run = patches.name("egl", 3)
    path = os.path.join(results.run(run), file)
    if damage is None:
        with open(path, "rb") as opened:
            damage = b"".join(opened.readlines()[:2])
    with open(path, "wb") as opened:
        opened.write(damage)
    html, verdicts = written(results)
    assert list(results.damaged) == [run]
    (message,) = results.damaged.values()
    assert run in message
    assert "remove the run" in message
    assert "1 damaged, and left out below" in html
    assert "In 4 seeds EGL is 0.103 above plain SGD" in html  # the others are drawn
    assert verdicts["C2"] == "demonstration"


def test_an_experiment_whose_numbers_make_no_sense_leaves_the_others(results, monkeypatch):
    def broken(results):
        raise KeyError("p")

    monkeypatch.setattr("experiments.paper.masks.measure", broken)
    _, verdicts = written(results)
    assert verdicts["C2"] == "reproduced"
    assert results.damaged["masks"].startswith("experiment masks: cannot be drawn (KeyError: 'p')")


def test_a_table_that_was_cut(results):
    run = patches.name("egl", 1)
    path = os.path.join(results.run(run), "scores.csv")
    with open(path, "w") as file:
        file.write("a,b\n1,2\n3,")
    with pytest.raises(DamagedRun, match=r"scores\.csv: cannot be read \(it was cut short"):
        results.table(run, "scores.csv")
    with open(path, "w") as file:
        file.write("a,b\n1,2\n3,4\n")
    assert np.array_equal(results.table(run, "scores.csv"), [[1, 2], [3, 4]])
