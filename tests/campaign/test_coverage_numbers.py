from tests.campaign.coverage_numbers import DOOR, Lines, modules, pure, share


def test_a_module_is_pure_unless_its_imports_lead_to_caffe():
    sources = {
        DOOR: "",
        "egl.nets": "",
        "egl.nets.net": "from egl.nets.runtime import import_caffe",
        "egl.score": "from egl.nets import net",
        "egl.late": "def f():\n    import egl.score",
        "egl.word": "import os\nfrom egl.errors import EglError\nfrom . import x",
        "egl.errors": "",
    }
    assert pure(sources) == {"egl.nets", "egl.word", "egl.errors"}


def test_shares_are_of_lines():
    assert share([Lines(10, [1, 2]), Lines(30, [])]) == 95
    assert share([]) == 100


def test_the_modules_of_the_project():
    sources = {name: path.read_text(encoding="utf-8") for name, path in modules().items()}
    found = pure(sources)
    assert {"data_prep.masks", "egl.training.metrics", "egl.selection.pool"} <= found
    assert not found & {DOOR, "egl.nets.trial", "egl.training.trainer", "egl.selection.run"}
    assert len(found) > 70
