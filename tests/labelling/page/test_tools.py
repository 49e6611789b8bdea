import base64
import struct

import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.field_of_view import to_png
from labelling.page.tools import MOST_POINTS, checked

LINE = {"radius": 3, "points": [[1, 2], [3.5, 4]]}
RING = [[0, 0], [4, 0], [4, 4]]


def png(height, width):
    return base64.b64encode(to_png(np.ones((height, width), bool))).decode()


def bomb():
    """A PNG whose header promises 4 billion pixels."""
    data = bytearray(to_png(np.ones((20, 30), bool)))
    data[16:24] = struct.pack(">II", 65535, 65535)
    return base64.b64encode(bytes(data)).decode()


def test_a_stroke_keeps_what_its_tool_needs_and_the_time():
    tool, body = checked("brush", {**LINE, "colour": "red", "seconds": 2}, (20, 30))
    assert tool == "brush" and body == {"radius": 3.0, "points": [[1, 2], [3.5, 4]], "seconds": 2.0}
    assert checked("undo", {"points": 3}, (20, 30)) == ("undo", {"seconds": 0.0})
    assert checked("accept", {"rings": [RING]}, (20, 30))[1]["rings"] == [RING]
    assert checked("mask", {"png": png(20, 30)}, (20, 30))[1]["png"] == png(20, 30)


@pytest.mark.parametrize(
    "tool, body, says",
    [
        ("pencil", {}, "give one of brush"),
        (3, {}, "give one of brush"),
        ("brush", [], "no object"),
        ("brush", {}, "radius None"),
        ("brush", {**LINE, "radius": 0}, "radius 0"),
        ("brush", {**LINE, "radius": True}, "radius True"),
        ("brush", {**LINE, "radius": float("nan")}, "radius nan"),
        ("brush", {**LINE, "points": []}, "without points"),
        ("brush", {**LINE, "points": [[1]]}, "give [x, y]"),
        ("brush", {**LINE, "points": [[1, "2"]]}, "point '2'"),
        ("brush", {**LINE, "points": [[1, 1e9]]}, "point 1000000000.0"),
        ("brush", {**LINE, "points": [[1, 1]] * (MOST_POINTS + 1)}, "without points"),
        ("brush", {**LINE, "seconds": -1}, "seconds -1"),
        ("polygon", {}, "without rings"),
        ("polygon", {"rings": [RING[:2]]}, "give 3"),
        ("accept", {"rings": [RING] * MOST_POINTS}, "more than"),
        ("mask", {}, "no PNG"),
        ("mask", {"png": "é"}, "no PNG"),
        ("mask", {"png": base64.b64encode(b"x").decode()}, "no PNG"),
        ("mask", {"png": png(30, 20)}, "20 x 30 pixels for a photograph of 30 x 20"),
        ("mask", {"png": bomb()}, "65535 x 65535 pixels"),
        ("mask", {"png": png(20, 30)[:60]}, "a mask that is"),
    ],
)
def test_anything_else_is_refused_in_one_line(tool, body, says):
    with pytest.raises(DataError) as error:
        checked(tool, body, (20, 30))
    assert says in str(error.value) and "\n" not in str(error.value)
