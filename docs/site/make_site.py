"""Build the documentation site into build/site; a warning or a foreign script is an error.

    python3 docs/site/make_site.py

What Sphinx reads is gathered in build/site-source first: copies of the folders that pages name, the
API pages, and the README as the first page. The notebooks are shown with the outputs they have.
"""

import re
import shutil
import sys
from pathlib import Path
from typing import List

from api_pages import write_api_pages
from sphinx.cmd.build import build_main

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOURCE, OUT = ROOT / "build" / "site-source", ROOT / "build" / "site"
FOLDERS = ("docs", "prototxt", "egl", "data_prep", "labelling", "experiments", "runtime", "tests")
FILES = ("CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff")


def gather() -> None:
    """Make the folder that Sphinx reads."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    (SOURCE / "api").mkdir(parents=True)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, SOURCE / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copyfile(ROOT / name, SOURCE / name)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    contents = (HERE / "contents.md").read_text(encoding="utf-8")
    (SOURCE / "index.md").write_text(f"{readme}\n{contents}", encoding="utf-8")
    pages = "\n".join(write_api_pages(ROOT, SOURCE / "api"))
    text = (HERE / "api.md").read_text(encoding="utf-8")
    (SOURCE / "api" / "index.md").write_text(
        f"{text}\n```{{toctree}}\n{pages}\n```\n", encoding="utf-8"
    )
    shutil.copyfile(HERE / "solutions.md", SOURCE / "solutions.md")


def foreign(folder: Path) -> List[str]:
    """Return the pages and styles that load something from elsewhere, each with what it loads."""
    loads = {
        ".html": r'<(?:script|img|iframe|link)\b[^>]*(?:src|href)="((?:https?:)?//[^"]+)"',
        ".css": r"url\([\"']?((?:https?:)?//[^)\"']+)",
    }
    return [
        f"{path.relative_to(folder)}: {address}"
        for ending, pattern in loads.items()
        for path in sorted(folder.rglob(f"*{ending}"))
        for address in re.findall(pattern, path.read_text(encoding="utf-8"))
    ]


def sphinx(source: Path, out: Path) -> int:
    """Run Sphinx, to which every warning is an error; return its exit status."""
    doctrees = out.with_name(f"{out.name}-doctrees")
    options = ["-q", "-W", "--keep-going", "-E", "-c", str(HERE), "-d", str(doctrees)]
    return int(build_main([*options, str(source), str(out)]))


def main() -> int:
    gather()
    shutil.rmtree(OUT, ignore_errors=True)
    status = sphinx(SOURCE, OUT)
    found = foreign(OUT) if status == 0 else []
    for line in found:
        print(f"loaded from elsewhere: {line}", file=sys.stderr)
    if status or found:
        return 1
    print(f"{OUT / 'index.html'}: {len(list(OUT.rglob('*.html')))} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
