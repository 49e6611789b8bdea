"""What a person can do to a mask, and what the browser says of it, checked."""

import base64
import binascii
import struct
from typing import Any, Callable, Dict, List, Tuple

from data_prep import field_of_view
from data_prep.errors import DataError
from labelling.answers import REDO, UNDO

BRUSH, ERASER, POLYGON, ACCEPT, REJECT, MASK = (
    "brush", "eraser", "polygon", "accept", "reject", "mask"
)  # fmt: skip
LARGEST_RADIUS = 1000.0  # pixels
FARTHEST = 100_000.0  # pixels from the photograph's corner
MOST_POINTS = 50_000  # of one stroke
_PNG_SIZE = slice(16, 24)  # width and height in a PNG's header
Body = Dict[str, Any]


def checked(tool: Any, body: Any, shape: Tuple[int, int]) -> Tuple[str, Body]:
    """Return a stroke's tool and body, and nothing of the body but what the tool needs.

    brush, eraser: {radius, points: [[x, y], ...]}; polygon, accept, reject: {rings: [points, ...]};
    mask: {png}, a whole mask as a black and white PNG in Base64; undo, redo: {}. Each may have
    `seconds`, the time that the person had taken by then.
    shape: (H, W) of the photograph. Raises DataError for anything else.
    """
    check = _CHECKS.get(tool) if isinstance(tool, str) else None
    if check is None:
        raise DataError(f"a stroke of the tool {tool!r:.40}: give one of {', '.join(_CHECKS)}")
    if not isinstance(body, dict):
        raise DataError("a stroke whose body is no object")
    kept = check(body, shape)
    kept["seconds"] = number(body.get("seconds", 0.0), "seconds", 0, 1e6)
    return tool, kept


def number(value: Any, name: str, low: float, high: float) -> float:
    """Return a number from JSON; DataError where it is none, or out of range."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise DataError(f"{name} {value!r:.40}: give a number from {low:g} to {high:g}")
    return float(value)


def _line(body: Body, shape: Tuple[int, int]) -> Body:
    return {
        "radius": number(body.get("radius"), "radius", 0.5, LARGEST_RADIUS),
        "points": _points(body.get("points"), 1),
    }


def _area(body: Body, shape: Tuple[int, int]) -> Body:
    rings = body.get("rings")
    if not isinstance(rings, list) or not rings:
        raise DataError("an outline without rings")
    kept = [_points(ring, 3) for ring in rings]
    if sum(map(len, kept)) > MOST_POINTS:
        raise DataError(f"an outline of more than {MOST_POINTS} points")
    return {"rings": kept}


def _points(points: Any, least: int) -> List[List[float]]:
    if not isinstance(points, list) or not least <= len(points) <= MOST_POINTS:
        raise DataError(f"a line without points: give {least} to {MOST_POINTS}")
    for point in points:
        if not isinstance(point, list) or len(point) != 2:
            raise DataError(f"the point {point!r:.40}: give [x, y]")
    return [[number(value, "point", -FARTHEST, FARTHEST) for value in point] for point in points]


def _mask(body: Body, shape: Tuple[int, int]) -> Body:
    try:
        png = base64.b64decode(str(body.get("png")), validate=True)
        width, height = struct.unpack(">II", png[_PNG_SIZE])
    except (binascii.Error, struct.error, ValueError) as error:
        raise DataError("a mask that is no PNG in Base64") from error
    # Before it is decoded: a small file may stand for pixels that fill the memory.
    if (height, width) != shape:
        raise DataError(
            f"a mask of {width} x {height} pixels for a photograph of {shape[1]} x {shape[0]} "
            "(width x height): give it at the photograph's size"
        )
    try:
        field_of_view.from_png(png)
    except ValueError as error:
        raise DataError("a mask that is a damaged PNG") from error
    return {"png": base64.b64encode(png).decode("ascii")}


def _nothing(body: Body, shape: Tuple[int, int]) -> Body:
    return {}


_CHECKS: Dict[str, Callable[[Body, Tuple[int, int]], Body]] = {
    BRUSH: _line,
    ERASER: _line,
    POLYGON: _area,
    ACCEPT: _area,
    REJECT: _area,
    MASK: _mask,
    UNDO: _nothing,
    REDO: _nothing,
}
