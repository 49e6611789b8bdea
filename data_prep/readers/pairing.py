"""Images and masks of two folders paired by the stem of their names."""

import os
from typing import Dict, Iterable, List, Sequence, Tuple

from data_prep.errors import DataError, Report
from data_prep.readers.listing import IMAGE_SUFFIXES, image_files, stem, with_suffix


def distinct(paths: Iterable[str], report: Report) -> Dict[str, str]:
    """Return {stem: path}.

    If a stem occurs twice (a.jpg and a.png), that is reported and the first path is kept.
    """
    by_stem: Dict[str, str] = {}
    for path in paths:
        first = by_stem.setdefault(stem(path), path)
        if first != path:
            report(
                DataError(
                    f"{path}: differs from {first} only in the suffix, or in the case or the "
                    "accents' form of its name: remove or rename one"
                )
            )
    return by_stem


def pair(
    image_folder: str,
    mask_folder: str,
    endings: Sequence[str],
    report: Report,
) -> List[Tuple[str, str]]:
    """Return the pairs (image, mask) of two folders, sorted by image.

    image_folder, mask_folder: paths; one that does not exist counts as empty
    endings: what follows the image's stem in the mask's, in lower case and in order of preference;
        "" for the same stem
    An image without a mask and a mask without an image are reported and left out.
    """
    images = _images_of(image_folder, report)
    masks = _images_of(mask_folder, report)
    pairs = []
    for image_stem, image in images.items():
        mask_stem = next(
            (image_stem + ending for ending in endings if image_stem + ending in masks), None
        )
        if mask_stem is None:
            report(_without_mask(image, mask_folder, endings))
        else:
            pairs.append((image, masks.pop(mask_stem)))
    for mask in masks.values():
        report(
            DataError(
                f"{mask}: a mask without its image: put the image into {image_folder}, or move the "
                "mask away"
            )
        )
    return pairs


def _without_mask(image: str, mask_folder: str, endings: Sequence[str]) -> DataError:
    """Return the problem of an image without a mask; a file of another kind in its place is named.

    Such files are GIFs, and what annotation programs save.
    """
    stems = [stem(image) + ending for ending in endings]
    for other in with_suffix(mask_folder, "") if os.path.isdir(mask_folder) else []:
        if stem(other) in stems:
            return DataError(
                f"{other}: a mask must be one of {', '.join(IMAGE_SUFFIXES)} (but no JPEG): save "
                f"it as PNG, for {image}"
            )
    name = os.path.splitext(os.path.basename(image))[0] + endings[0].upper()
    return DataError(
        f"{image}: has no mask: add {os.path.join(mask_folder, name)} (with any image suffix but "
        "JPEG's)"
    )


def _images_of(folder: str, report: Report) -> Dict[str, str]:
    if not os.path.isdir(folder):
        return {}
    try:
        paths = image_files(folder)
    except DataError as error:  # a folder that may not be listed
        report(error)
        return {}
    return distinct(paths, report)
