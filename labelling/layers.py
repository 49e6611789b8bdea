"""From scores on a grid of patches to layers over a photograph: pure functions of arrays."""

from typing import List, Tuple

import cv2
import numpy as np

Box = Tuple[int, int, int, float]  # y, x, side, phi; in the photograph's own pixels


def over_photograph(
    values: np.ndarray, stride: int, side: int, scale: float, shape: Tuple[int, int]
) -> np.ndarray:
    """Return a map of patches as one of pixels: float32 H x W.

    values: (rows, columns), NaN where there is no patch, which counts as 0; stride, side: of the
    patches, pixels of the scaled photograph; scale: its pixels for one of the photograph's; shape:
    (H, W) of the photograph. A patch's value belongs to its centre; between centres it is linear.
    """
    if not values.size:
        return np.zeros(shape, np.float32)
    factor = scale / stride
    offset = (scale / 2 - 0.5 - (side - 1) / 2) / stride
    matrix = np.array([[factor, 0, offset], [0, factor, offset]])
    return cv2.warpAffine(
        np.nan_to_num(values).astype(np.float32),
        matrix,
        shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )


def boxes_of(phi: np.ndarray, stride: int, side: int, scale: float, k: int) -> List[Box]:
    """Return the k patches of the highest phi of which no two overlap, the highest first.

    phi: (rows, columns), NaN where there is no patch; of equal ones, the first along the rows.
    """
    left = np.where(np.isnan(phi), -np.inf, phi)
    reach = -(-side // stride)
    boxes: List[Box] = []
    while len(boxes) < k and left.size and np.isfinite(left.max()):
        row, column = np.unravel_index(int(np.argmax(left)), left.shape)
        y, x = (int(round(index * stride / scale)) for index in (row, column))
        boxes.append((y, x, int(round(side / scale)), float(phi[row, column])))
        left[
            max(0, row - reach + 1) : row + reach, max(0, column - reach + 1) : column + reach
        ] = -np.inf
    return boxes


def heat(values: np.ndarray, highest: float) -> np.ndarray:
    """Return a map as colours, uint8 H x W x 3 BGR; `highest` and above are the brightest."""
    levels = (255 * np.clip(values / max(highest, 1e-12), 0, 1)).astype(np.uint8)
    return cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)


def with_outline(
    image: np.ndarray, mask: np.ndarray, colour: Tuple[int, int, int] = (255, 255, 0)
) -> np.ndarray:
    """Return a photograph with the outline of a mask, bool H x W; dark beneath, so it is seen."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[-2:]
    drawn = image.copy()
    width = max(1, round(image.shape[1] / 700))
    cv2.drawContours(drawn, contours, -1, (0, 0, 0), width + 2)
    cv2.drawContours(drawn, contours, -1, colour, width)
    return drawn


def with_boxes(image: np.ndarray, boxes: List[Box]) -> np.ndarray:
    """Return a photograph with boxes, numbered from the highest phi."""
    drawn = image.copy()
    width = max(1, round(image.shape[1] / 500))
    for number, (y, x, side, _) in enumerate(boxes, start=1):
        for colour, line in (((0, 0, 0), width + 2), ((0, 255, 0), width)):
            cv2.rectangle(drawn, (x, y), (x + side - 1, y + side - 1), colour, line)
            cv2.putText(
                drawn, str(number), (x + 2, y - 4), cv2.FONT_HERSHEY_SIMPLEX, width / 3, colour,
                line,
            )  # fmt: skip
    return drawn
