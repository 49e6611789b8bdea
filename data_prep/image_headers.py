"""What the header of an image file says, by Pillow: its palette, opacity and orientation."""

import warnings
from contextlib import contextmanager
from typing import Iterator, NamedTuple, Optional

from PIL import Image

from data_prep.errors import DataError

_ORIENTATION = 274  # the tag of EXIF and TIFF
UPRIGHT = 1


class Orientation(NamedTuple):
    """How a file's pixels are to be turned for display.

    tag: 1 to 8, as in EXIF; 1 is as they are
    is_tiff: whether decoders apply it, as they do for TIFF
    """

    tag: int
    is_tiff: bool


@contextmanager
def opened(path: str) -> Iterator[Optional[Image.Image]]:
    """Yield an image file opened by Pillow, its pixels not read yet; None for what it cannot open.

    Raises DataError for more pixels than any camera has, which would fill the memory.
    """
    image = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(path)
        except Image.DecompressionBombError as error:
            raise DataError(f"{path}: {error}: save it smaller") from error
        except Exception:  # Pillow raises many kinds for damaged files
            image = None
        try:
            yield image
        finally:
            if image is not None:
                image.close()


def orientation_of(path: str) -> Orientation:
    """Return the orientation that an image file asks for; upright where it says nothing."""
    with opened(path) as image:
        if image is None:
            return Orientation(UPRIGHT, False)
        is_tiff = image.format == "TIFF"
        try:
            tags = image.tag_v2 if is_tiff else image.getexif()
            tag = int(tags.get(_ORIENTATION, UPRIGHT))
        except Exception:  # damaged EXIF says nothing
            tag = UPRIGHT
    return Orientation(tag if 1 <= tag <= 8 else UPRIGHT, is_tiff)
