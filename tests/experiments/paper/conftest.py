"""These tests look at numbers and at figures in memory: nothing is drawn into a file.

tests/experiments/test_reproduce.py draws all of them twice, to the same bytes.
"""

import pytest

from experiments import plots


@pytest.fixture(autouse=True)
def no_files_of_figures(monkeypatch):
    """Spare every test the seconds that PNGs and SVGs take."""
    monkeypatch.setattr(plots, "save", lambda figure, path: None)
