"""Links from a page to the repository's files and folders, which have pages of their own here.

A link to a package leads to its API page; to another folder, to a list of its files; to a file, to
a page that shows it. Links that lead nowhere are left to Sphinx, which refuses them.
"""

import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import jinja2
from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound
from sphinx.addnodes import download_reference, pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

SHOWN = (".py", ".prototxt", ".txt", ".cff", ".csv")
SCHEME = "source:"  # of a link in the tree of a page, until the page's own address is known
TEMPLATE = Path(__file__).with_name("source.html.j2")


class SourceLinks(SphinxTransform):
    """Marks the links to folders and to files that are shown."""

    default_priority = 900

    def apply(self, **_: Any) -> None:
        for node in list(self.document.findall(_is_link)):
            _, path = self.env.relfn2path(node["reftarget"].split("#")[0], self.env.docname)
            target = os.path.relpath(path, self.env.srcdir)
            if os.path.isdir(path) or (os.path.isfile(path) and path.endswith(SHOWN)):
                reference = nodes.reference("", "", *node.children, refuri=SCHEME + target)
                node.replace_self(reference)


def _is_link(node: nodes.Node) -> bool:
    kinds = (download_reference, pending_xref)
    return isinstance(node, kinds) and node.get("reftype") == "myst" and bool(node["reftarget"])


def _page_of(app: Sphinx, target: str) -> str:
    """Return the page, below the site's root, of a file or folder below the sources' root."""
    for page in ("api/" + target.replace("/", "."), os.path.splitext(target)[0]):
        if page in app.env.found_docs:
            return f"{page}.html"
    return f"source/{target}.html"


def _write_addresses(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for node in doctree.findall(nodes.reference):
        if node.get("refuri", "").startswith(SCHEME):
            target = node["refuri"][len(SCHEME) :]
            app.env.source_targets.add(target)
            node["refuri"] = _relative(f"{docname}.html", _page_of(app, target))


def _relative(page: str, other: str) -> str:
    return os.path.relpath(other, os.path.dirname(page))


def _write_pages(app: Sphinx, error: Optional[Exception]) -> None:
    """Write the pages of all files and folders that a link leads to.

    They are not Sphinx's own: its navigation would take longer to make than the rest of the site.
    """
    waiting = [] if error else sorted(app.env.source_targets)
    template = jinja2.Template(TEMPLATE.read_text(encoding="utf-8"), autoescape=True)
    for target in waiting:
        page, path = _page_of(app, target), Path(app.srcdir, target)
        if not page.startswith("source/"):
            continue
        inside = _inside(path, target) if path.is_dir() else None
        waiting += [entry for entry in inside or () if entry not in waiting]
        whole = template.render(
            target=target,
            project=app.config.project,
            static=_relative(page, "_static"),
            home=_relative(page, "index.html"),
            folders=_folders(app, page, target),
            entries=_addresses(app, page, inside) if inside is not None else None,
            code=_highlighted(path) if inside is None else "",
        )
        out = Path(app.outdir, page)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(whole, encoding="utf-8")


def _inside(folder: Path, target: str) -> List[str]:
    """Return the files in a folder that are shown, or are pages of the site."""
    kinds = (*SHOWN, ".md", ".ipynb")
    return sorted(f"{target}/{file.name}" for file in folder.iterdir() if file.suffix in kinds)


def _addresses(app: Sphinx, page: str, targets: List[str]) -> List[Tuple[str, str]]:
    return [(os.path.basename(one), _relative(page, _page_of(app, one))) for one in targets]


def _folders(app: Sphinx, page: str, target: str) -> List[Tuple[str, str]]:
    """Return the parts of a path, each with the address of its API page, if it has one."""
    parts = target.split("/")
    pages = [_page_of(app, "/".join(parts[: n + 1])) for n in range(len(parts))]
    return [
        (part, _relative(page, other) if other.startswith("api/") else "")
        for part, other in zip(parts, pages)
    ]


def _highlighted(path: Path) -> str:
    try:
        lexer = get_lexer_for_filename(path.name)
    except ClassNotFound:
        lexer = TextLexer()
    return highlight(path.read_text(encoding="utf-8"), lexer, HtmlFormatter(nowrap=True))


def _begin(app: Sphinx) -> None:
    app.env.source_targets = set()


def setup(app: Sphinx) -> Dict[str, bool]:
    app.add_transform(SourceLinks)
    app.connect("builder-inited", _begin)
    app.connect("doctree-resolved", _write_addresses)
    app.connect("build-finished", _write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
