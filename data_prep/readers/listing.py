"""What a folder contains: image files and subfolders, sorted.

The case of names does not matter; hidden files are ignored.
"""

import os
import re
from typing import List, Optional

from data_prep.errors import DataError

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff")


def image_files(folder: str) -> List[str]:
    """Return the paths of the image files directly in a folder, sorted; links are followed."""
    return with_suffix(folder, *IMAGE_SUFFIXES)


def with_suffix(folder: str, *suffixes: str) -> List[str]:
    """Return the paths of the files directly in a folder with one of the suffixes, in any case.

    suffixes: in lower case
    """
    # Not isfile(): a link that leads nowhere must be reported as an image that cannot be read.
    return [
        path
        for path in _visible(folder)
        if path.casefold().endswith(suffixes) and not os.path.isdir(path)
    ]


def subfolders(folder: str) -> List[str]:
    """Return the paths of the folders directly in a folder, sorted; links are followed."""
    return [path for path in _visible(folder) if os.path.isdir(path)]


def file_named(folder: str, name: str) -> Optional[str]:
    """Return the path of the file of that name, in any case, in a folder, or None."""
    for path in _visible(folder):
        if os.path.basename(path).casefold() == name.casefold() and os.path.isfile(path):
            return path
    return None


def child(folder: str, *names: str) -> Optional[str]:
    """Return the path of the subfolder with one of the names, or None.

    Case, blanks, '.', '-' and '_' do not matter. Unpacking `X.zip` often gives X/X: if the
    subfolder contains one of its own name, that one is returned. Raises DataError if two subfolders
    have such a name.
    """
    wanted = {_plain(name) for name in names}
    found = [
        path
        for path in _visible(folder)
        if _plain(os.path.basename(path)) in wanted and os.path.isdir(path)
    ]
    if len(found) > 1:
        raise DataError(
            f"{found[0]} and {found[1]}: two folders for the same thing: move one of them away"
        )
    if not found:
        return None
    return child(found[0], os.path.basename(found[0])) or found[0]


def is_named(folder: str, *names: str) -> bool:
    """Return whether the folder itself has one of the names, compared as in `child`."""
    return _plain(os.path.basename(os.path.abspath(folder))) in {_plain(name) for name in names}


def stem(path: str) -> str:
    """Return a file's name without folder and suffix, in lower case.

    An image and its mask are paired by it.
    """
    return os.path.splitext(os.path.basename(path))[0].casefold()


def record_id(path: str, folder: str) -> str:
    """Return the path of a file below the data set's folder, '/' between parts."""
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _visible(folder: str) -> List[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise DataError(
            f"{folder}: the folder cannot be listed ({error.strerror}): check that it exists and "
            "that you may read it"
        ) from error
    # Windows' Thumbs.db and the like have no image suffix; macOS hides files by a dot, and one
    # folder by its name.
    return [
        os.path.join(folder, name)
        for name in names
        if not name.startswith(".") and name != "__MACOSX"
    ]


def _plain(name: str) -> str:
    return re.sub(r"[\s._-]", "", name.casefold())
