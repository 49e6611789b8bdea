"""Images and masks of two folders brought together by the stem of their names."""

import os

from data_prep.errors import DataError
from data_prep.readers.listing import image_files, stem


def distinct(paths, report):
    """Return {stem: path}. A stem that comes twice (a.jpg and a.png) is reported; the first path stays."""
    by_stem = {}
    for path in paths:
        first = by_stem.setdefault(stem(path), path)
        if first != path:
            report(
                DataError(
                    f"{path}: has the same name as {first} but for the suffix or its case: remove or rename one"
                )
            )
    return by_stem


def pair(image_folder, mask_folder, endings, report):
    """Return a list of (image, mask), sorted by image.

    image_folder, mask_folder: paths; one that does not exist counts as empty
    endings: what follows the image's stem in the mask's, in lower case and in order of preference; "" for the same stem
    An image without a mask and a mask without an image are reported and left out.
    """
    images, masks = (
        distinct(image_files(folder) if os.path.isdir(folder) else [], report)
        for folder in (image_folder, mask_folder)
    )
    pairs = []
    for name, image in images.items():
        ending = next((ending for ending in endings if name + ending in masks), None)
        if ending is None:
            wanted = os.path.splitext(os.path.basename(image))[0] + endings[0].upper()
            report(
                DataError(
                    f"{image}: has no mask: give {os.path.join(mask_folder, wanted)} (any image suffix but JPEG's)"
                )
            )
        else:
            pairs.append((image, masks.pop(name + ending)))
    for mask in masks.values():
        report(
            DataError(
                f"{mask}: a mask without its image: put the image into {image_folder}, or move the mask away"
            )
        )
    return pairs
