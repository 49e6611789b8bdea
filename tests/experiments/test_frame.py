"""The frame with an experiment of somebody else's, in a folder of its own."""

import sys

import pandas as pd
import pytest

from egl.errors import EglError
from experiments.frame import FILTERS, section, write_table
from experiments.paper import NAMES, experiment

MODULE = """
from experiments import plots

UNIT = "patches"

def tasks(protocol):
    return {}

def measure(results):
    if not results.finished("mine-seed01"):
        return {}
    return {"curves": results.curves({"mine": {1: "mine-seed01"}}, ["f_measure"]), "last": 9}

def draw(tables):
    figure, axes = plots.panels()
    axes[0, 0].plot(tables["curves"]["iteration"], tables["curves"]["f_measure"])
    yield "mine.png", figure

def verdict(tables):
    return {"C1": "undecided"}

def csvs(tables):
    return {"mine.csv": tables["curves"]}
"""
TEMPLATE = """# Mine

After {{ last }} batches of {{ protocol.images.trainer.batch }} {{ experiment.UNIT }}.

![Curve](mine.png)

Verdict C1: F {{ curves.f_measure | pm }}.
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The module outside.mine, and where its template is."""
    folder = tmp_path / "outside"
    (folder / "templates").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "mine.py").write_text(MODULE)
    (folder / "templates" / "mine.md.j2").write_text(TEMPLATE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in ("outside", "outside.mine"):
        sys.modules.pop(name, None)


def test_a_module_from_outside_the_package_gets_its_section(mine, fake_results):
    module, results = experiment("outside.mine"), fake_results()
    assert section(module, results) is None
    results.write("mine-seed01", [5, 10], f_measure=[0.25, 0.75])
    found = section(module, results)
    assert found.title == "Mine"
    assert found.text == ["After 9 batches of 32 patches."]
    assert found.verdicts[0].measured == "F 0.500."
    with open(results.file("mine.csv")) as file:
        assert file.read() == "arm,seed,iteration,f_measure\nmine,1,5,0.25\nmine,1,10,0.75\n"
    with open(results.file("mine.png"), "rb") as file:
        assert file.read(4) == b"\x89PNG"


def test_a_template_without_the_figure_that_is_drawn(mine, fake_results):
    (mine / "templates" / "mine.md.j2").write_text("# Mine\n\nVerdict C1: none")
    results = fake_results()
    results.write("mine-seed01", [5], f_measure=0.5)
    with pytest.raises(ValueError, match="have different figures"):
        section(experiment("outside.mine"), results)


def test_every_experiment_has_a_module_and_what_is_none_is_named(mine):
    assert all(callable(experiment(name).tasks) for name in NAMES)
    with pytest.raises(EglError, match="experiment 'fig9': give one of fig2, patches"):
        experiment("fig9")
    with pytest.raises(EglError, match=r"'outside\.none': cannot be imported"):
        experiment("outside.none")
    with pytest.raises(EglError, match=r"'json\.decoder': has no tasks\(\)"):
        experiment("json.decoder")


def test_cells_of_a_csv(tmp_path):
    table = pd.DataFrame({"n": [1, 2], "x": [1 / 3, float("nan")], "is": [True, False], "a": "b"})
    write_table(str(tmp_path / "table.csv"), table)
    assert (tmp_path / "table.csv").read_text() == "n,x,is,a\n1,0.333333,1,b\n2,nan,0,b\n"


def test_filters():
    assert FILTERS["pm"]([0.5]) == "0.500"
    assert FILTERS["pm"]([1, 2, 3, float("nan")]) == "2.000 ± 2.484"
    assert FILTERS["share"]([0.5, 1.0]) == "0.750"
    assert FILTERS["share"]([0.9, 1.0, 1.0]) == "0.967 (0.900 to 1.000)"
    assert FILTERS["percent"](0.123, 1) == "12.3%"
    assert [FILTERS["short"](number, 3) for number in (0.31415, 999.4, 2153.2)] == [
        "0.314",
        "999",
        "2153",
    ]
    assert FILTERS["plural"](1, "seed") == "1 seed"
    assert FILTERS["plural"](0, "seed") == "0 seeds"
    assert FILTERS["listed"]([6, 15, 30]) == "6, 15 and 30"
    assert FILTERS["listed"]([6]) == "6"
