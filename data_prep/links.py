"""Symbolic links in folders that this project writes into.

In a data set, links are followed: its photographs may lie on another disk, and nothing is written
there. A run folder may come from somebody else, and resuming it writes into it: a link under one of
its names would have another file of the machine written or emptied.
"""

import os

from data_prep.errors import DataError


def refuse_links(folder: str) -> None:
    """Raise DataError, which names the link, where a folder holds one; it may be one itself."""
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(parent, name)
            if os.path.islink(path):
                raise DataError(
                    f"{path}: is a link, and a run is not written through links: put what it leads "
                    "to in its place, or give another --out"
                )
