"""Which 48x48 patches of a photograph are exudate patches and which are healthy ones, and where to cut them."""

import cv2
import numpy as np

SIZE = 48  # pixels: the paper's patch
CENTRE = SIZE // 2  # offset of the pixel called the centre of an even-sized patch

EXUDATE_RULES = ("centre", "any")
LEAST_DISTANCE = 8  # pixels between the corners of two patches of one class in one image: nearer ones are near-duplicates
ENOUGH = 1000  # places to draw from for every patch wanted


def inside(field_of_view):
    """Return bool H x W: True where a patch with its top left corner there lies wholly in the image and its field of view."""
    fits = (
        cv2.erode(field_of_view.astype(np.uint8), np.ones((SIZE, SIZE), np.uint8), anchor=(0, 0))
        > 0
    )
    fits[field_of_view.shape[0] - SIZE + 1 :] = False
    fits[:, field_of_view.shape[1] - SIZE + 1 :] = False
    return fits


def corners(field_of_view, mask, rule="centre"):
    """Return (healthy, exudate): two bool masks H x W of the top left corners of all patches of each class.

    field_of_view, mask: bool H x W; mask None where no pixel is annotated. A patch is healthy if it has no annotated
    pixel. It is an exudate patch by `rule`: "centre", if its centre pixel (row 24, column 24 of 0 to 47) is annotated;
    "any", if any pixel is; or a float, if at least that share of its pixels is. Patches by neither rule are in neither
    class. No patch reaches outside the field of view.
    """
    fits = inside(field_of_view)
    if mask is None:
        return fits, np.zeros_like(fits)
    share = _share_annotated(mask)
    if rule == "centre":
        exudate = np.zeros_like(fits)
        exudate[:-CENTRE, :-CENTRE] = mask[CENTRE:, CENTRE:]
    else:
        exudate = share > 0 if rule == "any" else share >= rule
    return fits & (share == 0), fits & exudate


def _share_annotated(mask):
    """Return float32 H x W: of the patch with its corner at each pixel, the share of annotated pixels (outside: none)."""
    counts = cv2.boxFilter(
        mask.astype(np.float32),
        -1,
        (SIZE, SIZE),
        anchor=(0, 0),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )
    return (
        np.round(counts) / SIZE**2
    )  # float32 sums of ones are exact up to 2^24, and rounding drops what the filter adds


def scatter(allowed, most, random, least_distance=LEAST_DISTANCE):
    """Return up to `most` random corners (n, 2) int32 (y, x) from the bool mask `allowed`, in random order.

    No two are nearer than `least_distance` pixels in both directions, so one large exudate does not fill a class with
    copies of itself. The first n of the result are themselves such a random choice.
    """
    width = allowed.shape[1]
    places = np.flatnonzero(allowed)
    if (
        len(places) > ENOUGH * most
    ):  # healthy retina has millions; a place drawn twice is too near to itself
        places = places[random.randint(len(places), size=ENOUGH * most)]
    free = np.ones(allowed.shape, bool)
    chosen = []
    for place in places[random.permutation(len(places))]:
        y, x = divmod(int(place), width)
        if not free[y, x]:
            continue
        chosen.append((y, x))
        if len(chosen) == most:
            break
        free[
            max(0, y - least_distance + 1) : y + least_distance,
            max(0, x - least_distance + 1) : x + least_distance,
        ] = False
    return np.array(chosen, np.int32).reshape(-1, 2)


def grid(field_of_view, stride):
    """Return all corners (n, 2) int32 (y, x) of the grid 0, stride, 2 stride, ... whose patch lies in the field of view."""
    fits = inside(field_of_view)[::stride, ::stride]
    return (np.argwhere(fits) * stride).astype(np.int32)


def cut(image, yx):
    """Return the patches of `image` (uint8 H x W x 3) with corners `yx` (n, 2): uint8 n x 3 x 48 x 48, channels as in the image."""
    patches = np.empty((len(yx), 3, SIZE, SIZE), np.uint8)
    for row, (y, x) in enumerate(yx):
        patches[row] = image[y : y + SIZE, x : x + SIZE].transpose(2, 0, 1)
    return patches
