"""What a folder contains: image files and subfolders, sorted.

The case of names does not matter; hidden files are ignored.
"""

import os
import re
import unicodedata
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
    """Return the path of the file of that name, in any case, in a folder, or None.

    Raises DataError if there are two, or if it is a folder, or a link that leads nowhere: a table
    that is there but cannot be read must not count as absent.
    """
    wanted = comparable(name)
    found = [path for path in _visible(folder) if comparable(os.path.basename(path)) == wanted]
    if len(found) > 1:
        raise DataError(
            f"{found[0]} and {found[1]}: two files for the same thing: move one of them away"
        )
    for path in found:
        if not os.path.isfile(path):
            raise DataError(f"{path}: {_wrong_kind(path)}, not a file: repair it, or move it away")
        return path
    return None


def child(folder: str, *names: str) -> Optional[str]:
    """Return the path of the subfolder with one of the names, or None.

    Case, blanks, '.', '-' and '_' do not matter. Unpacking `X.zip` often gives X/X: if the
    subfolder contains one of its own name, that one is returned. Raises DataError if two subfolders
    have such a name, or if it is a file, or a link that leads nowhere, which must not count as
    absent.
    """
    wanted = {_plain(name) for name in names}
    named = [path for path in _visible(folder) if _plain(os.path.basename(path)) in wanted]
    found = [path for path in named if os.path.isdir(path)]
    if named and not found:
        raise DataError(
            f"{named[0]}: {_wrong_kind(named[0])}, not a folder: repair it, or move it away"
        )
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
    """Return a file's name without folder and suffix, as `comparable` gives it.

    An image and its mask are paired by it.
    """
    return comparable(os.path.splitext(os.path.basename(path))[0])


def comparable(name: str) -> str:
    """Return what names that look alike have in common: lower case, and one form of accents.

    macOS writes an accent as a sign of its own, other systems as part of the letter.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def broken_links(folder: str) -> List[str]:
    """Return the paths of the links directly in a folder that lead nowhere, sorted."""
    return [path for path in _visible(folder) if not os.path.exists(path)]


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
    return re.sub(r"[\s._-]", "", comparable(name))


def _wrong_kind(path: str) -> str:
    if not os.path.exists(path):
        return "a link that leads nowhere"
    if os.path.isdir(path):
        return "a folder"
    return "a file" if os.path.isfile(path) else "a pipe or a device"
