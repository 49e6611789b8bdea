import sys
from types import SimpleNamespace

import pytest

from egl.errors import EglError
from egl.strategies.registry import STRATEGIES, find_strategy, strategy_names

SOURCE = """
from egl.strategies import ByScore


class Gini(ByScore):
    def scores(self, patches):
        return 1 - (self.model.posterior(patches) ** 2).sum(axis=1)


class Mute:
    pass
"""


@pytest.fixture
def my_module(tmp_path, monkeypatch):
    (tmp_path / "my_strategies.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "my_strategies"
    sys.modules.pop("my_strategies", None)


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_name_leads_to_a_class_with_both_verbs(name):
    found = find_strategy(name)
    assert callable(found.query_patches)
    assert callable(found.query_images)


def test_anybody_s_class(my_module):
    assert find_strategy("my_strategies:Gini").__name__ == "Gini"


def test_an_entry_point(my_module, monkeypatch):
    point = SimpleNamespace(name="gini", value="my_strategies:Gini")
    monkeypatch.setattr(
        "egl.strategies.registry.metadata.entry_points", lambda: {"egl.strategies": [point]}
    )
    assert find_strategy("gini").__name__ == "Gini"
    assert strategy_names() == [*STRATEGIES, "gini"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("eggl", "'eggl' is not known; did you mean egl"),
        ("", "is not known; known are egl, random"),
        ("no_such_module:Gini", "cannot be imported: No module named 'no_such_module'"),
        ("my_strategies:Absent", "cannot be imported: module 'my_strategies' has no attribute"),
        ("my_strategies:Mute", "Mute has no method query_patches"),
        (":Gini", "cannot be imported"),
    ],
)
def test_what_is_not_there(my_module, name, message):
    with pytest.raises(EglError) as caught:
        find_strategy(name)
    assert message in str(caught.value)
