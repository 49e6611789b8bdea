"""The notebooks of docs/tutorials: their code runs in short form; they are small and clean."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).resolve().parents[1] / "docs" / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.rglob("[0-9]*.ipynb"))


@pytest.fixture(scope="module")
def report(caffe):
    """What execute.py --short prints: one process for all, which costs one start of Caffe."""
    pytest.importorskip("nbformat")
    pytest.importorskip("lmdb")
    done = subprocess.run(
        [sys.executable, str(TUTORIALS / "execute.py"), "--short"],
        env={**os.environ, "GLOG_minloglevel": "2"}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_code_runs(report, path):
    said = re.findall(rf"^{re.escape(path.name)}: (.*)$", report, re.MULTILINE)
    assert said and re.fullmatch(r"[\d.]+ s", said[0]), said or report[-3000:]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_small_and_has_its_outputs_and_no_trace_of_a_machine(path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < 1_000_000
    cells = json.loads(text)["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] is None for cell in code)
    assert any(cell["outputs"] for cell in code)
    assert "/tmp/" not in text and "Traceback" not in text
    assert any("assert" in "".join(cell["source"]) for cell in code)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_text_is_no_comment(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = [cell for cell in cells if cell["cell_type"] == "markdown"]
    for lines in ("".join(cell["source"]).splitlines() for cell in text):
        headings = [line for line in lines if line.startswith("#")]
        assert len(lines) == 1 or len(headings) < len(lines), lines[:3]
        assert "#" not in headings and not any(line.startswith("# #") for line in headings)


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path.parent == TUTORIALS], ids=lambda path: path.stem
)
def test_it_says_what_is_learnt_and_its_exercises_have_solutions(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert "**You learn**" in text and "## Exercises" in text
    assert path.name in (TUTORIALS / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (TUTORIALS / target).exists(), target
    assert (TUTORIALS / "solutions" / f"{path.stem}-solution.ipynb").exists()
