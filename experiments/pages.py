"""The Markdown page of a report, and its folder of figures and CSVs."""

import os
import shutil
from typing import Any, Callable, Dict, List

from data_prep.errors import DataError
from egl.nets.definition import prototxt_path
from experiments import plots
from experiments.results import Results
from experiments.section import Section

NET = "lenet_deploy.svg"  # Fig. 1 of the paper, beside the prototxt that it shows
MARK = "Written by `egl report`"  # near the top of every page of ours
_READ = 4000  # characters of a page in which the mark is looked for


def folder_of(page: str) -> str:
    """Return the folder of a page NAME.md: NAME."""
    return page[: -len(".md")]


def check_page(page: str) -> None:
    """Raise DataError where a page would overwrite what is not ours, or cannot be written.

    Ours is a page that holds MARK; its folder is ours with it.
    """
    parent = os.path.dirname(page) or "."
    if not os.path.isdir(parent):
        raise DataError(f"--markdown {page}: there is no folder {parent}; make it, or name another")
    if os.path.lexists(page):
        if not _is_ours(page):
            raise DataError(
                f"--markdown {page}: exists, and egl report has not written it; give another name"
            )
        return
    folder = folder_of(page)
    if os.path.lexists(folder) and (not os.path.isdir(folder) or os.listdir(folder)):
        raise DataError(
            f"--markdown {page}: its figures would go to {folder}, which exists and is not of "
            "egl report; give another name"
        )


def _is_ours(page: str) -> bool:
    try:
        with open(page, encoding="utf-8") as file:
            return MARK in file.read(_READ)
    except (OSError, UnicodeDecodeError):
        return False


def write_page(
    results: Results, page: str, content: Dict[str, Any], render: Callable[..., None]
) -> None:
    """Write a page and its folder: CSVs, and the figures that show no photographs.

    render: render(template, path, **content)
    """
    check_page(page)
    folder = folder_of(page)
    os.makedirs(folder, exist_ok=True)
    sections: List[Section] = list(content["sections"].values())
    files = ["claims.csv", content["long"], *(name for part in sections for name in part.files)]
    figures = [figure for part in sections for figure in part.figures]
    for figure in figures:
        if not figure.photographs:
            files += [figure.file, plots.svg_of(figure.file)]
    for name in files:
        shutil.copyfile(results.file(name), os.path.join(folder, name))
    shutil.copyfile(prototxt_path(NET), os.path.join(folder, NET))
    render("results.md.j2", page, folder=os.path.basename(folder), net=NET, **content)
