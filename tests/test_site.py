"""The documentation site: what Sphinx refuses, where links lead, how docstrings become pages."""

import sys
from pathlib import Path

import pytest

for library in ("furo", "griffe", "latex2mathml", "myst_nb"):
    pytest.importorskip(library)

SITE = Path(__file__).resolve().parents[1] / "docs" / "site"
sys.path.insert(0, str(SITE))
try:
    import api_pages
    import make_site
finally:
    sys.path.remove(str(SITE))

CODE = '''"""Shapes."""

from typing import Optional

from data_prep.sides import Side


def area(side: Side, scale: float = 1.0, name: Optional[str] = None) -> float:
    """Return an area, pixels.

    side: of a square; scale: what it is multiplied with: above 0
    name: of the square. Raises ValueError for scale 0.

    >>> area(3)
    9.0
    """


def _hidden() -> None:
    """Not shown."""
'''


@pytest.fixture
def written(tmp_path):
    """The API page of data_prep in a project where only data_prep has code."""
    for name in api_pages.PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('"""A room."""\n')
    (tmp_path / "data_prep" / "sides.py").write_text('class Side(int):\n    """Pixels."""\n')
    (tmp_path / "data_prep" / "shapes.py").write_text(CODE)
    (tmp_path / "api").mkdir()
    assert api_pages.write_api_pages(tmp_path, tmp_path / "api") == list(api_pages.PACKAGES)
    return (tmp_path / "api" / "data_prep.md").read_text()


def test_the_api_has_signatures_with_full_types_and_no_private_names(written):
    assert (
        "{py:function} area(side: data_prep.sides.Side, scale: float = 1.0, "
        "name: Optional[str] = None) -> float" in written
    )
    assert "{py:class} Side" in written and "_hidden" not in written


def test_what_a_docstring_says_of_arguments_becomes_a_list(written):
    assert (
        "Return an area, pixels.\n\n"
        "- `side`: of a square\n"
        "- `scale`: what it is multiplied with: above 0\n"
        "- `name`: of the square.\n\n"
        "Raises ValueError for scale 0.\n\n"
        "```python\n>>> area(3)\n9.0\n```\n" in written
    )


def pages(tmp_path, text):
    """A source folder with one page."""
    source = tmp_path / "source"
    (source / "folder").mkdir(parents=True)
    (source / "folder" / "code.py").write_text("answer = 42\n")
    (source / "index.md").write_text(f"# Title\n\n{text}\n")
    return source, tmp_path / "out"


def test_links_to_code_and_to_folders_lead_to_pages(tmp_path):
    source, out = pages(tmp_path, "[code](folder/code.py) [all](folder) $x^2$")
    assert make_site.sphinx(source, out) == 0
    page = (out / "index.html").read_text()
    assert 'href="source/folder/code.py.html"' in page and 'href="source/folder.html"' in page
    assert "<msup>" in page  # a formula
    assert "42" in (out / "source" / "folder" / "code.py.html").read_text()
    assert 'href="folder/code.py.html"' in (out / "source" / "folder.html").read_text()
    assert make_site.foreign(out) == []


@pytest.mark.parametrize("link", ["[x](nowhere.md)", "[x](folder/none.py)", "[x](#no-heading)"])
def test_a_link_that_leads_nowhere_is_an_error(tmp_path, link):
    assert make_site.sphinx(*pages(tmp_path, link)) != 0


def test_what_comes_from_elsewhere_is_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<script src="//example.org/a.js"></script> <a href="//x.org">'
    )
    (tmp_path / "b.css").write_text("@font-face { src: url('https://example.org/f.woff') }")
    assert make_site.foreign(tmp_path) == [
        "a.html: //example.org/a.js",
        "b.css: https://example.org/f.woff",
    ]
