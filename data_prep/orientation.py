"""A mask brought to the pixels of its photograph, where a camera asks viewers to turn those.

Photographs are used as their pixels are stored. A mask may have been drawn on these, or on the
photograph as a viewer shows it, turned as EXIF asks. Where both files ask for the same turn, they
agree as they are. Otherwise the size tells, where only one of the two fits. Where both fit (a turn
by 180 degrees, a mirror, a square), nothing tells, and the pair is refused.
"""

import numpy as np

from data_prep.errors import DataError
from data_prep.image_headers import UPRIGHT, Orientation, orientation_of

_INVERSE = {6: 8, 8: 6}  # the others undo themselves


def shown(pixels: np.ndarray, tag: int) -> np.ndarray:
    """Return pixels (H x W x ...) as a viewer shows them under an EXIF orientation, 1 to 8."""
    if tag >= 5:  # rows and columns change places
        pixels = pixels.swapaxes(0, 1)
    if tag in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if tag in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def stored(pixels: np.ndarray, tag: int) -> np.ndarray:
    """Return pixels that a viewer shows under an EXIF orientation as they are stored."""
    return shown(pixels, _INVERSE.get(tag, tag))


def brought_to_image(mask: np.ndarray, mask_path: str, image: np.ndarray, path: str) -> np.ndarray:
    """Return a mask as it lies on the pixels of its photograph: bool H x W.

    mask: as decoded from the file `mask_path`; image: H x W x 3, as decoded from the file `path`
    A mask that fits in no way is returned as it is. Raises DataError where both ways fit, and
    where a TIFF asks for a turn, which decoders apply, and the other file is not alike.
    """
    of_image = orientation_of(path)
    is_image = not mask_path.casefold().endswith(".gnd")
    of_mask = orientation_of(mask_path) if is_image else Orientation(UPRIGHT, False)
    if of_image.tag == of_mask.tag and (of_image.is_tiff == of_mask.is_tiff or of_mask.tag == 1):
        return mask
    for name, orientation in ((path, of_image), (mask_path, of_mask)):
        if orientation.is_tiff and orientation.tag != UPRIGHT:
            raise DataError(
                f"{name}: a TIFF that is to be turned for display (orientation "
                f"{orientation.tag}): save it upright, without that tag"
            )
    as_shown = stored(shown(mask, of_mask.tag), of_image.tag)
    fitting = [way for way in (mask, as_shown) if way.shape == image.shape[:2]]
    if len(fitting) == 2 and not np.array_equal(mask, as_shown):
        raise DataError(
            f"{mask_path}: drawn on {path} as it is stored or as it is shown? The photograph has "
            f"EXIF orientation {of_image.tag}, the mask {of_mask.tag}, and both ways fit: save "
            "both upright, without that tag, or give both the same"
        )
    return np.ascontiguousarray(fitting[0]) if fitting else mask
